package api

import (
	"context"
	"errors"
	"net/http"

	"todoke/forms"
	"todoke/office"
	"todoke/queue"
	"todoke/queue/desk"
	"todoke/usage"
	"todoke/vault"
)

// Rule is one line of the table of problems: what an error is to the outside.
type Rule struct {
	Code   string // TODOKE-API-nnnn, never reused
	Status int
	Slug   string // the type is urn:todoke:problem:<slug>
	Title  string
	Detail string // Japanese: what to do
	// RetryAfter is when to ask again, in seconds; 0: it is not said.
	RetryAfter int

	matches func(error) bool
}

// Errors of requests that no other package knows.
var (
	errNoRoute       = errors.New("no such route")
	errNoMethod      = errors.New("method not allowed")
	errNumberInURL   = errors.New("number in the URL")
	errNumberInBody  = errors.New("number in the body")
	errContentType   = errors.New("content type is not JSON")
	errBodyTooLarge  = errors.New("body too large")
	errBodySyntax    = errors.New("body is not the JSON expected")
	errNumberBody    = errors.New("body of a number is malformed")
	errQuery         = errors.New("query is not understood")
	errFields        = errors.New("fields of the body are wrong")
	errCursor        = errors.New("cursor is not one of this list")
	errOtherCompany  = errors.New("the key belongs to another company")
	errReference     = errors.New("company or person of the filing")
	errNoRevision    = errors.New("no revision given")
	errPrecondition  = errors.New("revision is not the newest")
	errTwoRevisions  = errors.New("revisions in header and body differ")
	errIdempotency   = errors.New("Idempotency-Key is malformed")
	errKeyReused     = errors.New("Idempotency-Key was used for another body")
	errInFlight      = errors.New("a request with this Idempotency-Key is under way")
	errNoCopy        = errors.New("no masked copy yet")
	errNoProcedure   = errors.New("no such procedure")
	errPanic         = errors.New("handler panicked")
	errUnexpectedKey = errors.New("Idempotency-Key where none belongs")
)

// fieldsError is a body or query with all that is wrong with it at once. cause is one
// of errFields, errQuery, errBodySyntax and errNumberInBody.
type fieldsError struct {
	cause    error
	findings []Finding
}

func (e *fieldsError) Error() string { return e.cause.Error() }

func (e *fieldsError) Unwrap() error { return e.cause }

func is(targets ...error) func(error) bool {
	return func(err error) bool {
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
}

func as[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

// table maps errors to problems; the first line that matches counts, the last
// matches everything. It is the only place where an error becomes public.
var table = []Rule{
	{"TODOKE-API-0001", 401, "unauthorized", "認証できません", "Authorization: Bearer に有効なAPIキーを指定してください。キーが失効・期限切れの場合や、担当者が無効になった場合も認証できません。", 0, is(ErrBadKey)},
	{"TODOKE-API-0002", 403, "forbidden", "権限がありません", "このAPIキーの役割では行えない操作です。権限のある担当者のキーを使ってください。", 0, is(desk.ErrForbidden)},
	{"TODOKE-API-0003", 403, "other-company", "他社の情報は扱えません", "会社のAPIキーでは自社以外を指定できません。companyの指定を外してください。", 0, is(errOtherCompany)},
	{"TODOKE-API-0004", 403, "four-eyes", "別の人の承認が必要です", "起票した人とは別の人が承認してください（二人承認の設定です）。", 0, is(desk.ErrFourEyes)},
	{"TODOKE-API-0005", 404, "no-such-route", "そのURLはありません", "URLを確かめてください。使えるURLは /openapi.yaml にあります。", 0, is(errNoRoute)},
	{"TODOKE-API-0006", 405, "method-not-allowed", "そのメソッドは使えません", "Allowヘッダーにあるメソッドを使ってください。", 0, is(errNoMethod)},
	{"TODOKE-API-0007", 400, "number-in-url", "URLに個人番号と思われる数字があります", "個人番号と思われる12桁の数字をURLに含めることはできません。個人番号は PUT /v1/people/{id}/number の本文だけで送ってください。送った番号が中継サーバーなどの記録に残っていないか確かめてください。", 0, is(errNumberInURL)},
	{"TODOKE-API-0008", 422, "number-in-body", "個人番号と思われる数字があります", "個人番号と思われる12桁の数字が含まれているため、何も保存していません。個人番号は PUT /v1/people/{id}/number の本文だけで送ってください。", 0, is(errNumberInBody, desk.ErrNumberInText, usage.ErrNumber, vault.ErrNumberInText)},
	{"TODOKE-API-0009", 415, "content-type", "本文の形式が違います", "本文はUTF-8のJSONとし、Content-Type: application/json を付けてください。圧縮はできません。", 0, is(errContentType)},
	{"TODOKE-API-0010", 413, "too-large", "本文が大きすぎます", "本文を小さくしてください。上限は届出で64KB、個人番号で256バイトです。", 0, is(errBodyTooLarge)},
	{"TODOKE-API-0011", 400, "malformed-body", "本文をJSONとして読めません", "本文は1つのJSONオブジェクトにしてください。同じ項目の重複、余分なデータ、深い入れ子、UTF-8でない文字は受け付けません。", 0, is(errBodySyntax)},
	{"TODOKE-API-0012", 400, "malformed-number-body", "個人番号の本文が正しくありません", "本文は {\"number\":\"（12桁の数字）\"} だけにしてください。何も登録していません。", 0, is(errNumberBody)},
	{"TODOKE-API-0013", 422, "invalid-number", "個人番号が正しくありません", "12桁の数字か、検査用数字が合っているかを確かめてください。何も登録していません。", 0, is(vault.ErrNumberLength, vault.ErrNumberCharacter, vault.ErrCheckDigit)},
	{"TODOKE-API-0014", 422, "invalid-fields", "項目に誤りがあります", "errorsにある項目を直してから、もう一度送ってください。何も保存していません。", 0, is(errFields)},
	{"TODOKE-API-0015", 400, "bad-query", "検索条件が正しくありません", "errorsにある検索条件を直してください。", 0, is(errQuery)},
	{"TODOKE-API-0016", 400, "bad-cursor", "続きを読めません", "cursorには、同じ一覧が返したnext_cursorをそのまま指定してください。", 0, is(errCursor)},
	{"TODOKE-API-0017", 422, "unknown-reference", "会社または被保険者がありません", "company_idとperson_idを確かめてください。その会社に属する被保険者である必要があります。", 0, is(errReference)},
	{"TODOKE-API-0018", 422, "unknown-procedure", "この手続はまだ扱えません", "扱える手続は GET /v1/procedures で確かめてください。", 0, is(desk.ErrUnknownProcedure)},
	{"TODOKE-API-0019", 404, "procedure-not-found", "その手続はありません", "扱える手続は GET /v1/procedures で確かめてください。", 0, is(errNoProcedure)},
	{"TODOKE-API-0020", 404, "masked-copy-not-found", "控えはまだありません", "控えは届出を送信するときに作られます。送信前の内容は GET /v1/filings/{id}/preview で確かめてください。", 0, is(errNoCopy)},
	{"TODOKE-API-0021", 404, "filing-not-found", "その届出は見つかりません", "届出のidを確かめてください。", 0, is(queue.ErrNotFound)},
	{"TODOKE-API-0022", 404, "not-found", "該当するデータがありません", "会社または被保険者のidを確かめてください。", 0, is(office.ErrNotFound)},
	{"TODOKE-API-0023", 428, "revision-required", "版の指定が必要です", "見ている届出のrevisionを、本文のrevisionまたはIf-Matchヘッダーで指定してください。", 0, is(errNoRevision)},
	{"TODOKE-API-0024", 412, "revision-changed", "届出がほかの人に変更されています", "届出を読み直し、新しいrevisionで操作してください。何も変更していません。", 0, is(errPrecondition)},
	{"TODOKE-API-0025", 400, "revisions-differ", "版の指定が食い違っています", "本文のrevisionとIf-Matchヘッダーは同じ値にするか、どちらか一方にしてください。", 0, is(errTwoRevisions)},
	{"TODOKE-API-0026", 409, "changed-meanwhile", "ほかの処理が先に変更しました", "届出を読み直してから操作してください。何も変更していません。", 0, is(queue.ErrStale)},
	{"TODOKE-API-0027", 409, "not-allowed-in-state", "この状態からはその操作はできません", "届出の状態を読み直してください。", 0, is(queue.ErrNotAllowed)},
	{"TODOKE-API-0028", 422, "reason-missing", "理由を入力してください", "この操作には理由（reason）が必要です。", 0, is(queue.ErrReasonMissing)},
	{"TODOKE-API-0029", 422, "purpose-missing", "利用目的を入力してください", "承認には利用目的（purpose）が必要です。", 0, is(desk.ErrNoPurpose)},
	{"TODOKE-API-0030", 409, "double", "同じ届出が既にあります", "同じ会社・被保険者・手続・事由発生日の届出（filing_id）があります。二重に届け出るときはoverride_reasonに理由を付けてください。", 0, as[*queue.DoubleError]},
	{"TODOKE-API-0031", 422, "invalid-filing", "届出に誤りがあります", "errorsにある誤りをすべて直してから承認してください。", 0, as[*desk.InvalidError]},
	{"TODOKE-API-0032", 422, "invalid-data", "登録内容に誤りがあります", "errorsにある項目を直してください。何も変更していません。", 0, as[*office.InvalidError]},
	{"TODOKE-API-0033", 409, "conflict", "現在の登録内容と矛盾します", "読み直してから操作してください。何も変更していません。", 0, is(office.ErrConflict, office.ErrNumberHeld)},
	{"TODOKE-API-0034", 400, "bad-idempotency-key", "Idempotency-Keyが正しくありません", "Idempotency-Keyは1つだけ、空白のない半角文字8文字以上200文字以内にしてください。", 0, is(errIdempotency)},
	{"TODOKE-API-0035", 422, "idempotency-key-reused", "Idempotency-Keyが別の内容に使われています", "内容を変えて送るときは、新しいIdempotency-Keyを付けてください。", 0, is(errKeyReused)},
	{"TODOKE-API-0036", 409, "request-in-flight", "同じIdempotency-Keyの処理が終わっていません", "少し待って、同じ内容をもう一度送ってください。二重には登録されません。", 2, is(errInFlight)},
	{"TODOKE-API-0037", 400, "unexpected-idempotency-key", "Idempotency-Keyは付けられません", "個人番号の登録にはIdempotency-Keyを付けないでください。同じ番号を何度送っても結果は同じです。", 0, is(errUnexpectedKey)},
	{"TODOKE-API-0038", 503, "usage-log", "取扱記録に書けません", "取扱記録に書けないため、操作を止めました。責任者が「usage verify」で確かめてください。", 0, is(usage.ErrInconsistent, vault.ErrNotRecorded, vault.ErrRolledBack, vault.ErrAnchorForged)},
	{"TODOKE-API-0039", 503, "busy", "時間内に終わりませんでした", "しばらく待ってからもう一度送ってください。結果が分からないときは、先に届出を読み直してください。", 0, is(context.Canceled, context.DeadlineExceeded)},
	{"TODOKE-API-0041", 503, "not-ready", "まだ利用できません", "起動中か、データベースを使えません。しばらく待ってからもう一度試してください。", 0, as[*notReadyError]},
	{"TODOKE-API-0040", 500, "internal", "内部の誤りです", "処理できませんでした。instanceの値を添えて管理者に知らせてください。", 0, func(error) bool { return true }},
}

// Rules lists every problem of this package, for the page of all codes.
func Rules() []Rule { return append([]Rule(nil), table...) }

// classify finds the line of the table for an error; its default is the internal one.
func classify(err error) Rule {
	for _, rule := range table {
		if rule.matches(err) {
			return rule
		}
	}
	return table[len(table)-1]
}

// problem builds the public side of an error. Only findings, which carry no values,
// and the id of a double pass from the error itself.
func (r Rule) problem(err error) Problem {
	p := Problem{Type: typeURN + r.Slug, Title: r.Title, Status: r.Status, Detail: r.Detail, Code: r.Code}
	var fields *fieldsError
	var invalid *desk.InvalidError
	var data *office.InvalidError
	var double *queue.DoubleError
	switch {
	case r.Status >= http.StatusInternalServerError:
	case errors.As(err, &fields):
		p.Errors = fields.findings
	case errors.As(err, &invalid):
		p.Errors = formFindings(invalid.Findings)
	case errors.As(err, &data):
		for _, problem := range data.Problems {
			p.Errors = append(p.Errors, Finding{problem.Code, problem.Field, problem.Label, problem.Message, problem.Remedy})
		}
	case errors.As(err, &double):
		p.FilingID = double.Existing
	}
	return p
}

func formFindings(findings []forms.Finding) []Finding {
	list := make([]Finding, len(findings))
	for i, f := range findings {
		list[i] = Finding{f.Code, f.Field, f.Label, f.Message, f.Remedy}
	}
	return list
}
