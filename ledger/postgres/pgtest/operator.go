package pgtest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// Query runs statements as the owner of the server, each in a transaction of its own, and
// returns what they say as text, one row a line.
func (c *Cluster) Query(t testing.TB, statements ...string) string {
	t.Helper()
	said, err := c.query(t.Context(), statements)
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(statements, "; "), err)
	}
	return said
}

func (c *Cluster) query(ctx context.Context, statements []string) (said string, err error) {
	conn, err := pgconn.Connect(ctx, "postgres://postgres@"+c.Address()+"/postgres?sslmode=disable")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var lines []string
	for _, text := range statements {
		results, err := conn.Exec(ctx, text).ReadAll()
		if err != nil {
			return "", err
		}
		for _, result := range results {
			for _, row := range result.Rows {
				lines = append(lines, string(bytes.Join(row, []byte("|"))))
			}
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n")), nil
}

// Demote makes a primary read-only, as some services do before they promote another: every
// connection stays, and its next transaction can write nothing.
func (c *Cluster) Demote(t testing.TB) {
	t.Helper()
	c.Query(t, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
}

// LetClockDiffer lets the clock of this server, and of standbys that are made of it afterwards,
// be off by what is given to each at its start as pgtest.clock=INTERVAL. It does so where
// the server asks its clock inside a transaction, as this program does.
func (c *Cluster) LetClockDiffer(t testing.TB) {
	t.Helper()
	c.Query(t, "ALTER FUNCTION pg_catalog.clock_timestamp() RENAME TO true_clock_timestamp",
		`CREATE FUNCTION pg_catalog.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
			$$ SELECT pg_catalog.true_clock_timestamp() + coalesce(current_setting('pgtest.clock', true), '0')::interval $$`)
}
