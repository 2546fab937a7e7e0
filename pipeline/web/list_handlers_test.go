package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
)

// secret is a value that no log may have.
const secret = "secretive.customer@company.com"

const goodList = `firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program,countryCode
Zebulon,Doe,` + secret + `,+14155552671,personal use,203.0.113.42,TRUE,custodial,US
Ann,Ray,ann,+14155552672,personal use,203.0.113.43,ja,custodial,US
`

// drop uploads a file.
func (p *page) drop(name, content string) *httptest.ResponseRecorder {
	r := p.newRequest("PUT", "/api/lists?name="+name, content)
	r.Header.Set("Content-Type", "application/octet-stream")
	return p.send(r)
}

// list returns a list once its check has ended.
func (p *page) list(id string) api.List {
	p.t.Helper()
	var list api.List
	for range 2 {
		p.decode(p.do("GET", "/api/lists/"+id, ""), &list)
		p.server.lists.Wait()
	}
	list = api.List{}
	p.decode(p.do("GET", "/api/lists/"+id, ""), &list)
	return list
}

// dropGood uploads a list with a good row and one to correct.
func (p *page) dropGood() api.List {
	p.t.Helper()
	w := p.drop("kunden.csv", goodList)
	if w.Code != http.StatusCreated {
		p.t.Fatalf("%d %s", w.Code, w.Body)
	}
	var list api.List
	p.decode(w, &list)
	if w.Header().Get("Location") != "/api/lists/"+list.ID || w.Header().Get("ETag") != `"1"` {
		p.t.Errorf("%v", w.Header())
	}
	return p.list(list.ID)
}

func TestDropCorrectAndDownload(t *testing.T) {
	p := openPage(t, nil)
	p.signIn()
	list := p.dropGood()
	if list.State != api.ListChecked || list.Counts != (api.Counts{Rows: 2, Ready: 1, ToCorrect: 1, Look: 0}) {
		t.Fatalf("%+v", list)
	}
	path := "/api/lists/" + list.ID
	var rows api.Rows
	w := p.do("GET", path+"/rows?filter=correct", "")
	if p.decode(w, &rows); rows.Total != 1 || rows.Rows[0].Number != 3 || w.Header().Get("ETag") != `"1"` {
		t.Errorf("%+v", rows)
	}
	var edited api.Edited
	w = p.change("PATCH", path+"/cells", "1", `[{"row":3,"column":2,"from":"ann","to":"ann@company.com"},{"row":3,"column":6,"from":"ja","to":"TRUE"}]`)
	if p.decode(w, &edited); w.Code != http.StatusOK || edited.Counts.Ready != 2 || edited.Revision != 2 || w.Header().Get("ETag") != `"2"` {
		t.Errorf("%+v", edited)
	}
	// The second of two tabs.
	w = p.change("PATCH", path+"/cells", "1", `[{"row":3,"column":2,"from":"ann","to":"other@company.com"}]`)
	var e api.Error
	if p.decode(w, &e); w.Code != http.StatusPreconditionFailed || e.Code != "changed_meanwhile" || e.ChangedBy != "sabine" || e.Revision != 2 {
		t.Errorf("%d %+v", w.Code, e)
	}
	p.expect(p.do("PATCH", path+"/cells", `[]`), http.StatusPreconditionRequired, "no_revision")
	p.expect(p.change("PATCH", path+"/cells", "x", `[]`), http.StatusBadRequest, "bad_request")
	for _, name := range []string{"marked.xlsx", "corrected.xlsx"} {
		w := p.do("GET", path+"/"+name, "")
		want := `attachment; filename=kunden.` + strings.TrimSuffix(name, ".xlsx") + `.xlsx`
		if w.Code != http.StatusOK || !bytes.HasPrefix(w.Body.Bytes(), []byte("PK")) || w.Header().Get("Content-Disposition") != want ||
			w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Length") != strconv.Itoa(w.Body.Len()) {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
	w = p.change("POST", path+"/leave-out", "2", `{"rows":[2],"why":"cancelled"}`)
	if p.decode(w, &edited); w.Code != http.StatusOK || edited.Counts.LeftOut != 1 {
		t.Errorf("%d %+v", w.Code, edited)
	}
	w = p.change("DELETE", path+"/changes/3", "3", "")
	if p.decode(w, &edited); w.Code != http.StatusOK || edited.Counts.LeftOut != 0 {
		t.Errorf("%d %+v", w.Code, edited)
	}
	p.expect(p.change("DELETE", path+"/changes/x", "4", ""), http.StatusNotFound, "not_a_change")
	w = p.change("PATCH", path+"/settings", "4", `{"defaults":{"city":"Berlin"}}`)
	if w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if now := p.list(list.ID); now.Settings.Defaults["city"] != "Berlin" || now.Revision != 5 || now.Counts.Ready != 2 {
		t.Errorf("%+v", now)
	}
	w = p.change("POST", path+"/plans", "5", `{"save":true,"limit":5}`)
	var plan api.Plan
	if p.decode(w, &plan); plan.Send != 2 || plan.Limit != 5 || !slices.Equal(p.engine.calls, []string{"plan kunden.csv"}) {
		t.Errorf("%+v %v", plan, p.engine.calls)
	}
	p.expect(p.change("POST", path+"/plans", "4", `{"save":true}`), http.StatusPreconditionFailed, "changed_meanwhile")
	p.engine.isInUse = true
	p.expect(p.do("DELETE", path, ""), http.StatusConflict, "list_in_use")
	p.engine.isInUse = false
	if w := p.do("DELETE", path, ""); w.Code != http.StatusNoContent {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	p.expect(p.do("GET", path, ""), http.StatusNotFound, "not_found")
	if left := filesBelow(t, filepath.Join(p.dir, "lists")); len(left) > 0 {
		t.Errorf("after the list was discarded: %v", left)
	}
	p.checkLogs("upload", "cells", "download", "download", "leave-out", "undo", "settings", "plan", "discard")
}

// filesBelow returns all files below a folder.
func filesBelow(t *testing.T, folder string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// checkLogs checks that the log names some actions in their order, and that neither it
// nor the log of the process has a value of the list.
func (p *page) checkLogs(actions ...string) {
	p.t.Helper()
	w := p.do("GET", "/api/log", "")
	text := w.Body.String()
	var log api.Log
	p.decode(w, &log)
	var found []string
	for _, e := range slices.Backward(log.Entries) {
		if e.Action != "login" {
			found = append(found, e.Action)
		}
		if e.User != "sabine" || e.From != "127.0.0.1" || e.At.IsZero() {
			p.t.Errorf("%+v", e)
		}
	}
	if !slices.Equal(found, actions) {
		p.t.Errorf("the log has %v, want %v", found, actions)
	}
	for _, value := range []string{secret, "ann@company.com", "Doe", "+1415555", "Berlin", "cancelled"} {
		if strings.Contains(text, value) || strings.Contains(p.log.String(), value) {
			p.t.Errorf("a log has %q", value)
		}
	}
}

func TestFilesArePrivate(t *testing.T) {
	p := openPage(t, nil)
	p.signIn()
	list := p.dropGood()
	p.change("PATCH", "/api/lists/"+list.ID+"/cells", "1", `[{"row":3,"column":2,"from":"ann","to":"ann@company.com"}]`)
	err := filepath.WalkDir(p.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v", path, info.Mode())
		}
		if strings.Contains(filepath.Base(path), "kunden") {
			t.Errorf("%s has the sender's name", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRefusedUploads(t *testing.T) {
	p := openPage(t, func(c *Config) { c.MaxUpload = 1 << 20 })
	p.signIn()
	encrypted := "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 504)
	for name, c := range map[string]struct {
		file, content string
		status        int
		code          string
		sentence      string // a part of it
	}{
		"too large":   {"a.csv", goodList + strings.Repeat("x", 1<<20), 413, "too_large", ""},
		"compound":    {"a.xls", encrypted, 422, "input_refused", "a.xls: "},
		"damaged":     {"a.xlsx", "PK\x03\x04 damaged", 422, "input_refused", "a.xlsx: "},
		"empty":       {"a.csv", "", 422, "input_refused", "no customer rows"},
		"picture":     {"a.csv", "\x89PNG\r\n\x1a\n" + strings.Repeat("\x00", 100), 422, "input_refused", "a picture"},
		"html":        {"a.xlsx", "<html><table></table></html>", 422, "input_refused", "an HTML page"},
		"no name":     {"", goodList, 422, "bad_name", ""},
		"path":        {"..", goodList, 422, "bad_name", ""},
		"line end":    {"a%0ab.csv", goodList, 422, "bad_name", ""},
		"backwards":   {"a%E2%80%AEvsc.exe", goodList, 422, "bad_name", "characters that cannot be seen"},
		"long":        {strings.Repeat("x", 201) + ".csv", goodList, 422, "bad_name", "longer than 200 letters"},
		"another one": {"b.csv", "id;name\n1;2\n", 201, "", ""},                        // its columns can be chosen
		"wide space":  {"Q4%C2%A010.30%E2%80%AFAM.csv", "id;name\n3;4\n", 201, "", ""}, // as other programs write it
	} {
		w := p.drop(c.file, c.content)
		var e api.Error
		if c.code != "" {
			p.decode(w, &e)
		}
		if w.Code != c.status || e.Code != c.code || !strings.Contains(e.Sentence, c.sentence) || strings.Contains(e.Sentence, "/") {
			t.Errorf("%s: %d %+v, want %d %s", name, w.Code, e, c.status, c.code)
		}
	}
	p.server.lists.Wait()
	if left := filesBelow(t, filepath.Join(p.dir, "lists")); len(left) != 4 {
		t.Errorf("after refused uploads: %v", left)
	}
}

// A disk that keeps no file is named as such, and so is a list whose log cannot be written.
func TestUploadsThatCannotBeKept(t *testing.T) {
	p := openPage(t, nil)
	p.signIn()
	folder := filepath.Join(p.dir, "lists")
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	p.expect(p.drop("kunden.csv", goodList), http.StatusInternalServerError, "not_kept")
	if text := p.log.String(); !strings.Contains(text, "keeping an upload") || strings.Contains(text, "kunden") {
		t.Errorf("the log of the process: %s", text)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	p.dropGood()
}

// Decisions are about words of a list, and no log has these.
func TestLogsHaveNoDecidedWords(t *testing.T) {
	p := openPage(t, nil)
	p.signIn()
	var list api.List
	p.decode(p.drop("kunden.csv", strings.Replace(goodList, ",ja,", ",jawohl,", 1)), &list)
	list = p.list(list.ID)
	if w := p.change("POST", "/api/lists/"+list.ID+"/decisions", "1", `{"kind":"value","field":"isTermsOfServiceAccepted","values":{"jawohl":"true"}}`); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if now := p.list(list.ID); len(now.Decisions) != 1 {
		t.Errorf("%+v", now.Decisions)
	}
	for name, text := range map[string]string{"the log": p.do("GET", "/api/log", "").Body.String(), "the log of the process": p.log.String()} {
		if strings.Contains(text, "jawohl") {
			t.Errorf("%s: %s", name, text)
		}
	}
	p.checkLogs("upload", "decision")
}

// A chunked body without a length is cut at the limit, too.
func TestUploadWithoutLength(t *testing.T) {
	p := openPage(t, func(c *Config) { c.MaxUpload = 1000 })
	p.signIn()
	r := p.newRequest("PUT", "/api/lists?name=a.csv", "x")
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(goodList+strings.Repeat("x", 2000))), -1
	p.expect(p.send(r), http.StatusRequestEntityTooLarge, "too_large")
}

func TestSameFileTwice(t *testing.T) {
	p := openPage(t, nil)
	p.signIn()
	list := p.dropGood()
	w := p.drop("again.csv", goodList)
	var e api.Error
	if p.decode(w, &e); w.Code != http.StatusConflict || e.Code != "already_here" || e.Open != list.ID {
		t.Errorf("%d %+v", w.Code, e)
	}
}

// What is missing is chosen: an encoding, columns, defaults.
func TestUnsettledLists(t *testing.T) {
	p := openPage(t, nil)
	p.signIn()
	w := p.drop("kunden.csv", strings.Replace(goodList, "Zebulon,Doe", "J\xfcrgen,Stra\xdfer", 1))
	var list api.List
	p.decode(w, &list)
	list = p.list(list.ID)
	if list.State != api.ListUnsettled || list.Refusal == nil || !strings.HasPrefix(list.Refusal.Sentence, "kunden.csv, ") || len(list.Readings) == 0 ||
		list.Readings[0].Encoding != "windows-1252" || !slices.Contains(list.Readings[0].Words, "Jürgen") {
		t.Fatalf("%+v", list)
	}
	w = p.change("PATCH", "/api/lists/"+list.ID+"/settings", "1", `{"encoding":"windows-1252"}`)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if list = p.list(list.ID); list.State != api.ListChecked || list.Refusal != nil || list.Counts.Rows != 2 || list.Command != "bulkonboard validate --encoding windows-1252 kunden.csv" {
		t.Fatalf("%+v", list)
	}

	p.decode(p.drop("columns.csv", strings.Replace(strings.Replace(goodList, "program,", "Tarif X,", 1), "email", "Kontakt Z", 1)), &list)
	list = p.list(list.ID)
	if list.State != api.ListUnsettled || !slices.Equal(list.Missing, []string{"email", "program"}) || len(list.Columns) != 9 || list.Columns[7].Heading != "Tarif X" {
		t.Fatalf("%+v", list)
	}
	path := "/api/lists/" + list.ID + "/settings"
	p.expect(p.change("PATCH", path, "1", `{"columns":{"program":"Tarif X","nonsense":"x"}}`), http.StatusBadRequest, "bad_request")
	p.expect(p.change("PATCH", path, "1", `{"encoding":"klingon"}`), http.StatusUnprocessableEntity, "input_refused")
	p.expect(p.change("PATCH", path, "1", `{"defaults":{"email":"a@b.de"}}`), http.StatusBadRequest, "bad_request")
	if w = p.change("PATCH", path, "1", `{"columns":{"program":"Tarif X","email":"Kontakt Z"}}`); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if list = p.list(list.ID); list.State != api.ListChecked || list.Columns[7].FoundBy != "chosen" || list.Command != "bulkonboard validate --map 'email=Kontakt Z' --map 'program=Tarif X' columns.csv" {
		t.Errorf("%+v", list)
	}
}

// The role see gets figures, and no cell of the list.
func TestSeeHasNoValues(t *testing.T) {
	p := openPage(t, nil)
	p.signIn()
	list := p.dropGood()
	p.server.guard = newTestGuard(t, access.User{Name: "eve", Roles: []api.Role{api.See}})
	p.cookie = nil
	p.signIn()
	w := p.do("GET", "/api/lists/"+list.ID, "")
	for _, value := range []string{secret, "Zebulon", `"ja"`} {
		if strings.Contains(w.Body.String(), value) {
			t.Errorf("the role see gets %q: %s", value, w.Body)
		}
	}
	var seen api.List
	if p.decode(w, &seen); seen.Counts != list.Counts || seen.Mine || len(seen.Kinds) != len(list.Kinds) {
		t.Errorf("%+v", seen)
	}
}

func newTestGuard(t *testing.T, owner access.User) *access.Guard {
	t.Helper()
	g, err := access.NewGuard(access.Config{Listener: listener, Owner: owner})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Only the owner of a list changes it; others with the role prepare read it.
func TestAnotherUsersList(t *testing.T) {
	p := openPage(t, nil)
	p.signIn()
	list := p.dropGood()
	p.server.guard = newTestGuard(t, access.User{Name: "jonas", Roles: access.AllRoles()})
	p.cookie = nil
	p.signIn()
	path := "/api/lists/" + list.ID
	p.expect(p.change("PATCH", path+"/cells", "1", `[{"row":3,"column":2,"from":"ann","to":"x"}]`), http.StatusForbidden, "not_yours")
	p.expect(p.change("PATCH", path+"/settings", "1", `{"id":"email"}`), http.StatusForbidden, "not_yours")
	p.expect(p.change("POST", path+"/decisions", "1", `{"kind":"phone-plus"}`), http.StatusForbidden, "not_yours")
	p.expect(p.change("POST", path+"/leave-out", "1", `{"rows":[2],"why":""}`), http.StatusForbidden, "not_yours")
	p.expect(p.do("DELETE", path, ""), http.StatusForbidden, "not_yours")
	if w := p.do("GET", path+"/rows", ""); w.Code != http.StatusOK {
		t.Errorf("%d", w.Code)
	}
	var all api.Lists
	if p.decode(p.do("GET", "/api/lists", ""), &all); len(all.Lists) != 1 || all.Lists[0].Mine || all.Lists[0].Owner != "sabine" {
		t.Errorf("%+v", all)
	}
}

// A new process finds everything that was answered for, also after a kill that tore the
// last line or left files of a check.
func TestNewProcessFindsEverything(t *testing.T) {
	dir := t.TempDir()
	p := openPage(t, func(c *Config) { c.Folder = dir })
	p.signIn()
	list := p.dropGood()
	path := "/api/lists/" + list.ID
	p.change("PATCH", path+"/cells", "1", `[{"row":3,"column":2,"from":"ann","to":"ann@company.com"}]`)
	p.change("POST", path+"/decisions", "2", `{"kind":"value","field":"isTermsOfServiceAccepted","values":{"ja":"true"}}`)
	want := p.list(list.ID)
	if want.Counts.Ready != 2 || want.Revision != 3 {
		t.Fatalf("%+v", want)
	}
	var wantRows api.Rows
	p.decode(p.do("GET", path+"/rows", ""), &wantRows)
	// As a kill leaves it: the process above has not closed anything.
	events := filepath.Join(dir, "lists", list.ID, "events.jsonl")
	for name, text := range map[string]string{events: `{"kind":"cells","by":"sab`, filepath.Join(dir, "log.jsonl"): `{"at":`} {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	unfinished := filepath.Join(dir, "lists", "unfinished")
	if err := os.Mkdir(unfinished, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(unfinished, "input.csv"), []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{Engine: p.engine, Folder: dir, Access: access.Config{Listener: listener}}); !errors.Is(err, lists.ErrOpen) {
		t.Errorf("two processes: %v", err)
	}
	killed := t.TempDir()
	if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	q := openPage(t, func(c *Config) { c.Folder = killed })
	unfinished = filepath.Join(killed, "lists", "unfinished")
	q.expect(q.do("GET", "/api/lists", ""), http.StatusUnauthorized, "signed_out") // sessions do not outlive the process
	q.cookie = p.cookie
	q.expect(q.do("GET", "/api/lists", ""), http.StatusUnauthorized, "signed_out")
	q.signIn()
	got := q.list(list.ID)
	var gotRows api.Rows
	q.decode(q.do("GET", path+"/rows", ""), &gotRows)
	for what, pair := range map[string][2]any{"list": {want, got}, "rows": {wantRows, gotRows}} {
		if a, b := asJSON(t, pair[0]), asJSON(t, pair[1]); a != b {
			t.Errorf("%s was\n%s\nand is\n%s", what, a, b)
		}
	}
	w := q.change("PATCH", path+"/cells", "3", `[{"row":2,"column":0,"from":"Zebulon","to":"Janet"}]`)
	if w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if _, err := os.Stat(unfinished); !os.IsNotExist(err) {
		t.Errorf("an upload that was never answered for is still there: %v", err)
	}
	var log api.Log
	q.decode(q.do("GET", "/api/log?action=cells", ""), &log)
	if log.Total != 2 || log.Entries[0].Rows != 1 {
		t.Errorf("%+v", log)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Links are shown and written only once the log has it, and reports without links need no
// role but see.
func TestLinksAreLogged(t *testing.T) {
	p := openPage(t, nil)
	p.signIn()
	for _, path := range []string{"/api/runs/4/links", "/api/runs/4/report.csv?links=1"} {
		p.engine.calls = nil
		if w := p.do("GET", path, ""); w.Code != http.StatusOK || !slices.Contains(p.engine.calls, "links") || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", path, w.Code, p.engine.calls)
		}
	}
	p.checkLogs("links", "report")
	if err := p.server.audit.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/api/runs/4/links", "/api/runs/4/report.csv?links=1", "/api/runs/4/mail-merge.csv"} {
		p.engine.calls = nil
		if w := p.do("GET", path, ""); w.Code != http.StatusInternalServerError || len(p.engine.calls) > 0 {
			t.Errorf("%s without a log: %d %v", path, w.Code, p.engine.calls)
		}
	}
	audit, err := access.OpenLog(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	p.server.audit = audit
}

func TestEvents(t *testing.T) {
	p := openPage(t, nil)
	p.signIn()
	p.engine.watched = []api.Run{{ID: 4, Sent: 1}, {ID: 4, Sent: 2}}
	w := p.do("GET", "/api/runs/4/events", "")
	if w.Header().Get("Content-Type") != "text/event-stream" || strings.Count(w.Body.String(), "event: run\ndata: {\"id\":4,") != 2 || !strings.HasSuffix(w.Body.String(), "}\n\n") {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	p.expect(p.do("GET", "/api/runs/x/events", ""), http.StatusNotFound, "not_found")
}

// A hundred requests at once leave one list, with each change made once.
func TestManyRequestsAtOnce(t *testing.T) {
	p := openPage(t, nil)
	p.signIn()
	list := p.dropGood()
	path := "/api/lists/" + list.ID
	codes := make(chan int)
	for n := range 100 {
		r := p.newRequest("PATCH", path+"/cells", fmt.Sprintf(`[{"row":3,"column":0,"from":"Ann","to":"Ann %d"}]`, n))
		r.Header.Set("If-Match", `"1"`)
		go func() {
			w := httptest.NewRecorder()
			p.server.ServeHTTP(w, r)
			codes <- w.Code
		}()
	}
	made := 0
	for range 100 {
		switch code := <-codes; code {
		case http.StatusOK:
			made++
		case http.StatusPreconditionFailed:
		default:
			t.Errorf("%d", code)
		}
	}
	if now := p.list(list.ID); made != 1 || now.Revision != 2 || now.Counts.Cells != 1 {
		t.Errorf("%d were made: %+v", made, now.ListSummary)
	}
}
