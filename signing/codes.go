package signing

// Problems of keys and certificates.
var (
	// ErrPassphrase: a PKCS#12 file does not open with the passphrase given.
	ErrPassphrase = problem("0001", "passphrase is wrong",
		"証明書ファイルのパスワードが違います。", "パスワードを確かめて、もう一度入力してください。")
	// ErrBER: a PKCS#12 file is in BER with indefinite lengths, which is not read.
	ErrBER = problem("0002", "PKCS#12 file is BER, not DER",
		"証明書ファイルの符号化形式（BER）には対応していません。",
		"openssl pkcs12 -in 元.p12 -out 一時.pem の後 openssl pkcs12 -export -in 一時.pem -out 新.p12 で変換し、一時.pem は必ず消去してください。")
	errPKCS12 = problem("0003", "PKCS#12 file is not readable",
		"証明書ファイルを読み取れません。", "秘密鍵と証明書を一組だけ含む PKCS#12（.p12／.pfx）ファイルを指定してください。")
	errPEM = problem("0004", "PEM file is not readable",
		"PEM 形式の証明書または秘密鍵を読み取れません。", "PEM 形式の証明書と、PKCS#8 または PKCS#1 の秘密鍵を指定してください。")
	// ErrEncryptedKey: a PEM private key is encrypted, which is not read.
	ErrEncryptedKey = problem("0005", "PEM private key is encrypted",
		"暗号化された PEM の秘密鍵には対応していません。", "PKCS#12（.p12）形式にまとめて、パスワードとともに指定してください。")
	// ErrKeyMismatch: the private key does not belong to the certificate.
	ErrKeyMismatch = problem("0006", "private key does not belong to the certificate",
		"秘密鍵と証明書の組み合わせが一致しません。", "同じ電子証明書の秘密鍵と証明書を指定してください。")
	errKeyKind = problem("0007", "key is not RSA of 2048 to 8192 bits",
		"この種類の鍵では署名できません。", "RSA 2048 ビット以上の電子証明書を使用してください。")
	// ErrExpired: the certificate is no longer valid at the time in question.
	ErrExpired = problem("0008", "certificate has expired",
		"電子証明書の有効期間が過ぎています。", "更新した電子証明書を登録してください。")
	// ErrNotYetValid: the certificate is not valid yet at the time in question.
	ErrNotYetValid = problem("0009", "certificate is not valid yet",
		"電子証明書の有効期間が始まっていません。", "有効期間と、この機器の時計を確かめてください。")
	// ErrKeyUsage: the certificate is not meant for digital signatures.
	ErrKeyUsage = problem("0010", "certificate does not allow digital signatures",
		"この電子証明書は署名用ではありません。", "鍵用途に「電子署名」を含む電子証明書を使用してください。")
)

// Problems of signing.
var (
	errSigned = problem("0011", "document is signed already",
		"すでに署名されています。", "署名前の構成管理情報から作り直してください。")
	errSignerCount = problem("0012", "number of signers is not between 1 and 10",
		"署名者の数が正しくありません。", "署名者を 1 人以上 10 人以内で指定してください。")
	errFileCount = problem("0013", "number of files to reference is not between 1 and 200",
		"署名の対象となる申請書ファイルの数が正しくありません。", "申請書ファイルを 1 件以上 200 件以内で指定してください。")
	errFileName = problem("0014", "file name is not acceptable",
		"使用できない文字を含むファイル名です。", "半角英数字と「_」「-」「.」だけのファイル名にしてください。")
	errFileTwice = problem("0015", "two files have the same name",
		"同じ名前のファイルが二つあります。", "ファイル名を重複しないようにしてください。")
	errTime = problem("0016", "time of signing has no 14-digit form",
		"署名日時が正しくありません。", "この機器の時計を確かめてください。")
	errDevice = problem("0017", "private key did not sign",
		"秘密鍵による署名に失敗しました。", "IC カードや署名装置の接続を確かめて、もう一度実行してください。")
)

// Problems of the document, met by signing and verifying alike.
var (
	errTooLarge = problem("0020", "document exceeds a limit",
		"構成管理情報が大きすぎるか、入れ子が深すぎます。", "ファイルの内容を確かめてください。")
	errMalformed = problem("0021", "document is not well-formed XML",
		"XML として正しくありません。", "ファイルが壊れていないか確かめてください。")
	errDocumentType = problem("0022", "document has a document type declaration",
		"文書型宣言（DTD）を含む XML は受け付けません。", "DTD を含まないファイルを指定してください。")
	errEncoding = problem("0023", "document is not XML 1.0 in UTF-8 without byte order mark",
		"文字コードが UTF-8（BOM なし）ではありません。", "UTF-8（BOM なし）で保存し直してください。")
	errNamespace = problem("0024", "document has prefixes, namespace declarations or xml: attributes",
		"名前空間や接頭辞を含むことができない箇所で使われています。", "接頭辞（ds: など）のない形式で作り直してください。")
	errMarkup = problem("0025", "comment, CDATA section or processing instruction where none may be",
		"コメント、CDATA または処理命令を含んでいます。", "これらを取り除いてから署名してください。")
	errDuplicateID = problem("0026", "two elements have the same ID",
		"同じ ID を持つ要素が複数あります。", "署名対象のすり替えのおそれがあります。送信せず、作り直してください。")
	errConfiguration = problem("0027", "no single 構成情報 with its ID directly below DataRoot",
		"構成情報が正しい位置に一つだけあることを確認できません。", "構成管理情報（kousei.xml）の構造を確かめてください。")
	errStructure = problem("0028", "element, attribute or text where the structure has none",
		"構成管理情報または署名情報の構造が正しくありません。", "構成管理情報を作り直して、署名し直してください。")
	errPlace = problem("0029", "署名情報 is not where it must be",
		"署名情報の位置または数が正しくありません。", "署名情報は構成情報の直後に一つだけ置きます。署名し直してください。")
)

// Problems of a signature.
var (
	// ErrUnsigned: there is no signature at all.
	ErrUnsigned = problem("0030", "document is not signed",
		"署名がありません。", "署名が必要な手続では、署名してから送信してください。")
	errSignatureCount = problem("0031", "number of signatures is not the expected one",
		"署名の数が手続の定めと異なります。", "必要な人数分の署名を付けてください。")
	errID = problem("0032", "Id is not a date and time of 14 digits",
		"署名の Id が 14 桁の日時ではありません。", "署名し直してください。")
	errAlgorithm = problem("0033", "algorithm is not accepted",
		"認められていない署名方式またはハッシュ方式です。", "RSA-SHA256、SHA-256 と正規化 C14N 1.0 で署名し直してください。")
	errTransform = problem("0034", "transform is not accepted",
		"認められていない変換が指定されています。", "署名し直してください。")
	errURI = problem("0035", "URI of a reference is not acceptable",
		"署名の参照先の書き方が正しくありません。", "署名し直してください。")
	errReferenceTwice = problem("0036", "two references are to the same thing",
		"同じ対象への参照が重複しています。", "署名し直してください。")
	errNotCovered = problem("0037", "signature does not cover what it must cover",
		"署名の対象に含まれていないファイルがあります。", "すべての申請書ファイルを対象にして署名し直してください。")
	errNotExpected = problem("0038", "signature covers something that is not expected",
		"署名の対象に予定外のファイルがあります。", "構成情報に記載した申請書ファイルだけを対象にして署名し直してください。")
	errFileMissing = problem("0039", "referenced file is not there",
		"署名の対象となるファイルがありません。", "フォルダにファイルがそろっているか確かめてください。")
	errDigest = problem("0040", "octets differ from what was signed",
		"署名した後に内容が変更されています。", "送信せず、元のデータから作り直して署名し直してください。")
	errSignature = problem("0041", "signature value does not fit key and content",
		"署名値が証明書と一致しません。", "送信せず、署名し直してください。")
	errCertificate = problem("0042", "certificate in the signature is not readable",
		"署名に含まれる電子証明書を読み取れません。", "署名し直してください。")
	errBase64 = problem("0043", "base64 value is malformed",
		"署名情報の値の形式が正しくありません。", "署名し直してください。")
	errReferenceCount = problem("0044", "number of references is not between 2 and 201",
		"署名の参照の数が正しくありません。", "構成情報と申請書ファイルを対象にして署名し直してください。")
)

// Problems of a package.
var (
	errZip = problem("0050", "zip file is not readable",
		"zip ファイルを読み取れません。壊れているか、途中で切れています。", "zip ファイルを作り直してください。")
	errEntryCount = problem("0051", "too many entries",
		"ファイルの数が多すぎます。", "送信データを分けてください。")
	errSize = problem("0052", "file or package exceeds a size limit",
		"ファイルまたは全体の大きさが上限を超えています。", "添付書類の大きさを確かめてください。")
	errRatio = problem("0053", "compression ratio is implausible",
		"圧縮率が異常です（zip 爆弾のおそれがあります）。", "このファイルは使用せず、作り直してください。")
	errPath = problem("0054", "path of an entry is not acceptable",
		"使用できないパスまたはファイル名です。", "フォルダの外を指す名前や、使用できない文字を含む名前を直してください。")
	errLevel = problem("0055", "file is not directly inside a top-level folder",
		"ファイルは手続ごとのフォルダの直下に置く必要があります。", "フォルダの入れ子や、フォルダに入っていないファイルをなくしてください。")
	errEntryTwice = problem("0056", "two entries have the same name",
		"同じ名前のファイルが二つあります。", "zip ファイルを作り直してください。")
	errEncrypted = problem("0057", "entry is encrypted",
		"パスワード付きの zip は受け付けられません。", "パスワードを付けずに zip ファイルを作り直してください。")
	errLayout = problem("0058", "zip file can be read in more than one way",
		"zip ファイルの内部構造が正しくありません。", "zip ファイルを作り直してください。")
	errMethod = problem("0059", "compression method is not accepted",
		"対応していない圧縮方式です。", "一般的な方式（deflate）で zip ファイルを作り直してください。")
	errNoConfiguration = problem("0060", "folder has no kousei.xml",
		"フォルダに kousei.xml がありません。", "構成管理情報をフォルダに入れてください。")
	errListedMissing = problem("0061", "listed file is not in the folder",
		"構成管理情報に記載されたファイルがフォルダにありません。", "記載とファイルをそろえてください。")
	errNotRegular = problem("0062", "entry is not a regular file",
		"通常のファイルではありません（リンクなど）。", "実体のファイルに置き換えてください。")
	errEmpty = problem("0063", "package has no folder",
		"申請のフォルダがありません。", "送信用の zip ファイルまたはフォルダを指定してください。")
)
