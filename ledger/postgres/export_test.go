package postgres

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

// lines are everything that a ledger shows, one line each, without what differs between
// any two ledgers: its own name and times, and digests under its secret.
type lines struct {
	all []byte
}

func (x *lines) add(what any) error {
	text, err := json.Marshal(what)
	x.all = append(append(x.all, text...), '\n')
	return err
}

func (x *lines) Info(i ledger.Info) error {
	i.Path, i.Schema, i.Created, i.Opened = "", 0, time.Time{}, time.Time{}
	return x.add(i)
}

func (x *lines) Fact(name, value string, at time.Time) error { return x.add([]any{name, value, at}) }
func (x *lines) Run(r ledger.Run) error                      { return x.add(r) }
func (x *lines) Batch(b ledger.Batch) error                  { return x.add(b) }

func (x *lines) Row(batch int64, r ledger.Reported) error {
	r.Details, r.Customer.Details = nil, nil
	return x.add([]any{batch, r})
}

func (x *lines) Customer(c ledger.Customer) error {
	c.Details = nil
	for i := range c.History {
		c.History[i].Details = nil
	}
	return x.add(c)
}

// TestExportsEqual: the same history gives the same export, byte by byte, in a file and
// here.
func TestExportsEqual(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	file, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "l.db"), Environment: "sandbox", Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	db := openNew(t, cluster)
	var fromFile, fromServer lines
	for _, l := range []interface {
		ledger.Ledger
		ledger.Verification
	}{file, db} {
		b := registerRows(t, l, "one", 300, func(i int) ledger.Row {
			r := rowOf(i, "a")
			switch i % 7 {
			case 5:
				r.Details, r.Claims, r.Verdict = nil, false, ledger.Invalid
				r.Findings = []ledger.Finding{{Field: "email", Code: "email_invalid", Message: "is no e-mail"}}
			case 6:
				r.Identity, r.Email, r.Claims, r.Verdict, r.Repeats = rowOf(i-6, "a").Identity, rowOf(i-6, "a").Email, false, ledger.DuplicateInInput, i-6
			}
			return r
		})
		run := beginRun(t, l, b.ID)
		for at := 0; at < 200; at += 7 {
			sendRows(t, l, b.ID, run, at, 3)
		}
		intents := intentsFor(t, l, b.ID, 210, 2)
		if _, err := l.Intend(t.Context(), run, intents); err != nil {
			t.Fatal(err)
		}
		if _, err := l.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: answersTo(intentsFor(t, l, b.ID, 210, 1), []int64{0})[0].ServiceID, Status: ledger.KYCDenied, At: time.Unix(1_700_000_500, 0), Reasons: []string{"B", "A"}}}); err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{"pace", "Zero", "_x", "é", "fee"} {
			if err := l.SaveFact(t.Context(), name, "5", time.Unix(1_700_000_200+int64(i), 0)); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Finish(t.Context(), run, ledger.RunEnd{At: time.Unix(1_700_000_300, 0), ExitCode: 3, Sent: 90, Created: 90}); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Walk(t.Context(), &fromFile); err != nil {
		t.Fatal(err)
	}
	if err := db.Walk(t.Context(), &fromServer); err != nil {
		t.Fatal(err)
	}
	if string(fromFile.all) != string(fromServer.all) {
		at := 0
		for at < min(len(fromFile.all), len(fromServer.all)) && fromFile.all[at] == fromServer.all[at] {
			at++
		}
		t.Errorf("from byte %d of %d:\n%.300s\nwant\n%.300s", at, len(fromFile.all), fromServer.all[max(0, at-100):], fromFile.all[max(0, at-100):])
	}
	if len(fromFile.all) < 100_000 {
		t.Errorf("the export has only %d bytes", len(fromFile.all))
	}
}
