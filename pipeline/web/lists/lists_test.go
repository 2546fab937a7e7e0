package lists

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/validate"
)

const owner = "sabine"

// openStore opens a store in a folder, and closes it with the test.
func openStore(t testing.TB, folder string) *Store {
	t.Helper()
	s, err := Open(folder, Options{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// sheet returns a CSV file of rows below some headings.
func sheet(t testing.TB, headings []string, rows ...[]string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(append([][]string{headings}, rows...)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// headings are those of good rows.
func headings() []string {
	return []string{"Nr", "firstName", "lastName", "email", "phoneNumber", "accountPurpose", "ipAddress", "isTermsOfServiceAccepted", "program", "countryCode", "note"}
}

// Columns of good rows.
const (
	colNumber, colFirst, colLast, colEmail, colPhone = 0, 1, 2, 3, 4
	colTerms, colCountry                             = 7, 9
)

// good returns a row without a problem, with some cells replaced.
func good(number, email string, cells map[int]string) []string {
	row := []string{number, "Jane", "Doe " + email[:1], email, "+14155552671", "personal use", "203.0.113.42", "TRUE", "custodial", "US", "n"}
	for i, text := range cells {
		row[i] = text
	}
	return row
}

// upload keeps a file and waits for its check.
func upload(t testing.TB, s *Store, name string, file []byte) api.List {
	t.Helper()
	list, err := s.Upload(context.Background(), owner, name, bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return find(t, s, list.ID)
}

// find returns a list once its check has ended.
func find(t testing.TB, s *Store, id string) api.List {
	t.Helper()
	for range 3 { // the first call may begin a check
		if _, err := s.Find(owner, id); err != nil {
			t.Fatal(err)
		}
		s.checks.Wait()
	}
	list, err := s.Find(owner, id)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func codeOfError(err error) string {
	var r *api.Refusal
	if errors.As(err, &r) {
		return r.Body.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func editor(list api.List) Editor { return Editor{owner, list.Revision} }

// allRows returns all rows that match a filter.
func allRows(t testing.TB, s *Store, id, filter string) []api.Row {
	t.Helper()
	page, err := s.Rows(context.Background(), id, Query{Filter: filter, N: MaxRows})
	if err != nil {
		t.Fatal(err)
	}
	return page.Rows
}

func numbersOf(rows []api.Row) []int {
	numbers := []int{}
	for _, r := range rows {
		numbers = append(numbers, r.Number)
	}
	return numbers
}

func TestUploadAndCheck(t *testing.T) {
	s := openStore(t, t.TempDir())
	list := upload(t, s, "kunden.csv", sheet(t, headings(), good("1", "a@b.de", nil), good("2", "a@b.de", nil), good("3", "c@b.de", map[int]string{colTerms: "ja"}), good("4", "nobody", nil)))
	if list.State != api.ListChecked || list.Refusal != nil || list.Kind != "csv" || list.Name != "kunden.csv" || !list.Mine {
		t.Fatalf("%+v", list)
	}
	want := api.Counts{Rows: 4, Ready: 1, ToCorrect: 2, Repeats: 1}
	if list.Counts != want {
		t.Errorf("%+v, want %+v", list.Counts, want)
	}
	if list.Statuses["invalid"] != 2 || list.Statuses["pending"] != 1 || list.Statuses["duplicate_in_input"] != 1 || len(list.Statuses) != len(ledger.Statuses()) {
		t.Errorf("%v", list.Statuses)
	}
	terms := list.Kinds[slices.IndexFunc(list.Kinds, func(k api.Kind) bool { return k.Code == validate.CodeTerms })]
	if terms.Group != "decide" || terms.Cells != 1 || !slices.Equal(terms.Values, []api.Value{{Text: "ja", Cells: 1, Means: "true"}}) {
		t.Errorf("%+v", terms)
	}
	if len(list.Proposals) != 1 || list.Proposals[0].Text != `"ja" in isTermsOfServiceAccepted means that the customer accepted the terms of service.` {
		t.Errorf("%+v", list.Proposals)
	}
	if c := list.Columns[colEmail]; c.Field != "email" || c.FoundBy != "name" || c.Filled != 4 || !slices.Equal(c.Examples, []string{"a@b.de", "c@b.de", "nobody"}) {
		t.Errorf("%+v", c)
	}
	for filter, want := range map[string][]int{"all": {2, 3, 4, 5}, "": {2, 3, 4, 5}, "correct": {4, 5}, "ready": {2}, "repeat": {3}, "left-out": {}, "edited": {}, "look": {},
		"kind:isTermsOfServiceAccepted.terms_not_accepted": {4}} {
		if got := numbersOf(allRows(t, s, list.ID, filter)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", filter, got, want)
		}
	}
	rows := allRows(t, s, list.ID, "all")
	if rows[1].Repeats != 2 || rows[2].Cells[colTerms] != "ja" || rows[2].Findings[0].Column != colTerms || len(rows[0].Findings) != 0 {
		t.Errorf("%+v", rows)
	}
	for find, want := range map[string][]int{"NOBODY": {5}, "doe a": {2, 3}, `"`: {}, "number": {}} {
		page, err := s.Rows(context.Background(), list.ID, Query{Find: find, N: 10})
		if err != nil || !slices.Equal(numbersOf(page.Rows), want) {
			t.Errorf("find %s: %v %v, want %v", find, numbersOf(page.Rows), err, want)
		}
	}
	if page, err := s.Rows(context.Background(), list.ID, Query{From: 2, N: 1}); err != nil || page.Total != 4 || !slices.Equal(numbersOf(page.Rows), []int{4}) {
		t.Errorf("%+v %v", page, err)
	}
	if want := "bulkonboard validate kunden.csv"; list.Command != want {
		t.Errorf("%s", list.Command)
	}
}

func TestEditCells(t *testing.T) {
	ctx, s := context.Background(), openStore(t, t.TempDir())
	list := upload(t, s, "kunden.csv", sheet(t, headings(), good("1", "a@b.de", nil), good("2", "a@b.de", nil), good("3", "nobody", nil)))
	edited, err := s.EditCells(ctx, editor(list), list.ID, []api.CellEdit{{Row: 4, Column: colEmail, From: "nobody", To: "a@b.de"}})
	if err != nil {
		t.Fatal(err)
	}
	if edited.Revision != 2 || edited.State != api.ListChecked || edited.Counts != (api.Counts{Rows: 3, Ready: 1, Repeats: 2, Edited: 1, Cells: 1}) || edited.Change.Text != "D4" || edited.Change.ID != 2 {
		t.Errorf("%+v", edited)
	}
	row := edited.Rows[len(edited.Rows)-1]
	if row.Number != 4 || row.Repeats != 2 || row.Was[colEmail] != "nobody" || row.Cells[colEmail] != "a@b.de" {
		t.Errorf("%+v", row)
	}
	// The first row changes its e-mail: the second one is the one that counts now.
	edited, err = s.EditCells(ctx, Editor{owner, 2}, list.ID, []api.CellEdit{{Row: 2, Column: colEmail, From: "a@b.de", To: "new@b.de"}})
	if err != nil || !slices.Equal(numbersOf(edited.Rows), []int{2, 3, 4}) || edited.Rows[1].Status != "pending" || edited.Rows[2].Repeats != 3 {
		t.Errorf("%+v %v", edited, err)
	}
	for name, c := range map[string]struct {
		editor Editor
		cells  []api.CellEdit
		want   string
	}{
		"old revision":  {Editor{owner, 2}, []api.CellEdit{{Row: 2, Column: colEmail, From: "new@b.de", To: "x"}}, "changed_meanwhile"},
		"another user":  {Editor{"jonas", 3}, []api.CellEdit{{Row: 2, Column: colEmail, From: "new@b.de", To: "x"}}, "not_yours"},
		"other content": {Editor{owner, 3}, []api.CellEdit{{Row: 2, Column: colEmail, From: "a@b.de", To: "x"}}, "changed_meanwhile"},
		"no such row":   {Editor{owner, 3}, []api.CellEdit{{Row: 5, Column: colEmail, To: "x"}}, "bad_request"},
		"header row":    {Editor{owner, 3}, []api.CellEdit{{Row: 1, Column: colEmail, From: "email", To: "x"}}, "bad_request"},
		"no column":     {Editor{owner, 3}, []api.CellEdit{{Row: 2, Column: 11, To: "x"}}, "bad_request"},
		"below zero":    {Editor{owner, 3}, []api.CellEdit{{Row: 2, Column: -1, To: "x"}}, "bad_request"},
		"control":       {Editor{owner, 3}, []api.CellEdit{{Row: 2, Column: colEmail, From: "new@b.de", To: "a\x00"}}, "bad_request"},
		"twice":         {Editor{owner, 3}, []api.CellEdit{{Row: 2, Column: 0, From: "1", To: "2"}, {Row: 2, Column: 0, From: "1", To: "2"}}, "bad_request"},
		"one is wrong":  {Editor{owner, 3}, []api.CellEdit{{Row: 2, Column: 0, From: "1", To: "2"}, {Row: 3, Column: 0, From: "1", To: "2"}}, "changed_meanwhile"},
		"none":          {Editor{owner, 3}, nil, "bad_request"},
	} {
		if _, err := s.EditCells(ctx, c.editor, list.ID, c.cells); codeOfError(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	var refusal *api.Refusal
	_, err = s.EditCells(ctx, Editor{owner, 3}, list.ID, []api.CellEdit{{Row: 2, Column: colEmail, From: "a@b.de", To: "x"}})
	if !errors.As(err, &refusal) || refusal.Body.ChangedBy != owner || refusal.Body.Revision != 3 || refusal.Status != 412 {
		t.Errorf("%+v", refusal)
	}
	if now := find(t, s, list.ID); now.Revision != 3 {
		t.Errorf("a refused change changed the list: %d", now.Revision)
	}
}

func TestUndo(t *testing.T) {
	ctx, s := context.Background(), openStore(t, t.TempDir())
	list := upload(t, s, "kunden.csv", sheet(t, headings(), good("1", "a@b.de", nil), good("2", "nobody", nil)))
	first, err := s.EditCells(ctx, editor(list), list.ID, []api.CellEdit{{Row: 3, Column: colEmail, From: "nobody", To: "b@b.de"}})
	if err != nil || first.Counts.Ready != 2 {
		t.Fatalf("%+v %v", first, err)
	}
	second, err := s.EditCells(ctx, Editor{owner, 2}, list.ID, []api.CellEdit{{Row: 3, Column: colEmail, From: "b@b.de", To: "a@b.de"}})
	if err != nil || second.Counts.Repeats != 1 {
		t.Fatalf("%+v %v", second, err)
	}
	undone, err := s.Undo(ctx, Editor{owner, 3}, list.ID, second.Change.ID)
	if err != nil || undone.Counts.Ready != 2 || undone.Rows[len(undone.Rows)-1].Cells[colEmail] != "b@b.de" {
		t.Errorf("%+v %v", undone, err)
	}
	undone, err = s.Undo(ctx, Editor{owner, 4}, list.ID, first.Change.ID)
	if err != nil || undone.Counts != (api.Counts{Rows: 2, Ready: 1, ToCorrect: 1}) || len(undone.Rows[0].Was) != 0 {
		t.Errorf("%+v %v", undone, err)
	}
	for _, change := range []int{0, 1, 2, 4, 99} { // nothing, the upload, an undone one, an undo, one that is not there
		if _, err := s.Undo(ctx, Editor{owner, 5}, list.ID, change); codeOfError(err) != "not_a_change" {
			t.Errorf("change %d: %v", change, err)
		}
	}
}

func TestLeaveOut(t *testing.T) {
	ctx, s := context.Background(), openStore(t, t.TempDir())
	list := upload(t, s, "kunden.csv", sheet(t, headings(), good("1", "a@b.de", nil), good("2", "a@b.de", nil), good("3", "c@b.de", map[int]string{colTerms: "nein"}), good("4", "d@b.de", map[int]string{colTerms: "vielleicht"})))
	out, err := s.LeaveOut(ctx, editor(list), list.ID, api.LeaveOut{Rows: []int{2}, Why: "cancelled"})
	if err != nil || out.Counts != (api.Counts{Rows: 4, Ready: 1, ToCorrect: 2, LeftOut: 1}) || out.Rows[0].LeftOut != "cancelled" || out.Rows[0].Status != "" || out.Rows[1].Status != "pending" {
		t.Fatalf("%+v %v", out, err)
	}
	kind := "kind:" + validate.FieldTerms + "." + validate.CodeTerms
	out, err = s.LeaveOut(ctx, Editor{owner, 2}, list.ID, api.LeaveOut{Filter: kind, Value: "Nein ", Why: "not accepted"})
	if err != nil || out.Counts != (api.Counts{Rows: 4, Ready: 1, ToCorrect: 1, LeftOut: 2}) || out.Change.Cells != 1 {
		t.Fatalf("%+v %v", out, err)
	}
	out, err = s.LeaveOut(ctx, Editor{owner, 3}, list.ID, api.LeaveOut{Rows: []int{2}, Back: true})
	if err != nil || out.Counts != (api.Counts{Rows: 4, Ready: 1, ToCorrect: 1, Repeats: 1, LeftOut: 1}) {
		t.Fatalf("%+v %v", out, err)
	}
	out, err = s.Undo(ctx, Editor{owner, 4}, list.ID, 3)
	if err != nil || out.Counts.LeftOut != 0 || out.Counts.ToCorrect != 2 {
		t.Fatalf("%+v %v", out, err)
	}
	for name, c := range map[string]struct {
		order api.LeaveOut
		want  string
	}{
		"nothing":     {api.LeaveOut{}, "bad_request"},
		"both":        {api.LeaveOut{Rows: []int{2}, Filter: "all"}, "bad_request"},
		"no such row": {api.LeaveOut{Rows: []int{9}}, "bad_request"},
		"no filter":   {api.LeaveOut{Filter: "some"}, "bad_request"},
		"is in":       {api.LeaveOut{Rows: []int{2}, Back: true}, "decides_nothing"},
		"long":        {api.LeaveOut{Rows: []int{2}, Why: strings.Repeat("x", 101)}, "bad_request"},
	} {
		if _, err := s.LeaveOut(ctx, Editor{owner, 5}, list.ID, c.order); codeOfError(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	// All rows left out is a list without a customer, and no error.
	if _, err := s.LeaveOut(ctx, Editor{owner, 5}, list.ID, api.LeaveOut{Filter: "all"}); err != nil {
		t.Fatal(err)
	}
	if now := find(t, s, list.ID); now.State != api.ListChecked || now.Counts.LeftOut != 4 {
		t.Errorf("%+v", now.ListSummary)
	}
}

func TestDecide(t *testing.T) {
	ctx, s := context.Background(), openStore(t, t.TempDir())
	list := upload(t, s, "kunden.csv", sheet(t, headings(), good("1", "a@b.de", map[int]string{colTerms: "ja"}), good("2", "b@b.de", map[int]string{colTerms: "Ja "}),
		good("3", "c@b.de", map[int]string{colTerms: "nein"}), good("4", "d@b.de", map[int]string{colCountry: "Deutschland"}), good("5", "e@b.de", nil)))
	before := allRows(t, s, list.ID, "all")
	edited, err := s.Decide(ctx, editor(list), list.ID, api.Decide{Kind: "value", Field: validate.FieldTerms, Values: map[string]string{"ja": "true", "nein": ""}})
	if err != nil || edited.State != api.ListChecking || edited.Change.Cells != 2 {
		t.Fatalf("%+v %v", edited, err)
	}
	now := find(t, s, list.ID)
	if now.Counts != (api.Counts{Rows: 5, Ready: 3, ToCorrect: 2, Look: 1}) || len(now.Decisions) != 1 || now.Decisions[0].ID != 2 || now.Decisions[0].By != owner {
		t.Errorf("%+v %+v", now.Counts, now.Decisions)
	}
	if want := "bulkonboard validate --value=isTermsOfServiceAccepted:ja=true kunden.csv"; now.Command != want {
		t.Errorf("%s", now.Command)
	}
	for name, c := range map[string]struct {
		order api.Decide
		want  string
	}{
		"says no":      {api.Decide{Kind: "value", Field: validate.FieldTerms, Values: map[string]string{"nein": "true"}}, "bad_request"},
		"no words":     {api.Decide{Kind: "value", Field: validate.FieldEmail, Values: map[string]string{"a": "b"}}, "bad_request"},
		"nothing":      {api.Decide{Kind: "value", Field: validate.FieldCountryCode, Values: map[string]string{"Frankreich": "FR"}}, "decides_nothing"},
		"harm":         {api.Decide{Kind: "value", Field: validate.FieldProgram, Values: map[string]string{"custodial": "non_custodial"}}, "harms_rows"},
		"unknown":      {api.Decide{Kind: "guess"}, "bad_request"},
		"region":       {api.Decide{Kind: "phone-region", To: "XX"}, "bad_request"},
		"rows":         {api.Decide{Kind: "leave-out", To: "all"}, "bad_request"},
		"too much":     {api.Decide{Kind: "phone-plus", To: "DE"}, "bad_request"},
		"no plus lost": {api.Decide{Kind: "phone-plus"}, "decides_nothing"},
	} {
		if _, err := s.Decide(ctx, editor(now), list.ID, c.order); codeOfError(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if _, err := s.Undo(ctx, editor(now), list.ID, 2); err != nil {
		t.Fatal(err)
	}
	now = find(t, s, list.ID)
	if now.Counts != list.Counts || len(now.Decisions) != 0 || !slices.EqualFunc(before, allRows(t, s, list.ID, "all"), sameRow) {
		t.Errorf("%+v, want %+v", now.Counts, list.Counts)
	}
}

func sameRow(a, b api.Row) bool {
	return a.Number == b.Number && a.Status == b.Status && a.LeftOut == b.LeftOut && a.Repeats == b.Repeats && slices.Equal(a.Cells, b.Cells) && slices.Equal(a.Findings, b.Findings) && maps.Equal(a.Was, b.Was)
}

// A decision about a column that another sheet, or another reading, does not have leaves
// a list that cannot be read, until the decision or the choice is undone.
func TestDecisionAboutAMissingColumn(t *testing.T) {
	ctx, s := context.Background(), openStore(t, t.TempDir())
	names := append(headings(), "address", "Hausnummer")
	rows := [][]string{append(good("1", "a@b.de", nil), "Main Street", "12"), append(good("2", "b@b.de", nil), "Side Street", "7")}
	list := upload(t, s, "kunden.csv", sheet(t, names, rows...))
	if _, err := s.Decide(ctx, editor(list), list.ID, api.Decide{Kind: "join", Field: "address", Columns: []string{"address", "Hausnummer"}}); err != nil {
		t.Fatal(err)
	}
	list = find(t, s, list.ID)
	if list.State != api.ListChecked || len(list.Decisions) != 1 || list.Columns[12].FoundBy != "join" {
		t.Fatalf("%+v", list)
	}
	row := 2 // the first customer becomes the headers
	if _, err := s.ChangeSettings(ctx, editor(list), list.ID, api.SettingsPatch{HeaderRow: &row}); err != nil {
		t.Fatal(err)
	}
	if list = find(t, s, list.ID); list.State != api.ListUnsettled || list.Refusal == nil || list.Counts.Rows != 0 {
		t.Fatalf("%+v", list)
	}
	if _, err := s.EditCells(ctx, editor(list), list.ID, []api.CellEdit{{Row: 2, Column: 0, From: "1", To: "2"}}); codeOfError(err) != "still_checking" {
		t.Errorf("%v", err)
	}
	if _, err := s.Undo(ctx, editor(list), list.ID, 3); err != nil {
		t.Fatal(err)
	}
	if list = find(t, s, list.ID); list.State != api.ListChecked || list.Refusal != nil || list.Counts.Ready != 2 {
		t.Errorf("%+v", list)
	}
}

// What is kept in memory is bounded: a list that was dropped from it is checked again when
// it is asked for.
func TestUnload(t *testing.T) {
	s := openStore(t, t.TempDir())
	list := upload(t, s, "kunden.csv", sheet(t, headings(), good("1", "a@b.de", nil), good("2", "nobody", nil)))
	l, err := s.lock(list.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.unload(); err != nil {
		t.Fatal(err)
	}
	l.mu.Unlock()
	if all := s.All(owner); all[0].Counts != list.Counts || all[0].State != api.ListChecked {
		t.Errorf("%+v", all)
	}
	if _, err := s.Rows(context.Background(), list.ID, Query{N: 1}); codeOfError(err) != "still_checking" {
		t.Errorf("%v", err)
	}
	s.checks.Wait()
	if rows := allRows(t, s, list.ID, "all"); len(rows) != 2 {
		t.Errorf("%+v", rows)
	}
}

// A list that is discarded during its check leaves nothing.
func TestDiscardDuringACheck(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	var rows [][]string
	for i := range 2000 {
		rows = append(rows, good("1", fmt.Sprintf("c%d@b.de", i), nil))
	}
	file := sheet(t, headings(), rows...)
	for range 10 {
		list, err := s.Upload(context.Background(), owner, "kunden.csv", bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Discard("jonas", list.ID); codeOfError(err) != "not_yours" {
			t.Errorf("%v", err)
		}
		if err := s.Discard(owner, list.ID); err != nil {
			t.Error(err)
		}
		if err := s.Forget(list.ID); codeOfError(err) != "not_found" {
			t.Errorf("%v", err)
		}
	}
	if left, err := os.ReadDir(filepath.Join(dir, "lists")); err != nil || len(left) > 0 {
		t.Errorf("%v %v", left, err)
	}
}

// A kill in the middle of a discard, or a file that cannot be removed, leaves no list: the
// next start removes the rest.
func TestDiscardIsFinishedLater(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	list := upload(t, s, "kunden.csv", sheet(t, headings(), good("1", "a@b.de", nil)))
	inUse := errors.New("in use")
	s.removeAll = func(string) error { return inUse }
	if err := s.Discard(owner, list.ID); !errors.Is(err, inUse) {
		t.Errorf("%v", err)
	}
	killed := t.TempDir()
	if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if all := openStore(t, killed).All(owner); len(all) > 0 {
		t.Errorf("it is back: %+v", all)
	}
	if left, err := os.ReadDir(filepath.Join(killed, "lists")); err != nil || len(left) > 0 {
		t.Errorf("%v %v", left, err)
	}
}

// A list whose check failed is checked again when its settings are sent again.
func TestAFailedCheckIsMadeAgain(t *testing.T) {
	s := openStore(t, t.TempDir())
	list := upload(t, s, "kunden.csv", sheet(t, headings(), good("1", "a@b.de", nil)))
	l, err := s.lock(list.ID)
	if err != nil {
		t.Fatal(err)
	}
	l.fail(errors.New("no space left on device"))
	l.mu.Unlock()
	if list = find(t, s, list.ID); list.State != api.ListFailed || list.Refusal.Code != "failed" {
		t.Fatalf("%+v", list)
	}
	if _, err := s.ChangeSettings(context.Background(), editor(list), list.ID, api.SettingsPatch{}); err != nil {
		t.Fatal(err)
	}
	if list = find(t, s, list.ID); list.State != api.ListChecked || list.Refusal != nil || list.Counts.Ready != 1 {
		t.Errorf("%+v", list)
	}
}

// Where two columns may be one field, the list is kept and both are shown, so that one can
// be chosen.
func TestTwoColumnsForOneField(t *testing.T) {
	s := openStore(t, t.TempDir())
	heads := slices.Replace(headings(), colPhone, colPhone+1, "Telefon", "Mobil")
	list := upload(t, s, "kunden.csv", sheet(t, heads, slices.Insert(good("1", "a@b.de", nil), colPhone, "+4930123456")))
	if list.State != api.ListUnsettled || !slices.Equal(list.Unclear, []string{"phoneNumber"}) || !strings.Contains(list.Refusal.Sentence, "may both be phoneNumber") {
		t.Fatalf("%s %q %+v", list.State, list.Unclear, list.Refusal)
	}
	phone := list.Fields[slices.IndexFunc(list.Fields, func(f api.Field) bool { return f.Name == "phoneNumber" })]
	if phone.Column != -1 || !slices.Equal(phone.Near, []int{colPhone, colPhone + 1}) {
		t.Errorf("%+v", phone)
	}
	if _, err := s.ChangeSettings(context.Background(), editor(list), list.ID, api.SettingsPatch{Columns: map[string]string{"phoneNumber": "Mobil"}}); err != nil {
		t.Fatal(err)
	}
	if list = find(t, s, list.ID); list.State != api.ListChecked || list.Counts.Ready != 1 || len(list.Unclear) > 0 {
		t.Errorf("%s %+v %q", list.State, list.Counts, list.Unclear)
	}
}

// A kept copy that somebody wrote to is not taken for what was uploaded.
func TestReplacedCopy(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	list := upload(t, s, "kunden.csv", sheet(t, headings(), good("1", "a@b.de", nil)))
	l, err := s.lock(list.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.unload(); err != nil {
		t.Fatal(err)
	}
	l.mu.Unlock()
	other := sheet(t, headings(), good("1", "a@b.de", nil), good("2", "b@b.de", nil))
	if err := os.WriteFile(filepath.Join(dir, "lists", list.ID, "input.csv"), other, 0o600); err != nil {
		t.Fatal(err)
	}
	if again := find(t, s, list.ID); again.State != api.ListFailed || again.Refusal == nil || again.Refusal.Code != "file_changed" {
		t.Errorf("%s, %+v", again.State, again.Refusal)
	}
}
