package postgres

import (
	"errors"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// TestCheckWaits: a list is checked, and somebody takes time to read its plan. Nothing is
// locked meanwhile and no transaction is open: others register a list with some of its
// customers and send them. The check must then be made again, and finds them.
func TestCheckWaits(t *testing.T) {
	cluster := shared.Cluster(t)
	all := newParties(t, sharedOptions(cluster.URL()), 2, 300)
	waits, sends := all[0], all[1]
	check := func() (ledger.Registration, int) {
		t.Helper()
		reg, err := waits.Register(t.Context(), ledger.Batch{Fingerprint: "waits"})
		known := 0
		for i := 0; err == nil && i < 300; i++ {
			r := rowOf(i+200, "a") // 100 of them are known, 100 will be, 100 are only here
			r.Ordinal = i
			var found []ledger.Match
			if found, err = reg.Lookup(t.Context(), []ledger.LookupKey{{Identity: r.Identity, SenderID: r.SenderID, NameText: r.NameText, Details: r.Details}}); err == nil {
				if found[0].Customer != nil {
					known++
				}
				err = reg.Add(t.Context(), []ledger.Row{r})
			}
		}
		if err == nil {
			err = reg.AddNotes(t.Context(), nil) // from here all rows are in the tables
		}
		if err != nil {
			t.Fatal(err)
		}
		return reg, known
	}
	reg, known := check()
	if known != 100 {
		t.Errorf("%d customers are known", known)
	}
	asked := cluster.Query(t, "SELECT clock_timestamp()")
	if err := sends.sendAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	later := registerRows(t, sends.Ledger, "two", 100, func(i int) ledger.Row {
		r := rowOf(i+300, "a")
		r.Ordinal = i
		return r
	})
	sends.enter(t, later.ID)
	if err := sends.sendAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := cluster.Query(t, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bulkonboard' AND xact_start < '"+asked+"'"); n != "0" {
		t.Errorf("%s transactions are as old as the wait", n)
	}
	if n := sends.sent(); n != 400 {
		t.Errorf("%d were sent", n)
	}
	if _, err := reg.Commit(t.Context()); !errors.Is(err, ledger.ErrConflict) || !strings.Contains(err.Error(), "registered meanwhile") {
		t.Errorf("the commit of a check that is out of date: %v", err)
	}
	if n := count(t, waits.Ledger, "newcomer") + count(t, waits.Ledger, "check_pass") + count(t, waits.Ledger, "input_row") - 400; n != 0 {
		t.Errorf("it left %d rows", n)
	}
	reg, known = check()
	b, err := reg.Commit(t.Context())
	if err != nil || known != 200 {
		t.Fatalf("%d customers are known, %v", known, err)
	}
	waits.enter(t, b.ID)
	if err := waits.sendAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	waits.checkClean(t, 500)
}
