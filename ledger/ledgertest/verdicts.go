package ledgertest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// rowNote returns the note that a later row adds to the one with this ordinal.
func rowNote(ordinal, repeats int) ledger.RowNote {
	return ledger.RowNote{Ordinal: ordinal, Repeats: repeats,
		Finding: ledger.Finding{Field: "email", Code: "shared", Message: fmt.Sprintf("as row %d", repeats), Warning: true}}
}

// sharedRow returns an invalid row with the e-mail of an earlier row that claims it.
func sharedRow(ordinal int, name string, of int) ledger.Row {
	r := invalidRow(ordinal, name)
	r.Repeats = of
	return r
}

// addNoted registers rows as a batch, with notes.
func addNoted(t *testing.T, l ledger.Ledger, fingerprint string, notes []ledger.RowNote, rows ...ledger.Row) ledger.Batch {
	t.Helper()
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: fingerprint, Files: []ledger.File{{Name: "dir/" + fingerprint + ".csv", Sheet: "S"}}, Registered: start()})
	must(t, err)
	defer func() { must(t, reg.Rollback()) }()
	for _, r := range rows {
		must(t, reg.Add(t.Context(), []ledger.Row{r}))
	}
	must(t, reg.AddNotes(t.Context(), notes))
	b, err := reg.Commit(t.Context())
	must(t, err)
	return b
}

// wantStatus decides what becomes of the customer of a row.
func wantStatus(t *testing.T, l ledger.Ledger, b ledger.Batch, ordinal int, of ledger.Status) {
	t.Helper()
	class := map[ledger.Status]ledger.Class{ledger.Created: ledger.OK, ledger.LinkMissing: ledger.Unknown, ledger.Duplicate: ledger.DupUser,
		ledger.Rejected: ledger.Reject, ledger.InDoubt: ledger.Unknown, ledger.InsufficientBalance: ledger.Funds}[of]
	if class != "" {
		sendRow(t, l, b, ordinal, class, of, "")
	}
}

// testVerdicts settles a customer in every way. Of the rows with its e-mail only the
// one that claims it shows the status. In another input, with only the invalid row,
// that row shows it with its origin.
func testVerdicts(t *testing.T, l ledger.Ledger) {
	for i, of := range []ledger.Status{ledger.Created, ledger.LinkMissing, ledger.Duplicate, ledger.Rejected, ledger.InDoubt, ledger.InsufficientBalance, ledger.Pending} {
		name := fmt.Sprintf("p%d", i)
		b := addNoted(t, l, "all of "+name, []ledger.RowNote{rowNote(0, 1)},
			invalidRow(0, name), validRow(1, name), repeatedRow(2, name, 1), sharedRow(3, name, 1))
		wantStatus(t, l, b, 1, of)
		want := []ledger.Status{ledger.Invalid, of, ledger.DuplicateInInput, ledger.Invalid}
		same(t, name, readStatuses(t, l, ledger.Selection{Batch: b.ID}), want)
		lines := readRows(t, l, ledger.Selection{Batch: b.ID})
		for _, at := range []int{0, 3} {
			if r := lines[at]; r.Customer.ID != 0 || r.From != (ledger.Origin{}) || r.Changed != nil || r.Repeats != 1 {
				t.Errorf("%s, line %d shows another row's customer: %+v", of, at, r)
			}
		}
		tally, err := l.Tally(t.Context(), ledger.Selection{Batch: b.ID})
		must(t, err)
		counts := map[ledger.Status]int{ledger.Invalid: 2, ledger.DuplicateInInput: 1}
		counts[of]++
		same(t, "counts of "+name, tally.Status, counts)
		same(t, "whole ledger, of "+name, len(readRows(t, l, ledger.Selection{All: true, Only: []ledger.Status{ledger.Invalid}})), 0)

		single := addBatch(t, l, "single "+name, invalidRow(0, name))
		r := readRows(t, l, ledger.Selection{Batch: single.ID})[0]
		if of == ledger.Pending { // merely waits to be sent from the other input
			same(t, "single, pending", []any{r.Status, r.From}, []any{ledger.Invalid, ledger.Origin{}})
			continue
		}
		same(t, "single, "+name, []any{r.Status, r.Customer.ID != 0, r.Repeats}, []any{of, true, -1})
		same(t, "from where", r.From, ledger.Origin{File: "dir/all of " + name + ".csv", Sheet: "S", Number: 3, Registered: start()})
	}
}

// testNotes adds notes to rows in every part of a long list, and requires that
// nothing else changes.
func testNotes(t *testing.T, l ledger.Ledger) {
	rows := validRows(300)
	var list []ledger.RowNote
	for _, at := range []int{0, 127, 128, 200, 298} {
		rows[at] = invalidRow(at, "p0299")
		list = append(list, rowNote(at, 299))
	}
	rows[5], rows[6] = invalidRow(5, "other"), invalidRow(6, "other")
	list = append(list[:1:1], append([]ledger.RowNote{rowNote(5, -1), rowNote(6, -1)}, list[1:]...)...)
	b := addNoted(t, l, "one", list, rows...)
	for _, n := range list {
		rows[n.Ordinal].Repeats = n.Repeats
		rows[n.Ordinal].Findings = append(rows[n.Ordinal].Findings, n.Finding)
	}
	for i, r := range readRows(t, l, ledger.Selection{Batch: b.ID}) {
		want := rows[i]
		want.Details, want.NameText, want.Recall = nil, "", ""
		same(t, fmt.Sprint("row ", i), r.Row, want)
		if details := l.Digest(rows[i].Details); rows[i].Claims {
			same(t, fmt.Sprint("details of row ", i), r.Details, details)
		}
	}
	sendRow(t, l, b, 299, ledger.OK, ledger.Created, "")
	tally, err := l.Tally(t.Context(), ledger.Selection{Batch: b.ID})
	must(t, err)
	same(t, "counts", tally.Status, map[ledger.Status]int{ledger.Created: 1, ledger.Pending: 292, ledger.Invalid: 7})
}

func testNotesRefused(t *testing.T, l ledger.Ledger) {
	ctx := t.Context()
	for name, list := range map[string][]ledger.RowNote{
		"of no row":    {rowNote(3, 0)},
		"out of order": {rowNote(2, 1), rowNote(1, 2)},
		"twice":        {rowNote(2, 1), rowNote(2, 1)},
		"before all":   {rowNote(-1, 1)},
	} {
		reg, err := l.Register(ctx, ledger.Batch{Fingerprint: name})
		must(t, err)
		must(t, reg.Add(ctx, validRows(3)))
		if err := reg.AddNotes(ctx, list); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := reg.Commit(ctx); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("%s: commit after an error: %v", name, err)
		}
		must(t, reg.Rollback())
	}
	reg, err := l.Register(ctx, ledger.Batch{Fingerprint: "rows after notes"})
	must(t, err)
	must(t, reg.Add(ctx, validRows(3)))
	must(t, reg.AddNotes(ctx, nil))
	if err := reg.Add(ctx, []ledger.Row{validRow(3, "late")}); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("rows after notes: %v", err)
	}
	must(t, reg.Rollback())
	all, err := l.Batches(ctx)
	must(t, err)
	same(t, "batches", len(all), 0)
}
