package egov

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"

	"todoke/egov/wire"
)

const reportLimit = 30 // rows per page of GET /apply/report

// Reports lists what became of bulk submissions, the newest first as far as e-Gov
// keeps to it (e-Gov OpenAPI 2.0.0, GET /apply/report). It fetches a page when the
// loop gets there; breaking off is free. Every bulk has a send number of 18 digits
// and a file name, every folder a name and an arrive id of 16 to 18 digits or one
// that is Absent; an answer where that is not so is a *DecodeError.
//
// An error ends the sequence: *TransportError, *StatusError, *DecodeError, or
// ErrIncomplete. Only a sequence that ends without one has shown everything.
func (c *Client) Reports(ctx context.Context, accessToken string, selection Selection) iter.Seq2[wire.BulkReport, error] {
	return listing[wire.BulkReport]{
		limit: reportLimit,
		page: func(ctx context.Context, query url.Values) (page[wire.BulkReport], error) {
			var answer reportAnswer
			err := c.get(ctx, Report, accessToken, "/apply/report", query, &answer)
			if err != nil {
				return page[wire.BulkReport]{}, err
			}
			p, err := answer.page()
			if err != nil {
				return p, &DecodeError{Operation: Report, Err: err}
			}
			p.from = c.cfg.APIBase + "/apply/report"
			return p, nil
		},
		key: func(r wire.BulkReport) string { return r.SendNumber },
	}.all(ctx, Report, selection)
}

type reportAnswer struct {
	ResultSet resultSet          `json:"resultset"`
	Results   *wire.ReportResult `json:"results"`
	Links     wire.Links         `json:"_links"`
}

func (a reportAnswer) page() (page[wire.BulkReport], error) {
	p := page[wire.BulkReport]{total: a.ResultSet.total(), next: a.Links["next"]}
	err := presence(a.Results != nil, a.Results != nil && a.Results.ErrorReportInfo != nil, p.total)
	if err != nil {
		return p, err
	}
	p.rows = a.Results.ErrorReportInfo
	for i, bulk := range p.rows {
		err = checkReport(bulk)
		if err != nil {
			return p, fmt.Errorf("error_report_info[%d]: %w", i, err)
		}
	}
	return p, nil
}

func checkReport(bulk wire.BulkReport) error {
	switch {
	case !digits(bulk.SendNumber, 18):
		return errors.New("send_number has not 18 digits")
	case Absent(bulk.FileName):
		return errors.New("file_name is missing")
	}
	for i, folder := range bulk.Result {
		switch {
		case Absent(folder.FolderName):
			return fmt.Errorf("result[%d]: folder_name is missing", i)
		case !Absent(folder.ArriveID) && !digits(folder.ArriveID, 16):
			return fmt.Errorf("result[%d]: arrive_id has not 16 to 18 digits", i)
		}
	}
	return nil
}
