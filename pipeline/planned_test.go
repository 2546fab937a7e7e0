package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// mixedRows has rows of every kind for a ledger that has seen people(10).
func mixedRows() []Row {
	rows := []Row{validRow(0), validRow(1), validRow(2), validRow(5), validRow(20), validRow(21), validRow(21), validRow(22), validRow(23)}
	rows[1].Raw.City = "Oslo"                // of a created user
	rows[3].Raw.PhoneNumber = "+14155552672" // of one who was rejected
	rows[6].Raw.City = "Bergen"              // repeats the row before
	rows[7].Raw.PhoneNumber = "1"            // invalid
	rows[8] = validRow(0)                    // somebody under another e-mail
	rows[8].Raw.Email = "someone@example.com"
	for i := range rows {
		rows[i].Number = i + 2
	}
	return rows
}

// TestPlannedRowsAddUp holds that what is said of each row are the numbers of the plan,
// for an input that is new and for one that is registered, and those of the run.
func TestPlannedRowsAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 10)
		b.partner.users = append(b.partner.users, partner.Listed{ServiceID: "acme-rain-user-old000000000000", Email: email(2), CreatedAt: time.Now().Add(-time.Hour)})
		b.partner.script[email(5)] = []act{say(partner.Answer{Class: ledger.Reject, HTTPStatus: 422, Fields: []string{"phoneNumber"}})}
		if _, err := b.run(); err != nil {
			t.Fatal(err)
		}
		b.cfg.Input = FromRows("mixed", mixedRows()...)
		want := []Action{ActionKnown, ActionChanged, ActionKnown, ActionChanged, ActionNew, ActionNew, ActionRepeat, ActionRefused, ActionHeld}
		plan := b.previewRows(want)
		if plan.Send != 3 || plan.New != 2 {
			t.Fatalf("send %d, new %d", plan.Send, plan.New)
		}
		s, err := b.run()
		if err != nil || s.Sent != plan.Send {
			t.Fatalf("sent %d of %d: %v", s.Sent, plan.Send, err)
		}
		want = []Action{ActionKnown, ActionChanged, ActionKnown, ActionKnown, ActionKnown, ActionKnown, ActionRepeat, ActionRefused, ActionHeld}
		if plan = b.previewRows(want); !plan.Again || plan.Send != 0 {
			t.Errorf("%+v", plan)
		}
	})
}

// previewRows compares the rows of a preview with its figures, and with these actions.
func (b *bench) previewRows(want []Action) Plan {
	b.t.Helper()
	var rows []PlannedRow
	cfg := b.cfg
	cfg.Planned = func(all []PlannedRow) error {
		rows = all
		return nil
	}
	plan, err := Preview(b.t.Context(), cfg)
	if err != nil || len(rows) != len(want) || len(rows) != plan.Rows {
		b.t.Fatalf("%d rows, want %d: %v", len(rows), len(want), err)
	}
	sends, counts := 0, map[ledger.Status]int{}
	for i, r := range rows {
		if r.Action != want[i] {
			b.t.Errorf("row %d: %s, want %s (%s, changed %v, %v)", i, r.Action, want[i], r.Status, r.Changed, r.Row.Findings)
		}
		if r.Sends {
			sends++
		}
		counts[r.Status]++
	}
	tally := maps.Clone(plan.Tally.Status)
	maps.DeleteFunc(tally, func(_ ledger.Status, n int) bool { return n == 0 })
	if sends != plan.Send || !maps.Equal(counts, tally) {
		b.t.Errorf("%d rows are sent, the plan says %d; %v, the plan says %v", sends, plan.Send, counts, tally)
	}
	return plan
}

// TestApproveSeesEveryRowThatIsSent holds that what a run sends was shown to
// Config.Approve, with one digest whether the input is new or registered, and that
// its refusal leaves no trace.
func TestApproveSeesEveryRowThatIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 10)
		b.partner.script[email(5)] = []act{say(partner.Answer{Class: ledger.Reject, HTTPStatus: 422, Fields: []string{"phoneNumber"}})}
		b.partner.script[email(6)] = []act{lose}
		if _, err := b.run(); err != nil {
			t.Fatal(err)
		}
		b.cfg.Input = FromRows("mixed", mixedRows()...)
		no := errors.New("no")
		first := b.approve(no, 3)
		again := b.approve(no, 3) // the refusal left nothing
		if fmt.Sprint(first) != fmt.Sprint(again) {
			t.Error("the rows have other digests the second time")
		}
		b.cfg.Bounds.Limit = 1
		b.approve(nil, 3)
		b.cfg.Bounds.Limit = 0
		left := b.approve(no, 1) // of a batch that is registered; --limit counts new rows only
		shown := map[ledger.PlanRow]bool{}
		for _, r := range first {
			shown[r.PlanRow] = true
		}
		for _, r := range left {
			if !shown[r.PlanRow] {
				t.Errorf("row %d has another digest once its batch is registered", r.Number)
			}
		}
		b.approve(nil, 1)
		b.approve(no, 0)
	})
}

// approve runs with an approval that answers so, and returns the rows that it saw.
func (b *bench) approve(answer error, want int) (rows []RowToSend) {
	b.t.Helper()
	asked, posts := 0, len(b.partner.posts)
	b.cfg.Approve = func(_ context.Context, _ Plan, all []RowToSend) error {
		asked, rows = asked+1, all
		return answer
	}
	s, err := b.run()
	sent := len(b.partner.posts) - posts
	if asked != 1 || len(rows) != want || sent > want {
		b.t.Fatalf("asked %d times, %d rows, want %d; %d requests", asked, len(rows), want, sent)
	}
	if answer != nil && (reasonOf(err) != Declined || !errors.Is(err, answer) || sent != 0 || s.Batch.ID != 0) {
		b.t.Fatalf("refused, and %d requests, batch %d: %v", sent, s.Batch.ID, err)
	}
	return rows
}

// TestApproveNeedsPlans: without a ledger that keeps plans nothing could be compared.
func TestApproveNeedsPlans(t *testing.T) {
	b := newBench(t, 1)
	b.cfg.Ledger = struct{ ledger.Ledger }{b.ledger}
	b.cfg.Approve = func(context.Context, Plan, []RowToSend) error { return nil }
	if _, err := Run(t.Context(), b.cfg); err == nil || len(b.partner.posts) != 0 {
		t.Errorf("%v, %d requests", err, len(b.partner.posts))
	}
}

// TestSeenNamesEveryCustomer holds that Seen is called for each row that has an identity,
// in input order, for an input that is new and for one that is registered.
func TestSeenNamesEveryCustomer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 0)
		b.cfg.Input = FromRows("mixed", mixedRows()...)
		preview := func() (seen []string) {
			cfg := b.cfg
			cfg.Seen = func(identity string) { seen = append(seen, identity) }
			if _, err := Preview(t.Context(), cfg); err != nil {
				t.Fatal(err)
			}
			return seen
		}
		want := []string{email(0), email(1), email(2), email(5), email(20), email(21), email(21), email(22), "someone@example.com"}
		if got := preview(); !slices.Equal(got, want) {
			t.Errorf("new: %v", got)
		}
		if _, err := b.run(); err != nil {
			t.Fatal(err)
		}
		if got := preview(); !slices.Equal(got, want) {
			t.Errorf("registered: %v", got)
		}
	})
}
