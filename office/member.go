package office

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
)

// Role is what a member may be in the handling of My Numbers.
type Role string

// The roles. One member can hold several: in an office of one, all of them.
const (
	Staff       Role = "staff"       // 事務取扱担当者
	Responsible Role = "responsible" // 事務取扱責任者
	Auditor     Role = "auditor"     // 監査責任者
)

var roleNames = []struct {
	role Role
	name string
}{{Staff, "事務取扱担当者"}, {Responsible, "事務取扱責任者"}, {Auditor, "監査責任者"}}

// Name returns the role's Japanese name, "" for an unknown role.
func (r Role) Name() string {
	for _, known := range roleNames {
		if known.role == r {
			return known.name
		}
	}
	return ""
}

// Roles is a set of roles; stored as comma separated text.
type Roles []Role

// Has reports whether the set holds the role.
func (r Roles) Has(role Role) bool { return slices.Contains(r, role) }

// Value writes the set to the database.
func (r Roles) Value() (driver.Value, error) {
	names := make([]string, len(r))
	for i, role := range r {
		names[i] = string(role)
	}
	return strings.Join(names, ","), nil
}

// Scan reads the set from the database.
func (r *Roles) Scan(value any) error {
	var text string
	switch v := value.(type) {
	case string:
		text = v
	case []byte:
		text = string(v)
	default:
		return fmt.Errorf("roles are text, not %T", value)
	}
	*r = nil
	for name := range strings.SplitSeq(text, ",") {
		*r = append(*r, Role(name))
	}
	return nil
}

// Member is a person of the office in whose name things are done (処理者). Members
// are never deleted, since logs refer to them; they become inactive.
type Member struct {
	ID     string `db:"id" json:"id"`
	Name   string `db:"name" json:"name"` // unique in the office, inactive members included
	Roles  Roles  `db:"roles" json:"roles"`
	Active bool   `db:"active" json:"active"`
}

var memberFields = []field[Member]{
	{name: "name", label: "氏名", at: func(m *Member) *string { return &m.Name }, clean: cleanName, max: 50, required: true},
}

// Clean returns m as it is stored: roles in a fixed order and once each.
func (m Member) Clean() Member {
	cleanFields(memberFields, &m)
	var roles Roles
	for _, known := range roleNames {
		if m.Roles.Has(known.role) {
			roles = append(roles, known.role)
		}
	}
	for _, role := range m.Roles {
		if role.Name() == "" {
			roles = append(roles, role)
		}
	}
	m.Roles = roles
	return m
}

// Validate returns all problems of a cleaned Member.
func (m Member) Validate() []Problem {
	problems := checkFields(memberFields, &m)
	unknown := slices.ContainsFunc(m.Roles, func(r Role) bool { return r.Name() == "" })
	if unknown || len(m.Roles) == 0 {
		problems = append(problems, ruleRoles.problem("roles", "役割"))
	}
	return problems
}

const selectMember = "SELECT id, name, roles, active FROM office_member"

// Member returns one member, active or not, or ErrNotFound.
func (s *Store) Member(ctx context.Context, id string) (Member, error) {
	return readMember(ctx, s.db.Read, id)
}

func readMember(ctx context.Context, q sqlx.ExtContext, id string) (Member, error) {
	var m Member
	err := sqlx.GetContext(ctx, q, &m, q.Rebind(selectMember+" WHERE id = ?"), id)
	if errors.Is(err, sql.ErrNoRows) {
		return Member{}, fmt.Errorf("処理者 %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return Member{}, fmt.Errorf("read member %s: %w", id, err)
	}
	return m, nil
}

// Members lists all members by name, inactive ones included.
func (s *Store) Members(ctx context.Context) ([]Member, error) {
	return readMembers(ctx, s.db.Read)
}

func readMembers(ctx context.Context, q sqlx.QueryerContext) ([]Member, error) {
	var list []Member
	err := sqlx.SelectContext(ctx, q, &list, selectMember+" ORDER BY name, id")
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	return list, nil
}

// PutMember stores a member: a new one when ID is "", and returns it with its id.
// Errors: *InvalidError; ErrNotFound; ErrConflict when another member has the name,
// or when the office would be left without an active 事務取扱責任者.
func (s *Store) PutMember(ctx context.Context, m Member, by string) (Member, error) {
	m = m.Clean()
	err := invalid(m.Validate())
	if err != nil {
		return Member{}, err
	}
	err = s.inTx(ctx, by, func(tx *sqlx.Tx) error {
		var before Member
		change := Change{Actor: by, Kind: kindMember, Action: actionCreated}
		query := "INSERT INTO office_member (id, name, roles, active) VALUES (?, ?, ?, ?)"
		if m.ID == "" {
			m.ID = s.newID()
		} else {
			var err error
			before, err = readMember(ctx, tx, m.ID)
			if err != nil {
				return err
			}
			change.Action = actionUpdated
			query = "UPDATE office_member SET id = ?, name = ?, roles = ?, active = ? WHERE id = ?"
		}
		err := allowMember(ctx, tx, m)
		if err != nil {
			return err
		}
		change.EntityID = m.ID
		return s.writeMember(ctx, tx, query, before, m, change)
	})
	if err != nil {
		return Member{}, err
	}
	return m, nil
}

// allowMember checks m against all other members.
func allowMember(ctx context.Context, tx *sqlx.Tx, m Member) error {
	list, err := readMembers(ctx, tx)
	if err != nil {
		return err
	}
	lead := func(m Member) bool { return m.Active && m.Roles.Has(Responsible) }
	had, has := false, lead(m)
	for _, other := range list {
		had = had || lead(other)
		if other.ID == m.ID {
			continue
		}
		has = has || lead(other)
		if other.Name == m.Name {
			return conflict("同じ氏名の処理者がいます（無効な処理者を含む）。区別できる名前にしてください")
		}
	}
	if had && !has {
		return conflict("有効な事務取扱責任者が1人もいなくなります")
	}
	return nil
}

func (s *Store) writeMember(ctx context.Context, tx *sqlx.Tx, query string, before, m Member, change Change) error {
	fields := changedFields(memberFields, &before, &m)
	if !slices.Equal(before.Roles, m.Roles) {
		fields = append(fields, "roles")
	}
	if before.Active != m.Active {
		fields = append(fields, "active")
	}
	if len(fields) == 0 {
		return nil
	}
	active := 0 // an integer in the table, which a bool would not be in every database
	if m.Active {
		active = 1
	}
	args := []any{m.ID, m.Name, m.Roles, active}
	if change.Action == actionUpdated {
		args = append(args, m.ID)
	}
	_, err := tx.ExecContext(ctx, tx.Rebind(query), args...)
	if err != nil {
		return fmt.Errorf("store member %s: %w", m.ID, err)
	}
	change.Fields = fieldList(fields)
	return s.record(ctx, tx, change)
}
