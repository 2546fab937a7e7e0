package tables

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	_ "modernc.org/sqlite" // the driver
)

// prepared is a connection to SQLite that prepares each statement once.
type prepared struct {
	sql        *sql.Conn
	statements map[string]*sql.Stmt
}

func newPrepared(c *sql.Conn) *prepared { return &prepared{c, map[string]*sql.Stmt{}} }

func (p *prepared) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if st := p.statements[text]; st != nil {
		return st, nil
	}
	st, err := p.sql.PrepareContext(ctx, text)
	if err == nil {
		p.statements[text] = st
	}
	return st, err
}

// Exec implements Database.
func (p *prepared) Exec(ctx context.Context, text string, args []any) (int, error) {
	st, err := p.prepare(ctx, text) //nolint:sqlclosecheck // Close closes all statements
	if err != nil {
		return 0, err
	}
	done, err := st.ExecContext(ctx, withListsAsJSON(args)...)
	if err != nil {
		return 0, err
	}
	n, err := done.RowsAffected()
	return int(n), err
}

// ExecScript implements Database.
func (p *prepared) ExecScript(ctx context.Context, text string, args []any) error {
	_, err := p.sql.ExecContext(ctx, text, args...)
	return err
}

// QueryOne implements Database.
func (p *prepared) QueryOne(ctx context.Context, text string, args, into []any) error {
	st, err := p.prepare(ctx, text) //nolint:sqlclosecheck // Close closes all statements
	if err != nil {
		return err
	}
	return st.QueryRowContext(ctx, withListsAsJSON(args)...).Scan(into...)
}

// Query implements Database. Rows are never kept.
func (p *prepared) Query(ctx context.Context, text string, args []any, _ bool, read func([]any) error) error {
	st, err := p.prepare(ctx, text) //nolint:sqlclosecheck // Close closes all statements
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, withListsAsJSON(args)...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err says what failed
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	values, into := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := read(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// MaxList implements Database.
func (p *prepared) MaxList() int { return 256 }

// Statements implements Database.
func (p *prepared) Statements() []string { return slices.Collect(maps.Keys(p.statements)) }

// Close implements Database.
func (p *prepared) Close() error {
	var all []error
	for _, st := range p.statements {
		all = append(all, st.Close())
	}
	return errors.Join(append(all, p.sql.Close())...)
}

// withListsAsJSON returns arguments with lists as json_each reads them, digests in
// hexadecimal. What was given is not changed.
func withListsAsJSON(args []any) []any {
	cloned := false
	for i, arg := range args {
		switch list := arg.(type) {
		case [][]byte:
			texts := make([]string, len(list))
			for i, d := range list {
				texts[i] = hex.EncodeToString(d)
			}
			arg = texts
		case []int64, []string:
		default:
			continue
		}
		if !cloned {
			args, cloned = slices.Clone(args), true
		}
		text, _ := json.Marshal(arg) // numbers and strings always have a form
		args[i] = string(text)
	}
	return args
}
