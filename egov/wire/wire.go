// Package wire holds the JSON shapes that the e-Gov 電子申請API v2 exchanges, as
// the client and the simulator both need them. It has no behaviour: no
// validation, no transport, no defaults. Lengths and formats are documented on
// each member; who reads a member must still treat its value as hostile.
//
// Formats: "date" is YYYY-MM-DD, "datetime" is "YYYY-MM-DD HH:MM:SS", both JST.
// A member that does not apply is sent by e-Gov as "-", as an empty string, as
// null, or not at all.
package wire

// Metadata opens every successful answer; each member has 1 to 256 characters.
type Metadata struct {
	Title    string `json:"title"`
	Detail   string `json:"detail"`
	Type     string `json:"type"`
	Instance string `json:"instance"`
}

// ResultSet is the paging block of list answers.
type ResultSet struct {
	AllCount int `json:"all_count"` // rows that match, 0 to 9999
	Limit    int `json:"limit"`     // page size asked for
	Offset   int `json:"offset"`    // first row of this page
	Count    int `json:"count"`     // rows in this page
}

// Links holds the hyperlinks of an answer by relation (self, list, report,
// status, previous, next, complete).
type Links map[string]string

// File is a file inside a JSON body.
type File struct {
	FileName string `json:"file_name"` // 1 to 256 characters, with its extension
	FileData string `json:"file_data"` // base64 (standard alphabet, padded)
}

// Problem is the plain error body of 400, 413, 500 and 503.
type Problem struct {
	Title    string `json:"title"`
	Detail   string `json:"detail,omitempty"`
	Type     string `json:"type"`
	Instance string `json:"instance"`
}

// ReportRow is one finding of a format check. Columns that do not apply are "-".
type ReportRow struct {
	FormName         string `json:"form_name"`
	AttachedFileName string `json:"attached_file_name"`
	FileName         string `json:"file_name"` // the 構成管理XML
	Item             string `json:"item"`      // the form item
	Content          string `json:"content"`
	Detail           string `json:"detail,omitempty"` // only in GET /apply/report
}

// BulkRequest is the body of POST /bulk-apply.
type BulkRequest struct {
	SendFile File `json:"send_file"`
}

// BulkResponse is the 202 answer of POST /bulk-apply.
type BulkResponse struct {
	Metadata Metadata   `json:"metadata"`
	Results  BulkResult `json:"results"`
	Links    Links      `json:"_links,omitempty"`
}

// BulkResult acknowledges a bulk; its folders are checked later.
type BulkResult struct {
	SendNumber string `json:"send_number"` // exactly 18 digits
	SendDate   string `json:"send_date"`   // datetime
	FileName   string `json:"file_name"`   // the file_name that was sent
	ApplyCount int    `json:"apply_count"` // 1 to 9999
}

// BulkProblem is the error body of POST /bulk-apply; Errors only with 400.
type BulkProblem struct {
	Problem
	ErrorCount int         `json:"error_count"`
	Errors     []BulkError `json:"error,omitempty"`
}

// BulkError names one offending folder of a bulk (camelCase on the wire).
type BulkError struct {
	ErrorFolder string `json:"errorFolder"`
	ErrorFile   string `json:"errorFile"`
	Content     string `json:"content"`
}

// ReportResponse answers GET /apply/report.
type ReportResponse struct {
	Metadata  Metadata     `json:"metadata"`
	ResultSet ResultSet    `json:"resultset"`
	Results   ReportResult `json:"results"`
	Links     Links        `json:"_links,omitempty"`
}

// ReportResult lists bulks, the newest first.
type ReportResult struct {
	ErrorReportInfo []BulkReport `json:"error_report_info"`
}

// BulkReport is what became of one bulk.
type BulkReport struct {
	SendNumber  string         `json:"send_number"` // 18 digits
	SendDate    string         `json:"send_date"`   // datetime
	FileName    string         `json:"file_name"`
	ApplyCount  int            `json:"apply_count"`
	ArriveCount int            `json:"arrive_count"`
	ErrorCount  int            `json:"error_count"`
	Result      []FolderReport `json:"result"` // by folder name, ascending
}

// FolderReport is what became of one folder of a bulk.
type FolderReport struct {
	ArriveID   string      `json:"arrive_id"`   // 16 to 18 digits, or "-"
	ArriveDate string      `json:"arrive_date"` // datetime, or "-"
	ProcName   string      `json:"proc_name"`
	FolderName string      `json:"folder_name"`
	ReportList []ReportRow `json:"report_list"`
}

// ListsResponse answers GET /apply/lists.
type ListsResponse struct {
	Metadata  Metadata    `json:"metadata"`
	ResultSet ResultSet   `json:"resultset"`
	Results   ListsResult `json:"results"`
	Links     Links       `json:"_links,omitempty"`
}

// ListsResult lists cases.
type ListsResult struct {
	ApplyList []Case `json:"apply_list"`
}

// Case is one row of GET /apply/lists. It carries no procedure id.
type Case struct {
	No                    int            `json:"no,omitempty"`
	SendNumber            string         `json:"send_number"` // "-" for a single application
	SendDate              string         `json:"send_date"`
	Status                string         `json:"status"`
	ArriveID              string         `json:"arrive_id"`
	ArriveDate            string         `json:"arrive_date"`
	CorporationName       string         `json:"corporation_name"`
	ApplicantName         string         `json:"applicant_name"`
	ProcName              string         `json:"proc_name"`
	SubmissionDestination string         `json:"submission_destination"`
	WithdrawFlag          bool           `json:"withdraw_flag"`
	PayStatus             string         `json:"pay_status"`
	NoticeCount           int            `json:"notice_count"`
	DocCount              int            `json:"doc_count"`
	ApplyPayCount         int            `json:"apply_pay_count"`
	NoticeList            []CaseNotice   `json:"notice_list"`
	OfficialList          []CaseDocument `json:"official_list"`
	AppliedAccount        string         `json:"applied_account,omitempty"`
}

// CaseNotice is a notice inside a case row.
type CaseNotice struct {
	NoticeSubID          int    `json:"notice_sub_id"`
	IssueDate            string `json:"issue_date"`
	NoticeDataType       string `json:"notice_data_type"`
	NoticeTitle          string `json:"notice_title"`
	NoticeSentence       string `json:"notice_sentence,omitempty"`
	IssuerOrganization   string `json:"issuer_organization"`
	CorrectExpiredDate   string `json:"correct_expired_date,omitempty"`
	CorrectCompletedDate string `json:"correct_completed_date,omitempty"`
}

// CaseDocument is an official document inside a case row.
type CaseDocument struct {
	NoticeSubID            int    `json:"notice_sub_id"`
	AllowedDate            string `json:"allowed_date"`
	DocTitle               string `json:"doc_title"`
	DocDownloadExpiredDate string `json:"doc_download_expired_date"`
	DocDownloadDate        string `json:"doc_download_date,omitempty"`
	Sign                   string `json:"sign"` // あり or なし
}

// TokenResponse answers POST {auth}/token.
type TokenResponse struct {
	AccessToken      string `json:"access_token"`
	ExpiresIn        int    `json:"expires_in"`         // seconds
	RefreshExpiresIn int    `json:"refresh_expires_in"` // seconds
	RefreshToken     string `json:"refresh_token"`
	TokenType        string `json:"token_type"`
	IDToken          string `json:"id_token"`
	NotBeforePolicy  int    `json:"not-before-policy"`
	SessionState     string `json:"session_state"`
	Scope            string `json:"scope"`
}

// TokenError is the error body of the authentication endpoints.
type TokenError struct {
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description,omitempty"`
}
