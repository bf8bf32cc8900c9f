package egov

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/url"

	"todoke/egov/wire"
)

const listsLimit = 50 // rows per page of GET /apply/lists

// Cases lists cases, either those that arrived within a Window or those that one
// bulk submission led to (e-Gov OpenAPI 2.0.0, GET /apply/lists). Fetching, errors
// and completeness are as for Reports. Texts are as e-Gov wrote them; an arrive id
// has 16 to 18 digits or is Absent.
func (c *Client) Cases(ctx context.Context, accessToken string, selection Selection) iter.Seq2[wire.Case, error] {
	return listing[wire.Case]{
		limit: listsLimit,
		page: func(ctx context.Context, query url.Values) (page[wire.Case], error) {
			var answer listsAnswer
			err := c.get(ctx, Lists, accessToken, "/apply/lists", query, &answer)
			if err != nil {
				return page[wire.Case]{}, err
			}
			p, err := answer.page()
			if err != nil {
				return p, &DecodeError{Operation: Lists, Err: err}
			}
			p.from = c.cfg.APIBase + "/apply/lists"
			return p, nil
		},
		key: caseKey,
	}.all(ctx, Lists, selection)
}

type listsAnswer struct {
	ResultSet resultSet         `json:"resultset"`
	Results   *wire.ListsResult `json:"results"`
	Links     wire.Links        `json:"_links"`
}

func (a listsAnswer) page() (page[wire.Case], error) {
	p := page[wire.Case]{total: a.ResultSet.total(), next: a.Links["next"]}
	err := presence(a.Results != nil, a.Results != nil && a.Results.ApplyList != nil, p.total)
	if err != nil {
		return p, err
	}
	p.rows = a.Results.ApplyList
	for i, row := range p.rows {
		if !Absent(row.ArriveID) && !digits(row.ArriveID, 16) {
			return p, fmt.Errorf("apply_list[%d]: arrive_id has not 16 to 18 digits", i)
		}
	}
	return p, nil
}

// caseKey is the arrive id; a row without one is told apart by everything in it.
func caseKey(row wire.Case) string {
	if !Absent(row.ArriveID) {
		return row.ArriveID
	}
	row.No = 0 // counts within the page
	text, err := json.Marshal(row)
	if err != nil {
		return row.SendNumber
	}
	return string(text)
}
