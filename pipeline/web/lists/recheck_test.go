package lists

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// compareWithFullCheck checks the whole list and compares everything that is said of it
// with what the changes have led to.
func compareWithFullCheck(s *Store, id string) error {
	l, err := s.lock(id)
	if err != nil {
		return err
	}
	defer l.mu.Unlock()
	c := newCheck(l, &job{cancel: func() {}})
	want, err := c.run(context.Background())
	if err != nil {
		return err
	}
	defer func() { _ = c.drop(want) }()
	got := l.result
	for i := range want.result.rows {
		w, g := want.result.rows[i], got.rows[i]
		isListed := s.most == maxFindings // else it depends on the order which are kept
		if w.status != g.status || w.repeats != g.repeats || w.hasWarn != g.hasWarn || w.why != g.why || isListed && !slices.Equal(w.findings, g.findings) {
			return fmt.Errorf("row %d is %+v after the changes, and %+v in a check of the whole list", l.rows.numbers[i], g, w)
		}
	}
	if got.tally.Rows != want.result.tally.Rows || !reflect.DeepEqual(withoutZeros(got.tally.Status), withoutZeros(want.result.tally.Status)) || !reflect.DeepEqual(withoutZeros(got.tally.Code), withoutZeros(want.result.tally.Code)) {
		return fmt.Errorf("counts are %+v after the changes, and %+v in a check of the whole list", got.tally, want.result.tally)
	}
	if got.unlisted+got.kept != want.result.unlisted+want.result.kept || got.unlisted < 0 {
		return fmt.Errorf("%d findings are in rows and %d are not after the changes; in a check of the whole list %d and %d", got.kept, got.unlisted, want.result.kept, want.result.unlisted)
	}
	if !reflect.DeepEqual(flatKinds(got), flatKinds(want.result)) {
		return fmt.Errorf("kinds are %v after the changes, and %v in a check of the whole list", flatKinds(got), flatKinds(want.result))
	}
	return nil
}

func withoutZeros[K comparable](m map[K]int) map[K]int {
	out := maps.Clone(m)
	maps.DeleteFunc(out, func(_ K, n int) bool { return n == 0 })
	return out
}

// flatKinds returns the counts of a result in a form that can be compared.
func flatKinds(r *result) map[string]int {
	flat := map[string]int{}
	for key, k := range r.kinds {
		if k.cells == 0 {
			continue
		}
		flat[fmt.Sprint(key)] = k.cells
		for value, n := range k.values {
			flat[fmt.Sprint(key, "=", value)] = n
		}
	}
	return flat
}

// TestChangesAreAsAFullCheck makes random changes of random lists, whose rows share
// e-mails, customer numbers, names and phone numbers. After each the list is what a check
// of all of it says.
func TestChangesAreAsAFullCheck(t *testing.T) {
	ctx := context.Background()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		s := openStore(t, t.TempDir())
		if rapid.Bool().Draw(rt, "isCut") {
			s.most = 3
		}
		pick := func(forms ...string) string { return rapid.SampledFrom(forms).Draw(rt, "cell") }
		text := func(column int) string {
			switch column {
			case colNumber:
				return pick("1001", "1001.0", "1002", "1003", "")
			case colFirst:
				return pick("Jane", "jane", "Ann", "")
			case colLast:
				return pick("Doe", "Doe", "Ray")
			case colEmail:
				return pick("a@b.de", "A@b.de", "b@b.de", "c@b.de", "d@b.de", "nobody", "")
			case colPhone:
				return pick("+14155552671", "+14155552672", "4155552671", "")
			case colTerms:
				return pick("TRUE", "TRUE", "ja", "nein")
			}
			return pick("US", "DE", "Deutschland", "")
		}
		columns := []int{colNumber, colFirst, colLast, colEmail, colPhone, colTerms, colCountry}
		rows := [][]string{good("9", "first@b.de", nil)} // a list without any customer is refused
		for range rapid.IntRange(2, 9).Draw(rt, "rows") {
			cells := map[int]string{}
			for _, column := range columns {
				cells[column] = text(column)
			}
			rows = append(rows, good("0", "x", cells))
		}
		n++
		list := upload(t, s, fmt.Sprintf("list%d.csv", n), sheet(t, headings(), rows...))
		if rapid.Bool().Draw(rt, "hasID") {
			id := "Nr"
			if _, err := s.ChangeSettings(ctx, editor(list), list.ID, api.SettingsPatch{ID: &id}); err != nil {
				rt.Fatal(err)
			}
			list = find(t, s, list.ID)
		}
		for revision := list.Revision; revision < list.Revision+8; revision++ {
			if err := changeAtRandom(ctx, rt, s, Editor{owner, revision}, list.ID, columns, text); err != nil {
				rt.Fatal(err)
			}
			s.checks.Wait()
			if err := compareWithFullCheck(s, list.ID); err != nil {
				rt.Fatal(err)
			}
		}
	})
}

// changeAtRandom makes one change of a list.
func changeAtRandom(ctx context.Context, rt *rapid.T, s *Store, e Editor, id string, columns []int, text func(int) string) error {
	page, err := s.Rows(ctx, id, Query{N: MaxRows})
	if err != nil {
		return err
	}
	row := rapid.SampledFrom(page.Rows).Draw(rt, "row")
	switch rapid.SampledFrom([]string{"cell", "cell", "cell", "block", "clear", "out", "undo"}).Draw(rt, "change") {
	case "block": // two rows, two columns
		other := rapid.SampledFrom(page.Rows).Draw(rt, "other")
		var edits []api.CellEdit
		for _, r := range slices.CompactFunc([]api.Row{row, other}, func(a, b api.Row) bool { return a.Number == b.Number }) {
			for _, column := range []int{colEmail, colPhone} {
				edits = append(edits, api.CellEdit{Row: r.Number, Column: column, From: r.Cells[column], To: text(column)})
			}
		}
		_, err = s.EditCells(ctx, e, id, edits)
	case "clear": // nothing of a customer is left
		var edits []api.CellEdit
		for column, cell := range row.Cells {
			edits = append(edits, api.CellEdit{Row: row.Number, Column: column, From: cell})
		}
		_, err = s.EditCells(ctx, e, id, edits)
	case "out":
		_, err = s.LeaveOut(ctx, e, id, api.LeaveOut{Rows: []int{row.Number}, Why: "cancelled", Back: row.LeftOut == "cancelled"})
	case "undo":
		if _, err = s.Undo(ctx, e, id, e.Revision); codeOfError(err) == "" {
			return nil
		}
		fallthrough // there is nothing to undo
	default:
		column := rapid.SampledFrom(columns).Draw(rt, "column")
		_, err = s.EditCells(ctx, e, id, []api.CellEdit{{Row: row.Number, Column: column, From: row.Cells[column], To: text(column)}})
	}
	return err
}

// Rows that share nothing with an edited one are not read again.
func TestClosure(t *testing.T) {
	r := newRelations(6)
	for row, keys := range [][relationKinds]uint64{{1, 0, 0}, {1, 5, 0}, {2, 5, 0}, {3, 0, 7}, {0, 0, 0}, {4, 0, 7}} {
		r.set(row, keys)
	}
	for _, c := range []struct {
		rows []int
		more [relationKinds]uint64
		want []int
	}{
		{[]int{0}, [relationKinds]uint64{}, []int{0, 1, 2}},
		{[]int{2}, [relationKinds]uint64{}, []int{0, 1, 2}},
		{[]int{3}, [relationKinds]uint64{}, []int{3, 5}},
		{[]int{4}, [relationKinds]uint64{}, []int{4}},
		{[]int{4}, [relationKinds]uint64{3, 0, 0}, []int{3, 4, 5}},
		{[]int{4}, [relationKinds]uint64{0, 1, 0}, []int{4}},
	} {
		if got := r.closure(c.rows, [][relationKinds]uint64{c.more}); !slices.Equal(got, c.want) {
			t.Errorf("closure of %v with %v is %v, want %v", c.rows, c.more, got, c.want)
		}
	}
}
