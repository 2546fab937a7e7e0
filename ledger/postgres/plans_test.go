package postgres

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// TestPlans: every statement of the send pass finds its rows by an index, in tables that
// are empty, that were just filled, and that the server has counted.
func TestPlans(t *testing.T) {
	t.Parallel()
	cluster := shared.Start(t, "autovacuum=off")
	l := openNew(t, cluster)
	plansOfSending(t, l, "empty")
	b := registerRows(t, l, "one", 20_000, func(i int) ledger.Row { return rowOf(i, "a") })
	run := beginRun(t, l, b.ID)
	sendRows(t, l, b.ID, run, 0, 512)
	// A request that was never sent needs more statements.
	for range 2 {
		intents := intentsFor(t, l, b.ID, 512, 1)
		ids, err := l.Intend(t.Context(), run, intents)
		if err != nil {
			t.Fatal(err)
		}
		unsent := answersTo(intents, ids)
		unsent[0].Status, unsent[0].ServiceID, unsent[0].URL, unsent[0].Close[0].Class = ledger.Pending, "", "", ledger.NotSent
		if left, err := l.Merge(t.Context(), unsent); err != nil || len(left) > 0 {
			t.Fatal(left, err)
		}
	}
	agreeOnAll(t, l, b.ID)
	plansOfSending(t, l, "filled")
	execute(t, l, "ANALYZE")
	plansOfSending(t, l, "counted")
}

// plansOfSending explains all statements that the writing connection has prepared.
func plansOfSending(t *testing.T, l *Ledger, state string) {
	t.Helper()
	seen := 0
	for _, db := range []*database{l.conn.db, l.line} {
		if db != nil {
			seen += plansOn(t, db, state)
		}
	}
	if state != "empty" && seen < 14 {
		t.Errorf("%s: only %d statements were explained", state, seen)
	}
}

// agreeOnAll makes a sender agree with others on all that they agree on.
func agreeOnAll(t *testing.T, l *Ledger, batch int64) {
	t.Helper()
	m, err := l.Join(t.Context(), ledger.Sender{})
	if err == nil {
		err = m.EnterBatch(t.Context(), batch)
	}
	for range 3 {
		if err == nil {
			_, err = m.ClaimSlice(t.Context(), batch)
		}
	}
	if err == nil {
		_, err = m.DrawSlots(t.Context(), ledger.Draw{Turns: 1})
	}
	if err == nil {
		_, err = m.TakeRole(t.Context(), ledger.RoleResolver)
	}
	if err == nil {
		err = m.AddClearances(t.Context(), []ledger.Clearance{{Customer: intentsFor(t, l, batch, 600, 1)[0].Customer, FreshUntil: m.Now().Add(time.Hour)}})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// plansOn explains the statements of the send pass that a connection has prepared, and
// returns how many there are.
func plansOn(t *testing.T, db *database, state string) (seen int) {
	t.Helper()
	rows, err := db.queryAll(t.Context(), "SELECT name, statement, cardinality(parameter_types)::bigint FROM pg_prepared_statements")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		name, statement, n := row[0].(string), row[1].(string), int(row[2].(int64))
		if !isOfSending(statement) {
			continue
		}
		args := ""
		if n > 0 {
			args = "(" + strings.Repeat(", NULL", n)[2:] + ")"
		}
		seen++
		plan, err := db.queryAll(t.Context(), fmt.Sprintf("EXPLAIN EXECUTE %q%s", name, args))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range plan {
			text := line[0].(string)
			if strings.Contains(text, "Seq Scan") && !strings.Contains(text, "Seq Scan on sender") && !strings.Contains(text, "Seq Scan on ledger") && !strings.Contains(text, "Seq Scan on role") ||
				strings.Contains(text, "Hash Join") || strings.Contains(text, "Merge Join") {
				t.Errorf("%s: %s\n%v", state, statement, plan)
				break
			}
		}
	}
	return seen
}

// isOfSending reports whether a statement is one of the send pass: those of a check pass
// may read whole tables.
func isOfSending(statement string) bool {
	for _, word := range []string{"unnest", "c.id = ANY ($1) ORDER BY c.id FOR UPDATE", "a.customer = ANY ($1)", "service_mark = ANY ($1)", "UPDATE sender", "r.ordinal = c.last_row", "UPDATE claim", "INTO claim", "INTO clearance", "INTO role"} {
		if strings.Contains(statement, word) {
			return true
		}
	}
	return false
}
