package pgtest

import (
	"os/exec"
	"strings"
	"testing"
)

// Query runs statements as the owner of the server, and returns what they say, one row a
// line.
func (c *Cluster) Query(t testing.TB, statements ...string) string {
	t.Helper()
	args := []string{"-qtA", "-v", "ON_ERROR_STOP=1"}
	for _, text := range statements {
		args = append(args, "-c", text)
	}
	out, err := exec.CommandContext(t.Context(), c.Program("psql"), append(args, "postgres://postgres@"+c.Address()+"/postgres")...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(statements, "; "), err, out)
	}
	return strings.TrimSpace(string(out))
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
