package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
)

// What is kept of a list reads it the same by its map file, and is offered to the next
// list with the same headings, whatever their order. Nothing is used unasked.
func TestWebMappingIsKeptAndOffered(t *testing.T) {
	t.Parallel()
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	w := newWebList(t, write("march.csv", "Nr,First,Last name,Mail dienstlich,Mobile,accountPurpose,ipAddress,AGB\n"+
		"1,Ann,Roe,ann@example.com,+4915112345678,cards,203.0.113.9,ja\n2,Ben,Roe,ben@example.com,+4915112345679,cards,203.0.113.9,nein\n"))
	first, _ := w.store.Find(webUser, w.id)
	for first.State == api.ListChecking {
		w.store.Wait()
		first, _ = w.store.Find(webUser, w.id)
	}
	columns := map[string]string{"email": "Mail dienstlich", "firstName": "First", "isTermsOfServiceAccepted": "AGB"}
	id := "Nr"
	if first.State != api.ListUnsettled || first.Offered != nil {
		t.Fatalf("%s %+v", first.State, first.Offered)
	}
	editor := func(l api.List) lists.Editor { return lists.Editor{Name: webUser, Revision: l.Revision} }
	if _, err := w.store.ChangeSettings(t.Context(), editor(first), w.id, api.SettingsPatch{Columns: columns, Defaults: map[string]string{"program": "custodial"}, ID: &id}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Decide(t.Context(), editor(w.find()), w.id, api.Decide{Kind: "value", Field: "isTermsOfServiceAccepted", Values: map[string]string{"ja": "true"}}); err != nil {
		t.Fatal(err)
	}
	before := w.find()
	kept, err := w.store.KeepMapping(editor(before), w.id)
	if err != nil {
		t.Fatal(err)
	}
	byFile := before
	byFile.Command = kept.Command
	figures := func(list api.List) string {
		text, _, _ := strings.Cut(string(w.run(list, "--json")), `"startedAt"`)
		return text
	}
	if got, want := figures(byFile), figures(before); got != want || before.Counts.Ready != 1 {
		t.Errorf("%s\n%s\nwant\n%s", kept.Command, got, want)
	}
	if _, err := w.store.KeepMapping(editor(before), w.id); err != nil { // in place of the first
		t.Error(err)
	}
	if now := w.find(); now.Offered != nil {
		t.Errorf("a list is offered what it has: %+v", now.Offered)
	}

	next := write("april.csv", "nr,AGB,Mail dienstlich,First,Last name,Mobile,accountPurpose,ipAddress\n7,JA,zoe@example.com,Zoe,Poe,+4915112345670,cards,203.0.113.9\n")
	text, err := os.ReadFile(next)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "april.csv"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	second, err := w.store.Upload(context.Background(), webUser, "april.csv", strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	w.id = second.ID
	w.store.Wait()
	second, err = w.store.Find(webUser, w.id)
	if err != nil || second.State != api.ListUnsettled || second.Offered == nil {
		t.Fatalf("%v %s %+v", err, second.State, second.Offered)
	}
	if o := second.Offered; o.Name != "march" || o.Columns["email"] != "Mail dienstlich" || o.ID != "Nr" || o.Defaults["program"] != "custodial" || len(o.Decisions) != 1 || o.Decisions[0].By != webUser {
		t.Errorf("%+v", o)
	}
	if other, err := w.store.Find("eve", w.id); err != nil || other.Offered != nil {
		t.Errorf("offered to who cannot use it: %v %+v", err, other.Offered)
	}
	if _, err := w.store.UseMapping(t.Context(), editor(second), w.id); err != nil {
		t.Fatal(err)
	}
	used := w.find()
	if used.Counts.Ready != 1 || used.Offered != nil || len(used.Decisions) != 1 || used.Settings.ID != "Nr" {
		t.Errorf("%+v", used)
	}
	w.compareFigures()
	if _, err := w.store.Undo(t.Context(), editor(used), w.id, used.Changes[0].ID); err != nil {
		t.Fatal(err)
	}
	w.store.Wait()
	if back, err := w.store.Find(webUser, w.id); err != nil || back.State != api.ListUnsettled || back.Offered == nil || len(back.Decisions) > 0 {
		t.Errorf("after the undo: %v %+v", err, back)
	}
	odd, err := w.store.Upload(context.Background(), webUser, "odd.csv", strings.NewReader(strings.Replace(string(text), "First", "Vor", 1)))
	if err != nil {
		t.Fatal(err)
	}
	w.store.Wait()
	if odd, err = w.store.Find(webUser, odd.ID); err != nil || odd.Offered != nil {
		t.Errorf("offered for other headings: %v %+v", err, odd.Offered)
	}
}
