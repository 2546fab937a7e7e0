package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/webcmd"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
)

// webList is a list of the finance page, and a folder in which its command runs.
type webList struct {
	t     *testing.T
	store *lists.Store
	id    string
	dir   string
}

const webUser = "sabine"

// newWebList drops a file on the page, and puts a copy of it where its command finds it.
func newWebList(t *testing.T, path string) *webList {
	t.Helper()
	store, err := lists.Open(t.TempDir(), lists.Options{MapFiles: webcmd.MapFiles{}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w := &webList{t: t, store: store, dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(w.dir, filepath.Base(path)), text, 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := store.Upload(context.Background(), webUser, filepath.Base(path), bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	w.id = list.ID
	return w
}

// find returns the list once its check has ended.
func (w *webList) find() api.List {
	w.t.Helper()
	w.store.Wait()
	if _, err := w.store.Find(webUser, w.id); err != nil { // looks for proposals, if cells were corrected
		w.t.Fatal(err)
	}
	w.store.Wait()
	list, err := w.store.Find(webUser, w.id)
	if err != nil || list.State != api.ListChecked {
		w.t.Fatalf("%v %+v", err, list.Refusal)
	}
	return list
}

// download writes a file of the list, under a name in the folder of the command.
func (w *webList) download(write lists.FileWriter, name string) []byte {
	w.t.Helper()
	var out bytes.Buffer
	if err := write(context.Background(), w.id, func(int64) io.Writer { return &out }); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, name), out.Bytes(), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return out.Bytes()
}

// run runs the command that the page shows, with further flags.
func (w *webList) run(list api.List, flags ...string) (stdout []byte) {
	w.t.Helper()
	words := term.SplitWords(list.Command)
	if len(words) < 3 || words[0] != "bulkonboard" || words[1] != "validate" {
		w.t.Fatalf("command %q", list.Command)
	}
	words[len(words)-1] = filepath.Join(w.dir, words[len(words)-1])
	var out, complaints bytes.Buffer
	code := cli.Run(w.t.Context(), slices.Concat(words[1:2], flags, words[2:]), nil, strings.NewReader(""), &out, &complaints)
	if code != 0 && code != 3 {
		w.t.Fatalf("%s: exit code %d\n%s", list.Command, code, complaints.String())
	}
	return out.Bytes()
}

// compareFigures compares the figures on the page with those of validate --json, by the
// command that the page shows.
func (w *webList) compareFigures() {
	w.t.Helper()
	list := w.find()
	if !strings.HasSuffix(list.Command, list.Name) {
		w.download(w.store.WriteCorrected, strings.TrimSuffix(list.Name, filepath.Ext(list.Name))+".corrected.xlsx")
	}
	var want struct {
		Rows     int
		Counts   map[string]int
		Problems []report.Cause
	}
	if err := json.Unmarshal(w.run(list, "--json"), &want); err != nil {
		w.t.Fatal(err)
	}
	problems := []report.Cause{}
	for _, p := range list.Problems {
		problems = append(problems, report.Cause{Status: ledger.Status(p.Status), Field: p.Field, Code: p.Code, Count: p.Count})
	}
	if want.Rows != list.Counts.Rows-list.Counts.LeftOut || !reflect.DeepEqual(want.Counts, list.Statuses) || !reflect.DeepEqual(want.Problems, problems) {
		w.t.Errorf("%s\nthe page has %d rows of %d, %v, %v\nvalidate has %d rows, %v, %v", list.Command, list.Counts.Rows-list.Counts.LeftOut, list.Counts.Rows, list.Statuses, problems, want.Rows, want.Counts, want.Problems)
	}
	if c := list.Counts; c.Ready+c.ToCorrect+c.Repeats+c.LeftOut != c.Rows {
		w.t.Errorf("the counts do not add up: %+v", c)
	}
}

// compareMarked compares the marked workbook of the page with that of --annotate, byte
// for byte.
func (w *webList) compareMarked() {
	w.t.Helper()
	list := w.find()
	page := w.download(w.store.WriteMarked, "page.xlsx")
	path := filepath.Join(w.dir, "command.xlsx")
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	w.run(list, "--annotate", path)
	command, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	if !bytes.Equal(page, command) {
		w.t.Errorf("%s: the marked workbook of the page has %d bytes, that of --annotate %d, and they differ", list.Name, len(page), len(command))
	}
}

// dropMarked drops the marked workbook on the page. It is the list that it was made of.
func (w *webList) dropMarked() {
	w.t.Helper()
	list := w.find()
	text, err := os.ReadFile(filepath.Join(w.dir, "page.xlsx"))
	if err != nil {
		w.t.Fatal(err)
	}
	marked, err := w.store.Upload(context.Background(), webUser, "page.xlsx", bytes.NewReader(text))
	if err != nil {
		w.t.Fatal(err)
	}
	w.store.Wait()
	again, err := w.store.Find(webUser, marked.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	isLess := again.Counts.Rows != list.Counts.Rows || again.Counts.ToCorrect != list.Counts.ToCorrect || again.Counts.Ready != list.Counts.Ready
	if again.State != api.ListChecked || isLess || !slices.ContainsFunc(again.Columns, func(c api.Column) bool { return c.Field == "email" }) {
		w.t.Errorf("%s: dropped again it has %+v, and had %+v (%+v)", list.Name, again.Counts, list.Counts, again.Refusal)
	}
}

func webFiles(t *testing.T) []string {
	t.Helper()
	files := []string{"../../samples/customers.csv", "../../samples/customers.xlsx", "../../samples/customers-with-mistakes.csv", "../../samples/customers-with-mistakes.xlsx"}
	office, err := filepath.Glob("testdata/office/*.xlsx")
	if err != nil || len(office) == 0 {
		t.Fatalf("%v %v", office, err)
	}
	lines := filepath.Join(t.TempDir(), "lines.jsonl")
	const customer = `{"email":"%s","firstName":"Jane","lastName":"Doe","phoneNumber":"+14155552671","accountPurpose":"personal use","ipAddress":"203.0.113.42","isTermsOfServiceAccepted":true,"program":"custodial"}` + "\n"
	if err := os.WriteFile(lines, []byte(fmt.Sprintf(customer+customer+customer, "a@b.de", "nobody", "a@b.de")), 0o600); err != nil {
		t.Fatal(err)
	}
	return append(append(files, office...), "testdata/office/list.csv", "testdata/office/libreoffice-utf-16.csv", lines)
}

// The figures of the page and the marked workbook are those of the command that the page
// shows, as dropped, after cells were corrected and rows left out, and after a decision.
func TestWebListIsAsTheCommand(t *testing.T) {
	long(t)
	for _, path := range webFiles(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			w := newWebList(t, path)
			w.compareFigures()
			w.compareMarked()
			w.dropMarked()
			w.editSome()
			w.compareFigures()
			w.compareMarked()
			if w.decideFirst() {
				w.compareFigures()
				w.compareMarked()
			}
		})
	}
}

// editSome corrects cells with problems in the first rows, and leaves out two rows.
func (w *webList) editSome() {
	w.t.Helper()
	ctx, list := context.Background(), w.find()
	page, err := w.store.Rows(ctx, w.id, lists.Query{Filter: "correct", N: 40})
	if err != nil {
		w.t.Fatal(err)
	}
	if page.Total == 0 {
		if page, err = w.store.Rows(ctx, w.id, lists.Query{N: 40}); err != nil {
			w.t.Fatal(err)
		}
	}
	values := map[string]string{"email": "corrected@company.com", "isTermsOfServiceAccepted": "TRUE", "countryCode": "DE", "firstName": "=1+1", "phoneNumber": "+4915112345678"}
	var edits []api.CellEdit
	seen := map[[2]int]bool{}
	for _, row := range page.Rows {
		for _, f := range row.Findings {
			if text, isKnown := values[f.Field]; isKnown && f.Column >= 0 && !seen[[2]int{row.Number, f.Column}] {
				seen[[2]int{row.Number, f.Column}] = true
				edits = append(edits, api.CellEdit{Row: row.Number, Column: f.Column, From: row.Cells[f.Column], To: text})
			}
		}
	}
	if len(edits) == 0 {
		edits = []api.CellEdit{{Row: page.Rows[0].Number, Column: 0, From: page.Rows[0].Cells[0], To: "changed"}}
	}
	editor := lists.Editor{Name: webUser, Revision: list.Revision}
	edited, err := w.store.EditCells(ctx, editor, w.id, edits)
	if err != nil {
		w.t.Fatal(err)
	}
	editor.Revision = edited.Revision
	last := page.Rows[len(page.Rows)-1].Number
	if _, err := w.store.LeaveOut(ctx, editor, w.id, api.LeaveOut{Rows: []int{last, page.Rows[len(page.Rows)/2].Number}, Why: "cancelled"}); err != nil {
		w.t.Fatal(err)
	}
}

// decideFirst makes the proposed decisions, as long as there are any.
func (w *webList) decideFirst() bool {
	w.t.Helper()
	isMade := false
	for range 20 {
		list := w.find()
		if len(list.Proposals) == 0 {
			return isMade
		}
		p := list.Proposals[0]
		order := api.Decide{Kind: p.Kind, Field: p.Field, To: p.To, Columns: p.Columns}
		if p.Kind == "value" {
			order.Values, order.To, order.Columns = map[string]string{p.From: p.To}, "", nil
		}
		if len(order.Columns) == 0 {
			order.Columns = nil
		}
		if _, err := w.store.Decide(context.Background(), lists.Editor{Name: webUser, Revision: list.Revision}, w.id, order); err != nil {
			w.t.Fatalf("%+v: %v", order, err)
		}
		isMade = true
	}
	w.t.Error("there are always more proposals")
	return isMade
}

// A file that is refused is refused with the sentence of the command line.
func TestWebRefusesAsTheCommand(t *testing.T) {
	compound := "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 504)
	encrypted, err := os.ReadFile("../../pipeline/source/testdata/xlsx/password.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile("../../samples/customers.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.Clone(whole)
	for i := len(broken) / 3; i < len(broken)/3+200; i++ {
		broken[i] ^= 0xff
	}
	folder := t.TempDir()
	t.Chdir(folder)
	for name, content := range map[string][]byte{
		"old.xls": []byte(compound), "encrypted.xlsx": encrypted, "cut.xlsx": whole[:len(whole)/2], "broken.xlsx": broken, "empty.csv": nil, "header.csv": []byte("email,firstName\n"),
		"photo.csv": []byte("\x89PNG\r\n\x1a\n" + strings.Repeat("\x00", 64)), "page.xlsx": []byte("<html><table><tr><td>a</td></tr></table></html>"), "list.json": []byte(`[{"email":"a@b.de"}]`), "one.csv": []byte("a;b\n1;2\n"),
		"latin.csv": []byte("email,firstName\na@b.de,J\xfcrgen\n"),
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
			var out, said bytes.Buffer
			if code := cli.Run(t.Context(), []string{"validate", name}, nil, strings.NewReader(""), &out, &said); code != 2 {
				t.Fatalf("exit code %d: %s%s", code, out.String(), said.String())
			}
			store, err := lists.Open(t.TempDir(), lists.Options{}, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := store.Close(); err != nil {
					t.Error(err)
				}
			}()
			list, err := store.Upload(context.Background(), webUser, name, bytes.NewReader(content))
			refusal := refusalOf(err)
			if err == nil { // a setting may help
				store.Wait()
				if list, err = store.Find(webUser, list.ID); err != nil || list.Refusal == nil {
					t.Fatalf("%v %+v", err, list)
				}
				refusal = *list.Refusal
			}
			plain := strings.NewReplacer("\n", " ", "  ", " ").Replace(said.String())
			for _, sentence := range []string{refusal.Sentence, refusal.WhatToDo} {
				if sentence = strings.TrimSuffix(sentence, "."); sentence == "" || !strings.Contains(plain, sentence) {
					t.Errorf("the page says %q, the command says %q", sentence, plain)
				}
			}
		})
	}
}

// refusalOf returns what the browser is shown of an error.
func refusalOf(err error) api.Error {
	var input *source.Error
	if errors.As(err, &input) {
		return lists.InputRefusal(input)
	}
	return api.Error{}
}
