package plans

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
)

// fakeCommands have one approved plan. What is not set here is not called.
type fakeCommands struct {
	Commands

	send  func(ctx context.Context, t Terms, abort <-chan struct{}, w Watch) (report.Summary, error)
	runs  []RunRecord
	tally ledger.Tally
}

func (f *fakeCommands) Plans(context.Context) ([]ledger.Plan, error) {
	return []ledger.Plan{{ID: "p1", State: ledger.PlanApproved, Expires: time.Now().Add(time.Hour)}}, nil
}
func (f *fakeCommands) Runs(context.Context) ([]RunRecord, error)          { return f.runs, nil }
func (f *fakeCommands) IsSentElsewhere(context.Context) (bool, error)      { return false, nil }
func (f *fakeCommands) Tally(context.Context, int64) (ledger.Tally, error) { return f.tally, nil }
func (f *fakeCommands) Send(ctx context.Context, _ Order, t Terms, abort <-chan struct{}, w Watch) (report.Summary, error) {
	return f.send(ctx, t, abort, w)
}

func openDesk(t *testing.T, f *fakeCommands) *Desk {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	d, err := NewDesk(ctx, Config{Commands: f, Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := d.book.add(entry{Plan: "p1", List: "l1", Name: "staff.xlsx", Limit: 5}); err != nil {
		t.Fatal(err)
	}
	return d
}

func anna() access.Visitor { return access.Visitor{User: access.User{Name: "anna"}} }

func amount(t *testing.T, text string) pipeline.Amount {
	t.Helper()
	a, err := pipeline.ParseAmount(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestEndWithoutTheLedger: the ledger cannot be read at the end of a run. The figures that
// were seen last stay, and none becomes zero.
func TestEndWithoutTheLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeCommands{send: func(_ context.Context, _ Terms, _ <-chan struct{}, w Watch) (report.Summary, error) {
			w.Planned(pipeline.Plan{Fee: amount(t, "0.50"), Tally: ledger.Tally{Status: map[ledger.Status]int{ledger.Pending: 10}}})
			w.Begun(7)
			for range 4 {
				w.StatusChange(ledger.Pending, ledger.Created)
			}
			w.Progress(pipeline.Progress{Phase: pipeline.Sending, ToSend: 10, Sent: 5, Created: 4, Decided: 4})
			run, sent := int64(7), 5
			return report.Summary{Run: &run, ExitCode: 9, StopReason: "ledger", Sent: &sent}, nil
		}}
		d := openDesk(t, f)
		if _, err := d.StartRun(t.Context(), anna(), "p1", &lists.Snapshot{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		run, err := d.Run(t.Context(), 7)
		if err != nil || run.State != api.RunStopped || run.Stop.Code != "ledger" || run.ExitCode == nil || *run.ExitCode != 9 || run.Sent != 5 || run.Statuses["created"] != 4 || run.Statuses["pending"] != 6 {
			t.Errorf("%+v, %v", run, err)
		}
	})
}

func TestFiguresOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		step := make(chan struct{})
		f := &fakeCommands{send: func(_ context.Context, terms Terms, _ <-chan struct{}, w Watch) (report.Summary, error) {
			if terms != (Terms{Plan: "p1", Limit: 5}) {
				t.Errorf("terms %+v", terms)
			}
			w.Planned(pipeline.Plan{Fee: amount(t, "0.50"), Tally: ledger.Tally{Status: map[ledger.Status]int{ledger.Pending: 10, ledger.Invalid: 2}}})
			w.Begun(7)
			now := pipeline.Progress{Phase: pipeline.Sending, ToSend: 10}
			w.Progress(now)
			<-step
			for range 4 {
				w.StatusChange(ledger.Pending, ledger.InDoubt)
				w.StatusChange(ledger.InDoubt, ledger.Created)
			}
			now.Sent, now.Created, now.Decided, now.Wallet, now.Currency = 4, 4, 4, amount(t, "98.00"), "USD"
			w.Progress(now)
			<-step
			now.Pause, now.Until = "the partner asked to wait; sending continues", time.Date(2026, 3, 4, 16, 9, 30, 0, time.Local)
			w.Progress(now)
			<-step
			sent := 4
			return report.Summary{ExitCode: 8, StopReason: "limit", Sent: &sent, Counts: report.Counts{ledger.Created: 4, ledger.Pending: 6, ledger.Invalid: 2}, Money: report.Money{Charged: "2.00", WalletAfter: "98.00", Currency: "USD"}}, nil
		}}
		d := openDesk(t, f)
		run, err := d.StartRun(t.Context(), anna(), "p1", &lists.Snapshot{})
		if err != nil || run.ID != 7 || run.State != api.RunSending || run.Name != "staff.xlsx" || run.List != "l1" || run.By != "anna" || !d.IsBusy() {
			t.Fatalf("%+v, %v", run, err)
		}
		look := func() api.Run {
			t.Helper()
			synctest.Wait()
			run, err := d.Run(t.Context(), 7)
			if err != nil {
				t.Fatal(err)
			}
			return run
		}
		time.Sleep(2 * time.Second)
		step <- struct{}{}
		if run := look(); run.PerSecond != 2 || run.Ends == nil || time.Until(*run.Ends) > 3*time.Second || run.Statuses["created"] != 4 || run.Statuses["pending"] != 6 || run.Statuses["invalid"] != 2 || run.Charged != "2.00" || run.Wallet != "98.00" {
			t.Errorf("%+v", run)
		}
		step <- struct{}{}
		if run := look(); run.State != api.RunWaiting || run.Waits != "The partner asked to wait; sending continues at 16:09:30." || run.Ends != nil {
			t.Errorf("%+v", run)
		}
		step <- struct{}{}
		if run := look(); run.State != api.RunStopped || run.Stop.Code != "limit" || run.Stop.Sentence == "" || run.Finished == nil || *run.ExitCode != 8 || run.Waits != "" || run.Statuses["created"] != 4 || d.IsBusy() {
			t.Errorf("%+v", run)
		}
		f.runs = []RunRecord{{Run: ledger.Run{ID: 7, Plan: "p1"}}, {Run: ledger.Run{ID: 6, Plan: "p0"}}}
		for pending, want := range map[int]int{10: 5, 8: 3, 5: 0, 2: 0} {
			f.tally = ledger.Tally{Status: map[ledger.Status]int{ledger.Pending: pending - 1, ledger.InsufficientBalance: 1}}
			if terms, err := d.runTerms(t.Context(), ledger.Plan{ID: "p1", Rows: 10}, entry{Limit: 5}); err != nil || terms != (Terms{Plan: "p1", Limit: want}) {
				t.Errorf("continued with %d rows left: %+v, %v", pending, terms, err)
			}
		}
	})
}

// Whoever watches and stalls misses figures, and delays nobody.
func TestAStalledWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var ended time.Time
		d := openDesk(t, &fakeCommands{send: func(_ context.Context, _ Terms, _ <-chan struct{}, w Watch) (report.Summary, error) {
			w.Begun(1)
			for i := range 1000 {
				time.Sleep(time.Millisecond)
				w.Progress(pipeline.Progress{Phase: pipeline.Sending, ToSend: 1000, Decided: i + 1, Created: i + 1, Sent: i + 1})
			}
			ended = time.Now()
			return report.Summary{}, nil
		}})
		if _, err := d.StartRun(t.Context(), anna(), "p1", &lists.Snapshot{}); err != nil {
			t.Fatal(err)
		}
		counts := map[string]int{}
		watch := func(name string, pause time.Duration) {
			var last api.Run
			if err := d.WatchRun(t.Context(), 1, func(r api.Run) error {
				last = r
				counts[name]++
				time.Sleep(pause)
				return nil
			}); err != nil || last.Created != 1000 || last.State != api.RunFinished {
				t.Errorf("%s: %+v, %v", name, last, err)
			}
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			watch("stalled", time.Hour)
		}()
		other := errors.New("gone")
		if err := d.WatchRun(t.Context(), 1, func(api.Run) error { return other }); !errors.Is(err, other) {
			t.Errorf("a browser that is gone: %v", err)
		}
		ctx, leave := context.WithCancel(t.Context())
		leave()
		if err := d.WatchRun(ctx, 1, func(api.Run) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("a request that is over: %v", err)
		}
		<-done
		if counts["stalled"] > 3 || ended.Sub(began) != time.Second {
			t.Errorf("%d events, the run took %s", counts["stalled"], ended.Sub(began))
		}
	})
}

func TestStopsOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		d := openDesk(t, &fakeCommands{send: func(ctx context.Context, _ Terms, abort <-chan struct{}, w Watch) (report.Summary, error) {
			w.Begun(1)
			<-ctx.Done()
			seen = append(seen, "finish")
			<-abort
			seen = append(seen, "cut")
			panic("a bug")
		}})
		if _, err := d.StartRun(t.Context(), anna(), "p1", &lists.Snapshot{}); err != nil {
			t.Fatal(err)
		}
		if _, err := d.StartRun(t.Context(), anna(), "p1", &lists.Snapshot{}); refusedWith(err) != "held" {
			t.Errorf("a second run: %v", err)
		}
		for i, want := range [][]string{{"finish"}, {"finish", "cut"}} {
			run, err := d.StopRun(t.Context(), anna(), 1)
			synctest.Wait()
			isStopping := run.State == api.RunStopping || i == 1 && run.State == api.RunStopped // it may be cut off already
			if err != nil || !isStopping || fmt.Sprint(seen) != fmt.Sprint(want) {
				t.Errorf("stop %d: %+v, %v, %v", i+1, run, err, seen)
			}
		}
		run, err := d.Run(t.Context(), 1)
		if err != nil || run.State != api.RunStopped || run.Stop.Code != "failed" || run.Stop.Sentence == "" {
			t.Errorf("%+v, %v", run, err)
		}
		if _, err := d.StopRun(t.Context(), anna(), 1); refusedWith(err) != "run_over" {
			t.Errorf("after its end: %v", err)
		}
	})
}

func TestARunThatIsRefused(t *testing.T) {
	d := openDesk(t, &fakeCommands{send: func(context.Context, Terms, <-chan struct{}, Watch) (report.Summary, error) {
		return report.Summary{}, &api.Refusal{Status: 409, Body: api.Error{Code: "plan_stale", Differs: []string{"row 7"}}}
	}})
	if _, err := d.StartRun(t.Context(), anna(), "p1", &lists.Snapshot{}); refusedWith(err) != "plan_stale" {
		t.Errorf("%v", err)
	}
	if got := d.differencesOf("p1"); len(got) != 1 || got[0] != "row 7" {
		t.Errorf("%q", got)
	}
	if _, err := d.StartRun(t.Context(), anna(), "p2", &lists.Snapshot{}); refusedWith(err) != "not_found" {
		t.Errorf("%v", err)
	}
}

func refusedWith(err error) string {
	var r *api.Refusal
	if errors.As(err, &r) {
		return r.Body.Code
	}
	return fmt.Sprint(err)
}

// A line that a kill cut short is of a plan that nobody was shown.
func TestBookIsReadBack(t *testing.T) {
	dir := t.TempDir()
	b, err := openBook(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range []entry{{Plan: "p1", List: "l1", Revision: 3}, {Plan: "p2", List: "l2"}, {Plan: "p3", List: "l1", Limit: 5, Fee: "0.50"}} {
		if err := b.add(e); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	if _, err := b.file.WriteString(`{"plan":"p4","li`); err != nil {
		t.Fatal(err)
	}
	if err := b.file.Close(); err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		if b, err = openBook(dir); err != nil {
			t.Fatal(err)
		}
		if e, isKnown := b.find("p3"); !isKnown || !reflect.DeepEqual(e, entry{Plan: "p3", List: "l1", Limit: 5, Fee: "0.50"}) || b.newest("l1") != "p3" || b.newest("l3") != "" || len(b.byID) != 3+n {
			t.Errorf("%d: %+v, %v", n, e, b.byID)
		}
		if err := b.add(entry{Plan: fmt.Sprint("q", n), List: "l9"}); err != nil {
			t.Fatal(err)
		}
		if err := b.file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, bookName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}
