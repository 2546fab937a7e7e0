package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

// wholeLines is lines with all that a copy keeps.
type wholeLines struct{ lines }

func (x *wholeLines) Info(i ledger.Info) error {
	i.Path, i.Schema, i.Opened = "", 0, time.Time{}
	return x.add(i)
}

func (x *wholeLines) Row(batch int64, r ledger.Reported) error { return x.add([]any{batch, r}) }
func (x *wholeLines) Customer(c ledger.Customer) error         { return x.add(c) }

// exportOf returns all that a ledger shows.
func exportOf(t testing.TB, l interface {
	Walk(context.Context, Visitor) error
	ledger.Gaps
	ledger.Plans
}) string {
	t.Helper()
	var x wholeLines
	if err := l.Walk(t.Context(), &x); err != nil {
		t.Fatal(err)
	}
	gaps, err := l.Gaps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	plans, err := l.Plans(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	inGap, err := l.InGap(t.Context(), []string{"in@gap.example", "not@gap.example"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal([]any{gaps, plans, inGap})
	if err != nil {
		t.Fatal(err)
	}
	return string(x.all) + string(text)
}

func openFile(t testing.TB, path string, change func(*sqlite.Options)) (*sqlite.Ledger, error) {
	t.Helper()
	o := sqlite.Options{Path: path, Environment: "sandbox", Command: "test"}
	if change != nil {
		change(&o)
	}
	l, err := sqlite.Open(t.Context(), o)
	if err == nil {
		t.Cleanup(func() { _ = l.Close() }) // closed already where that matters
	}
	return l, err
}

// newFullFile makes a ledger in a file that has something in every table.
func newFullFile(t testing.TB, path string) *sqlite.Ledger {
	t.Helper()
	l, err := openFile(t, path, func(o *sqlite.Options) { o.Create = true })
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_700_000_400, 0)
	b := registerRows(t, l, "one", 300, func(i int) ledger.Row {
		r := rowOf(i, "a")
		switch i % 7 {
		case 4:
			r.LastName, r.Carry = "O'Nul\x00l \xff <&>", []string{"\uFDD0", ""}
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
	_, err = l.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: answersTo(intentsFor(t, l, b.ID, 210, 1), []int64{0})[0].ServiceID, Status: ledger.KYCDenied, At: at, Reasons: []string{"B", "A"}}})
	for _, name := range []string{"pace", "Zero", "_x", "é", "fee"} {
		err = errors.Join(err, l.SaveFact(t.Context(), name, "5", at))
	}
	err = errors.Join(err, l.Finish(t.Context(), run, ledger.RunEnd{At: at, ExitCode: 3, Sent: 90, Created: 90}))
	_, forgot := l.Forget(t.Context(), []string{rowOf(0, "a").Identity, "unknown@example.com"})
	g, gapped := l.OpenGap(t.Context(), ledger.Gap{Cause: ledger.GapAdopt})
	err = errors.Join(err, forgot, gapped, l.AddToGap(t.Context(), g.ID, []string{"in@gap.example"}), l.CloseGap(t.Context(), g.ID, at, "because"))
	for _, id := range []string{"zz", "AA", "ab"} {
		err = errors.Join(err, l.SavePlan(t.Context(), ledger.Plan{ID: id, Terms: "{}", Made: at, Expires: at.Add(time.Hour)}, []ledger.PlanRow{l.DigestPlanRow(id, nil, 0), l.DigestPlanRow("b", nil, 1)}))
	}
	err = errors.Join(err, l.DecidePlan(t.Context(), "ab", ledger.PlanDecision{Approves: true, Who: "eve", At: at}))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestCopy copies a ledger from a file to a server and to another file.
func TestCopy(t *testing.T) {
	t.Parallel()
	skipIfShort(t)
	cluster := shared.Cluster(t)
	dir, address := t.TempDir(), cluster.URL()
	first, second := filepath.Join(dir, "first.db"), filepath.Join(dir, "second.db")
	file := newFullFile(t, first)
	want := exportOf(t, file)
	beside, err := openFile(t, first, func(o *sqlite.Options) { o.Concurrent = true })
	if err != nil {
		t.Fatal(err)
	}
	var rows int
	toServer := func(ctx context.Context, c *sqlite.Copied) (err error) {
		rows, err = CreateCopy(ctx, Options{Address: address}, c)
		return err
	}
	if err := file.CopyTo(t.Context(), address, toServer); err != nil || rows < 600 {
		t.Fatalf("%d rows, %v", rows, err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	checkClosed(t, first, address, want)
	if err := beside.SaveFact(t.Context(), "a", "b", time.Now()); !errors.Is(err, ledger.ErrMoved) {
		t.Errorf("a process that had opened it before writes: %v", err)
	}

	server := openWith(t, optionsFor(address))
	if got := exportOf(t, server); got != want {
		t.Fatal(firstDifference(got, want))
	}
	toFile := func(ctx context.Context, c *sqlite.Copied) (err error) {
		rows, err = sqlite.CreateCopy(ctx, sqlite.Options{Path: second}, c)
		return err
	}
	if err := server.CopyTo(t.Context(), second, toFile); err != nil || rows < 600 {
		t.Fatalf("%d rows, %v", rows, err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Address: address, Environment: "sandbox", Lease: time.Second}); !errors.Is(err, ledger.ErrMoved) || !strings.Contains(err.Error(), second) {
		t.Errorf("opened again: %v", err)
	}
	last, err := openFile(t, second, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := exportOf(t, last); got != want {
		t.Fatal(firstDifference(got, want))
	}
	if problems, err := last.Verify(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("verify: %q %v", problems, err)
	}
	checkGoesOn(t, last)
}

// checkClosed checks that a file is closed for writing, and still shows what it holds.
func checkClosed(t *testing.T, path, place, want string) {
	t.Helper()
	for _, isConcurrent := range []bool{false, true} {
		if _, err := openFile(t, path, func(o *sqlite.Options) { o.Concurrent = isConcurrent }); !errors.Is(err, ledger.ErrMoved) || !strings.Contains(err.Error(), place) {
			t.Errorf("opened again: %v", err)
		}
	}
	l, err := openFile(t, path, func(o *sqlite.Options) { o.ReadOnly = true })
	if err != nil {
		t.Fatal(err)
	}
	got := exportOf(t, l)
	at := strings.Index(got, `["moved_to",`)
	if at < 0 {
		t.Fatal("the export does not show where the copy is")
	}
	end := at + strings.Index(got[at:], "\n") + 1
	if got = got[:at] + got[end:]; got != want {
		t.Error(firstDifference(got, want))
	}
}

// checkGoesOn registers and sends more rows in a ledger that was copied.
func checkGoesOn(t *testing.T, l ledger.Ledger) {
	t.Helper()
	b := registerRows(t, l, "two", 50, func(i int) ledger.Row { return rowOf(i, "b") })
	sendRows(t, l, b.ID, beginRun(t, l, b.ID), 0, 50)
	if n := countWith(t, l, ledger.Created); n < 100 {
		t.Errorf("%d customers are created", n)
	}
}

// TestCopyGoesOn sends more from a copy on a server.
func TestCopyGoesOn(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	path, address := filepath.Join(t.TempDir(), "l.db"), cluster.URL()
	file := newFullFile(t, path)
	if err := file.CopyTo(t.Context(), address, func(ctx context.Context, c *sqlite.Copied) error {
		_, err := CreateCopy(ctx, Options{Address: address}, c)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	server := openWith(t, optionsFor(address))
	checkGoesOn(t, server)
	checkSound(t, server)
}

// TestCopyInterrupted: a copy that ends before its original is closed changes nothing. One that
// ends after it can be completed, with a gap.
func TestCopyInterrupted(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	path, address := filepath.Join(t.TempDir(), "l.db"), cluster.URL()
	file := newFullFile(t, path)
	cut := errors.New("cut off")
	if err := file.CopyTo(t.Context(), address, func(context.Context, *sqlite.Copied) error { return cut }); !errors.Is(err, cut) {
		t.Fatal(err)
	}
	if err := file.SaveFact(t.Context(), "still", "open", time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := file.CopyTo(t.Context(), address, func(_ context.Context, c *sqlite.Copied) error { return errors.Join(c.Close(), cut) }); !errors.Is(err, cut) {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := openFile(t, path, func(o *sqlite.Options) { o.MovedTo = "elsewhere" }); !errors.Is(err, ledger.ErrMoved) {
		t.Errorf("opened for another place: %v", err)
	}
	again, err := openFile(t, path, func(o *sqlite.Options) { o.MovedTo = address })
	if err != nil {
		t.Fatal(err)
	}
	if err := again.CopyTo(t.Context(), address, func(ctx context.Context, c *sqlite.Copied) error {
		_, err := CreateCopy(ctx, Options{Address: address}, c)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	gaps, err := openWith(t, optionsFor(address)).Gaps(t.Context())
	if err != nil || len(gaps) != 2 || gaps[1].Cause != ledger.GapCopy || !gaps[1].IsOpen() {
		t.Errorf("gaps: %+v %v", gaps, err)
	}
}

// TestCopyRefuses: neither what is in doubt nor a place that is taken is copied.
func TestCopyRefuses(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	path, address := filepath.Join(t.TempDir(), "l.db"), cluster.URL()
	file := newFullFile(t, path)
	b := registerRows(t, file, "two", 2, func(i int) ledger.Row { return rowOf(i, "b") })
	run := beginRun(t, file, b.ID)
	intents := intentsFor(t, file, b.ID, 0, 1)
	ids, err := file.Intend(t.Context(), run, intents)
	if err != nil {
		t.Fatal(err)
	}
	toServer := func(ctx context.Context, c *sqlite.Copied) error {
		_, err := CreateCopy(ctx, Options{Address: address}, c)
		return err
	}
	if err := file.CopyTo(t.Context(), address, toServer); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("in doubt: %v", err)
	}
	if _, err := file.Record(t.Context(), run, answersTo(intents, ids)); err != nil {
		t.Fatal(err)
	}
	taken := optionsFor(address)
	taken.Create = true
	openWith(t, taken)
	if err := file.CopyTo(t.Context(), address, toServer); !errors.Is(err, os.ErrExist) {
		t.Errorf("a place that is taken: %v", err)
	}
	if err := file.SaveFact(t.Context(), "still", "open", time.Now()); err != nil {
		t.Error(err)
	}
}

// firstDifference shows where two texts begin to differ.
func firstDifference(got, want string) string {
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	from := max(0, at-100)
	return "got\n" + got[from:min(len(got), at+200)] + "\nwant\n" + want[from:min(len(want), at+200)]
}

// TestCopyIsCompared: a row that differs, is missing or is too many is found, in any table.
func TestCopyIsCompared(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	path, address := filepath.Join(t.TempDir(), "l.db"), cluster.URL()
	file := newFullFile(t, path)
	if err := file.CopyTo(t.Context(), address, func(ctx context.Context, c *sqlite.Copied) error {
		_, err := CreateCopy(ctx, Options{Address: address}, c)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	server := openWith(t, optionsFor(address))
	compare := func() (err error) {
		stop := errors.New("compared")
		if closed := file.CopyTo(t.Context(), address, func(ctx context.Context, c *sqlite.Copied) error {
			_, err = read(ctx, &server.core, func(copied *conn) (int, error) { return tables.CheckCopy(ctx, c.Conn, copied.Conn) })
			return stop
		}); !errors.Is(closed, stop) {
			t.Fatal(closed)
		}
		return err
	}
	if err := compare(); err != nil {
		t.Fatal(err)
	}
	for table, change := range map[string]string{
		"batch": "UPDATE batch SET rows = rows + 1", "input_file": "UPDATE input_file SET sha256 = 'x'", "plan": "UPDATE plan SET because = 'x' WHERE id = 'ab'",
		"plan_row": "DELETE FROM plan_row WHERE generation = 0", "run": "UPDATE run SET sent = 0", "customer": "UPDATE customer SET first_name = 'Joan' WHERE id = (SELECT max(id) FROM customer)",
		"attempt": "UPDATE attempt SET http_status = 500 WHERE id = 80", "input_row": "UPDATE input_row SET recall = 1 WHERE ordinal = 299", "forgotten": "DELETE FROM forgotten WHERE customer = 1",
		"reported": "UPDATE reported SET last_run = 2", "fact": "INSERT INTO fact (name, value) VALUES ('zz', '')", "kyc": "UPDATE kyc SET retries = 1", "gap": "UPDATE gap SET reason = 'x'", "gap_user": "DELETE FROM gap_user",
	} {
		t.Run(table, func(t *testing.T) {
			execute(t, server, "CREATE TABLE kept AS SELECT * FROM "+table)
			execute(t, server, "SET session_replication_role = replica; "+change)
			if err := compare(); !errors.Is(err, tables.ErrCopyDiffers) || !strings.Contains(err.Error(), "table "+table) {
				t.Errorf("%s: %v", change, err)
			}
			execute(t, server, "SET session_replication_role = replica; DELETE FROM "+table+"; INSERT INTO "+table+" OVERRIDING SYSTEM VALUE SELECT * FROM kept; DROP TABLE kept; SET session_replication_role = DEFAULT")
			if err := compare(); err != nil {
				t.Errorf("put back: %v", err)
			}
		})
	}
	if n := len(tables.CopiedTables()); n != 14 {
		t.Errorf("%d tables are copied; each needs a case", n)
	}
}
