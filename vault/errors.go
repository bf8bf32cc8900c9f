package vault

import "errors"

// Refusals of a reveal. Each is recorded as a refused use.
var (
	// ErrUnknownGrant reports a grant id that the vault never issued.
	ErrUnknownGrant = errors.New("個人番号の利用許可が見つかりません。届出を承認し直してください")
	// ErrGrantForged reports a grant that was edited or made up in the file.
	ErrGrantForged = errors.New("個人番号の利用許可が改ざんされています。利用を止め、監査責任者に知らせてください")
	// ErrGrantExpired reports a grant whose time has passed.
	ErrGrantExpired = errors.New("個人番号の利用許可の期限が切れています。届出を承認し直してください")
	// ErrGrantRevoked reports a grant that was withdrawn.
	ErrGrantRevoked = errors.New("個人番号の利用許可は取り消されています。届出を承認し直してください")
	// ErrGrantSpent reports a second reveal for the same grant, reference and attempt.
	ErrGrantSpent = errors.New("この送信のための個人番号の利用は済んでいます。新しい送信としてやり直してください")
	// ErrOtherCompany reports a grant of another client company.
	ErrOtherCompany = errors.New("個人番号の利用許可は別の事業所のものです")
	// ErrOtherFiling reports a grant of another filing.
	ErrOtherFiling = errors.New("個人番号の利用許可は別の届出のものです")
	// ErrOtherRevision reports a grant of the filing as it was before an edit.
	ErrOtherRevision = errors.New("承認のあとで届出が変更されています。届出を承認し直してください")
	// ErrOtherReference reports a reference that the grant does not name.
	ErrOtherReference = errors.New("利用許可に含まれない方の個人番号です")
	// ErrUnknownReference reports a reference that the vault does not hold, or not for that company.
	ErrUnknownReference = errors.New("個人番号が保管されていません（未登録か、すでに廃棄されています）")
)

// Failures of custody.
var (
	// ErrNotRecorded reports that the use could not be written to the usage log, so
	// nothing was done.
	ErrNotRecorded = errors.New("取扱記録に書けなかったため、個人番号を扱いませんでした")
	// ErrRolledBack reports that the usage log is shorter than, or different from,
	// what the vault was shown before.
	ErrRolledBack = errors.New("取扱記録が以前の状態に戻っているか、書き換えられています。個人番号の利用を止めました。「usage verify」で検証し、監査責任者に知らせてください")
	// ErrAnchorForged reports that what the vault remembers of a usage log was edited.
	ErrAnchorForged = errors.New("保管庫が控えた取扱記録の基準点が改ざんされています。監査責任者に知らせてください")
	// ErrUnreadable reports a number whose ciphertext or key was altered, moved or damaged.
	ErrUnreadable = errors.New("個人番号を復号できません（保管データか鍵が改変・破損しています）。番号を登録し直してください")
	// ErrKeyMissing reports a number without its key: the two files are not of the same time.
	ErrKeyMissing = errors.New("個人番号の鍵がありません（keys.dbが古いか、廃棄後のバックアップから戻されています）。番号を登録し直してください")
	// ErrNotErased reports that a number is destroyed but traces may still be in the
	// files because they are being read; the next Destroy or start tries again.
	ErrNotErased = errors.New("個人番号は廃棄しましたが、ファイルからの消去が終わっていません。ほかの処理が終わってからもう一度実行してください")
)

// Failures to open the vault.
var (
	// ErrWrongMaster reports that the master key is not the one the vault was made with.
	ErrWrongMaster = errors.New("保管庫のマスター鍵が違います。この保管庫を作ったときの鍵束で開いてください。何も変更していません")
	// ErrKeysMissing reports a vault file with content beside an empty keys file.
	ErrKeysMissing = errors.New("keys.dbが空ですが、保管庫には個人番号があります。keys.dbをバックアップから戻してください。何も変更していません")
	// ErrOtherVault reports a keys file that belongs to another vault file.
	ErrOtherVault = errors.New("vault.dbとkeys.dbの組み合わせが違います。同じ事務所のファイルを置いてください。何も変更していません")
)

// Invalid input. The messages never repeat what was entered.
var (
	// ErrNumberLength reports an input that has not exactly twelve digits.
	ErrNumberLength = errors.New("個人番号は12桁の数字です。桁数を確かめてください")
	// ErrNumberCharacter reports an input with something else than digits, blanks and hyphens.
	ErrNumberCharacter = errors.New("個人番号に数字以外の文字が含まれています")
	// ErrCheckDigit reports twelve digits whose last is not their check digit.
	ErrCheckDigit = errors.New("個人番号の検査用数字が合いません。入力の誤りがないか確かめてください")
	// ErrNumberInText reports a text or id that holds what looks like a My Number.
	ErrNumberInText = errors.New("個人番号と思われる12桁の数字が含まれています。番号を取り除いてください")
	// ErrInvalid reports a mandatory text that is empty, or one that is too long or not text.
	ErrInvalid = errors.New("保管庫への指示に不足または誤りがあります")
)

// refusals are the errors that are recorded as refused uses.
var refusals = []error{
	ErrUnknownGrant, ErrGrantForged, ErrGrantExpired, ErrGrantRevoked, ErrGrantSpent,
	ErrOtherCompany, ErrOtherFiling, ErrOtherRevision, ErrOtherReference, ErrUnknownReference,
}

// refusal returns which refusal the error is, or nil for any other failure.
func refusal(err error) error {
	for _, r := range refusals {
		if errors.Is(err, r) {
			return r
		}
	}
	return nil
}
