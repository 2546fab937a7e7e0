package lists

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/intake"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// readAll returns the numbers and e-mails of the rows that a run would read.
func readAll(t *testing.T, in pipeline.Input) (read []string) {
	t.Helper()
	rows, err := in.Rows(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]pipeline.Row, 100)
	for {
		n, err := rows.Read(buf)
		for _, r := range buf[:n] {
			read = append(read, string(rune('0'+r.Number))+" "+r.Raw.Email)
		}
		if n == 0 {
			if err := rows.Close(); err != nil {
				t.Fatal(err)
			}
			return read
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A run reads a list as it was in the revision that was planned. Its
// settings, and so the batch's fingerprint, differ with the corrections.
func TestSnapshot(t *testing.T) {
	ctx, s := context.Background(), openStore(t, t.TempDir())
	list := upload(t, s, "kunden.csv", sheet(t, headings(), good("1", "a@b.de", nil), good("2", "nobody", nil), good("3", "c@b.de", nil)))
	settings := map[string]int{}
	look := func(snap *Snapshot, err error) []string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		in, err := snap.Open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := in.Close(); err != nil {
				t.Error(err)
			}
		}()
		batch := &intake.Batch{Input: in}
		settings[batch.Settings()]++
		return readAll(t, batch)
	}
	first, err := s.Snapshot(Editor{"jonas", 1}, list.ID)
	if got := look(first, err); !slices.Equal(got, []string{"2 a@b.de", "3 nobody", "4 c@b.de"}) {
		t.Errorf("%q", got)
	}
	if _, err := s.EditCells(ctx, Editor{owner, 1}, list.ID, []api.CellEdit{{Row: 3, Column: colEmail, From: "nobody", To: "b@b.de"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.LeaveOut(ctx, Editor{owner, 2}, list.ID, api.LeaveOut{Rows: []int{2}}); err != nil {
		t.Fatal(err)
	}
	if got := look(s.Snapshot(Editor{"jonas", 3}, list.ID)); !slices.Equal(got, []string{"3 b@b.de", "4 c@b.de"}) {
		t.Errorf("%q", got)
	}
	if got := look(first, nil); len(got) != 3 || got[1] != "3 nobody" {
		t.Errorf("an earlier snapshot has changed: %q", got)
	}
	if len(settings) != 2 {
		t.Errorf("%d different settings, want 2", len(settings))
	}
	if _, err := s.Snapshot(Editor{"jonas", 1}, list.ID); codeOfError(err) != "changed_meanwhile" {
		t.Errorf("%v", err)
	}
	if list.Counts.Ready != 2 || first.Counts != list.Counts || !slices.Equal(first.Editors, []string{owner}) {
		t.Errorf("%+v", first)
	}
}

// Corrections are of one sheet. Another one is as it is in the file, and undoing the
// choice brings the corrections back.
func TestCorrectionsStayWithTheirSheet(t *testing.T) {
	ctx, s := context.Background(), openStore(t, t.TempDir())
	book := excelize.NewFile()
	for _, name := range []string{"North", "South"} {
		if _, err := book.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i, row := range [][]string{headings(), good("1", strings.ToLower(name)+"@b.de", nil), good("2", "nobody", nil)} {
			cells := make([]any, len(row))
			for j, cell := range row {
				cells[j] = cell
			}
			if err := book.SetSheetRow(name, "A"+string(rune('1'+i)), &cells); err != nil {
				t.Fatal(err)
			}
		}
	}
	file, err := book.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	list := upload(t, s, "two.xlsx", file.Bytes())
	if list.State != api.ListUnsettled || len(list.Sheets) != 3 || list.Sheets[1].Name != "North" || list.Sheets[1].Rows != 3 {
		t.Fatalf("%+v", list)
	}
	choose := func(revision int, name string) api.List {
		t.Helper()
		if _, err := s.ChangeSettings(ctx, Editor{owner, revision}, list.ID, api.SettingsPatch{Sheet: &name}); err != nil {
			t.Fatal(err)
		}
		return find(t, s, list.ID)
	}
	if north := choose(1, "North"); north.Counts != (api.Counts{Rows: 2, Ready: 1, ToCorrect: 1}) || !strings.Contains(north.Command, "--sheet North") || !north.Sheets[1].Read {
		t.Fatalf("%+v", north)
	}
	if _, err := s.EditCells(ctx, Editor{owner, 2}, list.ID, []api.CellEdit{{Row: 3, Column: colEmail, From: "nobody", To: "b@b.de"}}); err != nil {
		t.Fatal(err)
	}
	if south := choose(3, "South"); south.Counts != (api.Counts{Rows: 2, Ready: 1, ToCorrect: 1}) {
		t.Errorf("%+v", south.Counts)
	}
	if _, err := s.Undo(ctx, Editor{owner, 4}, list.ID, 4); err != nil {
		t.Fatal(err)
	}
	if north := find(t, s, list.ID); north.Counts != (api.Counts{Rows: 2, Ready: 2, Edited: 1, Cells: 1}) {
		t.Errorf("%+v", north.Counts)
	}
}
