package office

import (
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"todoke/database"
)

// Change is one row of the change table: who did what to which row, and when. It
// names fields, never values, so it can be kept after a person is deleted.
type Change struct {
	ID        string          `db:"id" json:"id"`
	At        database.Micros `db:"at" json:"at"`
	Actor     string          `db:"actor" json:"actor"`           // the member named by the caller
	Kind      string          `db:"kind" json:"kind"`             // office, member, company, person, agency_certificate
	EntityID  string          `db:"entity_id" json:"entity_id"`   // id of the row; "1" for the office
	CompanyID string          `db:"company_id" json:"company_id"` // "" for office and members
	Action    string          `db:"action" json:"action"`         // created, updated, deleted, imported_new, imported_update, exported
	Fields    string          `db:"fields" json:"fields"`         // changed fields, comma separated
}

const (
	kindOffice      = "office"
	kindMember      = "member"
	kindCompany     = "company"
	kindPerson      = "person"
	kindCertificate = "agency_certificate"

	actionCreated  = "created"
	actionUpdated  = "updated"
	actionDeleted  = "deleted"
	actionImported = "imported_new"
	actionMerged   = "imported_update"
	actionExported = "exported"
)

// officeEntity is the entity id of the one row that is the office.
const officeEntity = "1"

var changeColumns = []string{"id", "at", "actor", "kind", "entity_id", "company_id", "action", "fields"}

// record writes change rows in the transaction of the changes themselves.
func (s *Store) record(ctx context.Context, tx *sqlx.Tx, changes ...Change) error {
	at := database.At(s.now())
	for i := range changes {
		changes[i].ID, changes[i].At = s.newID(), at
	}
	return insertAll(ctx, tx, "office_change", changeColumns, changes)
}

func fieldList(fields []string) string { return strings.Join(fields, ",") }

// Changes lists changes, newest first: of one entity, or of all when entityID is
// "". The second result is the Page.After of the next page, "" at the end.
func (s *Store) Changes(ctx context.Context, entityID string, page Page) ([]Change, string, error) {
	query, args := "SELECT "+strings.Join(changeColumns, ", ")+" FROM office_change WHERE 1 = 1", []any{}
	if entityID != "" {
		query, args = query+" AND entity_id = ?", append(args, entityID)
	}
	if page.After != "" {
		query, args = query+" AND id < ?", append(args, page.After)
	}
	var rows []Change
	err := s.db.Read.SelectContext(ctx, &rows, s.db.Read.Rebind(query+" ORDER BY id DESC LIMIT ?"), append(args, page.limit()+1)...)
	if err != nil {
		return nil, "", fmt.Errorf("list changes: %w", err)
	}
	rows, next := cut(rows, page.limit(), func(c Change) string { return c.ID })
	return rows, next, nil
}
