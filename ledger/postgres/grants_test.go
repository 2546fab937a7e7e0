package postgres

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/postgres/pgtest"
)

// connectAs connects to the server of an address as a user, with the schema of the address.
func connectAs(t *testing.T, text, user string) *pgx.Conn {
	t.Helper()
	a, err := parseAddress(addressAs(text, user))
	if err != nil {
		t.Fatal(err)
	}
	c, err := pgx.ConnectConfig(t.Context(), a.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(t.Context()) })
	if _, err := c.Exec(t.Context(), "SET search_path = "+quoteName(a.schema)); err != nil {
		t.Fatal(err)
	}
	return c
}

func addressAs(text, user string) string {
	return strings.Replace(text, "//postgres@", "//"+user+"@", 1)
}

// newGranted makes a ledger with its roles, and a user for each, by the SQL of Grants.
func newGranted(t *testing.T, cluster *pgtest.Cluster) (address string) {
	t.Helper()
	o := optionsFor(cluster.URL())
	o.Create = true
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b := registerRows(t, l, "before", 50, func(i int) ledger.Row { return rowOf(i, "a") })
	sendRows(t, l, b.ID, beginRun(t, l, b.ID), 0, 50)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	sql, err := Grants(o.Address)
	if err != nil {
		t.Fatal(err)
	}
	admin := connectAs(t, o.Address, "postgres")
	a, _ := parseAddress(o.Address)
	for _, text := range []string{sql, sql, fmt.Sprintf("CREATE ROLE an_owner LOGIN; CREATE ROLE a_sender LOGIN; CREATE ROLE a_reader LOGIN; GRANT %[1]s_owner TO an_owner; GRANT %[1]s_sender TO a_sender; GRANT %[1]s_reader TO a_reader", a.schema)} {
		if _, err := admin.Exec(t.Context(), text, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
	}
	return o.Address
}

// TestGrantsKeepMaker: whoever made the ledger can use it after an administrator has run the
// SQL.
func TestGrantsKeepMaker(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	cluster.Query(t, "CREATE ROLE a_maker LOGIN", "GRANT CREATE ON DATABASE postgres TO a_maker")
	o := optionsFor(addressAs(cluster.URL(), "a_maker"))
	o.Create = true
	l := openWith(t, o)
	sql, err := Grants(o.Address)
	if err != nil {
		t.Fatal(err)
	}
	cluster.Query(t, sql, sql)
	if err := l.CheckWritable(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestGrants(t *testing.T) {
	t.Parallel()
	skipIfShort(t)
	address := newGranted(t, shared.Cluster(t))
	t.Run("sender", func(t *testing.T) { checkSender(t, address) })
	t.Run("reader", func(t *testing.T) { checkReader(t, address) })
	t.Run("owner", func(t *testing.T) {
		owner := openWith(t, optionsFor(addressAs(address, "an_owner")))
		if n, err := owner.Forget(t.Context(), []string{rowOf(0, "a").Identity}); err != nil || n != 1 {
			t.Errorf("forgot %d, %v", n, err)
		}
		checkSound(t, owner)
	})
}

// checkSender checks that a sender can do what a run does, and nothing that a run does not.
func checkSender(t *testing.T, address string) {
	t.Helper()
	l := openWith(t, optionsFor(addressAs(address, "a_sender")))
	b := registerRows(t, l, "list", 300, func(i int) ledger.Row { return rowOf(i, "b") })
	run := beginRun(t, l, b.ID)
	sendRows(t, l, b.ID, run, 0, 300)
	at := time.Unix(1_700_000_400, 0)
	_, err := l.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: "acme-user-1", Status: ledger.KYCDenied, At: at}})
	_, gapped := l.OpenGap(t.Context(), ledger.Gap{Cause: ledger.GapAdopt})
	plan := ledger.Plan{ID: "p", Terms: "{}", Made: at, Expires: at.Add(time.Hour)}
	err = errors.Join(err, gapped, l.SaveFact(t.Context(), "pace", "5", at), l.Bind(t.Context(), ledger.Account{Slug: "acme"}),
		l.SavePlan(t.Context(), plan, []ledger.PlanRow{l.DigestPlanRow("b", nil, 1)}), l.DecidePlan(t.Context(), "p", ledger.PlanDecision{At: at}),
		l.Finish(t.Context(), run, ledger.RunEnd{At: at, ExitCode: 3}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Prune(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	checkSound(t, l)
	if _, err := l.Forget(t.Context(), []string{rowOf(1, "a").Identity}); err == nil || !strings.Contains(err.Error(), "ledger grants") {
		t.Errorf("forget: %v", err)
	}
	c := connectAs(t, address, "a_sender")
	for _, text := range []string{
		"DROP TABLE customer", "DROP VIEW status", "ALTER TABLE customer ADD COLUMN x text", "CREATE TABLE x ()", "TRUNCATE attempt", "DROP SCHEMA " + c.Config().Database,
		"DELETE FROM customer", "DELETE FROM attempt", "DELETE FROM run", "DELETE FROM runs", "DELETE FROM batch", "ALTER TABLE ledger DISABLE TRIGGER ALL", "GRANT SELECT ON customer TO PUBLIC",
		"SELECT setval('customer_id', 1)",
		"UPDATE ledger SET secret = ''", "UPDATE ledger SET id = ''", "UPDATE ledger SET environment = 'sandbox'", "UPDATE ledger SET schema_version = 99", "DELETE FROM ledger",
		"INSERT INTO ledger (one, id, environment, secret, created_us, schema_version, oldest_reader) VALUES (1, '', '', '', 0, 0, 0)",
	} {
		_, err := c.Exec(t.Context(), text)
		var e *pgconn.PgError
		isRefused := errors.As(err, &e) && (e.Code == "42501" || e.Code == "3F000" || e.Code == "55000")
		if text == "GRANT SELECT ON customer TO PUBLIC" {
			isRefused = err != nil || !canSelect(t, connectAs(t, address, "a_reader"), "SELECT email FROM customer")
		}
		if !isRefused {
			t.Errorf("a sender may: %s: %v", text, err)
		}
	}
}

func canSelect(t *testing.T, c *pgx.Conn, text string) bool {
	t.Helper()
	rows, err := c.Query(t.Context(), text)
	if err != nil {
		return false
	}
	rows.Close()
	return rows.Err() == nil
}

// checkReader checks that a reader sees every column of the views but two, and no table.
func checkReader(t *testing.T, address string) {
	t.Helper()
	admin, reader := connectAs(t, address, "postgres"), connectAs(t, address, "a_reader")
	rows, err := admin.Query(t.Context(), "SELECT c.table_name, c.column_name, t.table_type FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name) WHERE c.table_schema = current_schema()")
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (x struct{ table, column, kind string }, err error) {
		return x, r.Scan(&x.table, &x.column, &x.kind)
	})
	if err != nil {
		t.Fatal(err)
	}
	hidden := []string{"customers.url", "attempts_of.answer"}
	seen := 0
	for _, x := range all {
		want := x.kind == "VIEW" && !slices.Contains(hidden, x.table+"."+x.column)
		if can := canSelect(t, reader, fmt.Sprintf(`SELECT "%s" FROM "%s"`, x.column, x.table)); can != want {
			t.Errorf("a reader may read %s.%s: %t", x.table, x.column, can)
		}
		if want {
			seen++
		}
	}
	if seen < 50 || len(all) < 150 {
		t.Errorf("the test saw %d columns, and %d of views", len(all), seen)
	}
	for _, text := range []string{"SELECT secret FROM ledger", "SELECT url FROM customer", "SELECT excerpt FROM attempt", "SELECT * FROM customers", "UPDATE customers SET email = ''", "UPDATE runs SET who = ''"} {
		if canSelect(t, reader, text) {
			t.Errorf("a reader may: %s", text)
		}
	}
}
