//go:build !windows

package main

import (
	"encoding/csv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// The same people in other forms: another file, another order, another
// spelling, other details while the outcome of the first request is not known.

// Invariant 14: order, BOM, line ends and XLSX change neither keys nor bodies
// nor outcomes.
func TestPromiseFormsOfAFile(t *testing.T) {
	t.Parallel()
	const header, n = 1, 20
	input := people(n) + person(90, "no address") + person(91, "refused+blacklisted@example.org") + person(92, "known@example.org")
	lines := strings.SplitAfter(input, "\n")
	shuffled := slices.Clone(lines[:len(lines)-1])
	rand.New(rand.NewPCG(14, 0)).Shuffle(len(shuffled)-header, func(i, j int) {
		shuffled[header+i], shuffled[header+j] = shuffled[header+j], shuffled[header+i]
	})
	s := newScene(t, sandbox.Config{}, input)
	forms := []struct {
		file  string
		write func(path string)
	}{
		{"plain.csv", func(path string) { s.write(path, input) }},
		{"bom.csv", func(path string) { s.write(path, "\ufeff"+input) }},
		{"crlf.csv", func(path string) { s.write(path, strings.ReplaceAll(input, "\n", "\r\n")) }},
		{"cr.csv", func(path string) { s.write(path, strings.ReplaceAll(input, "\n", "\r")) }},
		{"shuffled.csv", func(path string) { s.write(path, strings.Join(shuffled, "")) }},
		{"semicolons.csv", func(path string) { s.write(path, strings.ReplaceAll(input, ",", ";")) }},
		{"sheet.xlsx", func(path string) { writeSheet(t, path, input) }},
	}
	type sent struct {
		key  string
		body [32]byte
	}
	var wantSent map[string]sent
	var wantStatus map[string]string
	for _, form := range forms {
		// The key depends on the partner's address, so that stays: behind it is a
		// new partner for each, who knows one of the people.
		server, err := sandbox.New(sandbox.Config{KeyTTL: s.ttl, Preexisting: []sandbox.User{{Email: "known@example.org"}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { closing(t, server) })
		s.server = server
		s.input, s.ledger, s.report = s.path(form.file), s.path(form.file+".db"), s.path(form.file+".report.csv")
		form.write(s.input)
		s.run(s.runArgs(append(patient(), "--check-existing", "never")...)...).ends(3)
		gotSent, gotStatus := map[string]sent{}, map[string]string{}
		for _, p := range server.Posts() {
			gotSent[p.Email] = sent{p.Key, p.BodyHash}
		}
		for _, row := range s.reported() {
			gotStatus[row["lastName"]] = row["status"] + " " + row["code"]
		}
		if wantSent == nil {
			wantSent, wantStatus = gotSent, gotStatus
			if len(gotSent) != n+2 || len(gotStatus) != n+3 || !strings.HasPrefix(gotStatus["Surnamedo"], "duplicate") {
				t.Fatalf("%d requests, statuses %v", len(gotSent), gotStatus)
			}
			continue
		}
		for email, want := range wantSent {
			if gotSent[email] != want {
				t.Errorf("%s: %s went out as %v, want %v", form.file, email, gotSent[email], want)
			}
		}
		for name, want := range wantStatus {
			if gotStatus[name] != want {
				t.Errorf("%s: %s is %q, want %q", form.file, name, gotStatus[name], want)
			}
		}
		if len(gotSent) != len(wantSent) || len(gotStatus) != len(wantStatus) {
			t.Errorf("%s: %d requests and %d rows, want %d and %d", form.file, len(gotSent), len(gotStatus), len(wantSent), len(wantStatus))
		}
	}
}

// writeSheet writes a CSV as a workbook of text cells.
func writeSheet(t *testing.T, path, text string) {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	f := excelize.NewFile()
	defer closing(t, f)
	for i, record := range records {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		if err == nil {
			err = f.SetSheetRow("Sheet1", cell, &record)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
}

// A row is corrected, or its e-mail written in another way, in another file,
// while the outcome of its request is not known. It stays one person with one
// key; whether the partner has acted decides what becomes of it.
func TestPromiseChangedInDoubt(t *testing.T) {
	long(t)
	t.Parallel()
	const before, after = "Ann.Case@Example.org", "ann.case@EXAMPLE.org"
	row := func(name, email string) string {
		return peopleHeader + "Canaryaa," + name + "," + email + ",+14155550100,Payments,8.8.8.8,true,custodial\n"
	}
	first := row("Wrong", before)
	second := map[string]string{"corrected": row("Right", before), "spelt otherwise": row("Wrong", `" `+after+` "`), "both": row("Right", after)}
	var names []string
	type way struct{ change, step string }
	var ways []way
	for change := range second {
		for _, step := range []string{string(sandbox.Acted), atConnected} { // the partner has acted, or never does
			names = append(names, change+", killed when "+step)
			ways = append(ways, way{change, step})
		}
	}
	strands(t, names, 6, func(i int, t strand) {
		change, acted, tries := ways[i].change, ways[i].step != atConnected, 0
		// A partner to whom the two spellings are two e-mails, each good for any
		// number of users: only the key and the list keep this person single.
		faults, err := parseFaults([]string{"email-case", "email-twice"})
		if err != nil {
			t.Fatal(err)
		}
		var s *scene
		for isKilled := false; !isKilled; { // on a busy machine the moment may come too late
			w := &watcher{}
			s = newScene(t, sandbox.Config{Faults: faults, Barrier: w.barrier}, first)
			s.establish("email-case", "email-twice")
			w.scene, s.accepts, s.instead = s, w.accepts, w.hangUp
			s.flags = append(s.flags, "--check-existing", "never")
			isKilled = w.play(killing{ways[i].step, 1, 0}) != ""
			if tries++; tries == most && !isKilled {
				t.Fatal("the program was not killed")
			}
		}
		s.input = s.path("second.csv")
		s.write(s.input, second[change])
		s.run(s.runArgs(unhurried()...)...).ends(0, 3)
		users, posts, rows := s.users(), s.posts(), s.rows()
		if len(users) != 1 || len(posts) != 1 || len(rows) != 1 {
			t.Fatalf("%d users, %d requests, %d rows\n%s", len(users), len(posts), len(rows), describe(s))
		}
		u, r := users[0], rows[0]
		want, name := ledger.LinkMissing, "Wrong"
		if r.Status == ledger.InDoubt && actedLate(s) {
			t.Log("too busy a machine for this case: the partner acted on a request that the program had given up")
			return
		}
		if !acted {
			want = ledger.Created
			if change != "spelt otherwise" {
				name = "Right"
			}
		}
		if r.Status != want || u.LastName != name || r.Customer.ServiceID != u.ServiceID || r.Customer.Generation != 0 {
			t.Errorf("the row is %s of %s in generation %d, the partner has %s of %s", r.Status, r.Customer.ServiceID, r.Customer.Generation, u.LastName, u.ServiceID)
		}
		line := s.reported()[0]
		if changed := strings.Contains(line["code"], "details_changed"); changed != (acted && change != "spelt otherwise") {
			t.Errorf("the report says %q of a user named %s", line["code"], u.LastName)
		}
		s.run(s.runArgs()...).ends(0)
		if n := len(s.posts()); n != 1 {
			t.Errorf("%d requests in all", n)
		}
	})
}

// Two spellings of one address, in one file and over two: one request.
func TestPromiseTwoSpellings(t *testing.T) {
	t.Parallel()
	faults, err := parseFaults([]string{"email-case", "email-twice"})
	if err != nil {
		t.Fatal(err)
	}
	s := newScene(t, sandbox.Config{Faults: faults}, peopleHeader+person(0, "Person0@Example.org")+person(0, "PERSON0@example.org"))
	s.flags = append(s.flags, patient()...)
	s.run(s.runArgs()...).ends(0, 3)
	if got := statuses(s.rows()); !slices.Equal(got, []ledger.Status{ledger.Created, ledger.DuplicateInInput}) {
		t.Errorf("one file: %v", got)
	}
	s.input = s.path("second.csv")
	s.write(s.input, peopleHeader+person(0, ` person0@EXAMPLE.ORG `))
	s.run(s.runArgs()...).ends(0)
	if got := statuses(s.rows()); !slices.Equal(got, []ledger.Status{ledger.Created}) {
		t.Errorf("another file: %v", got)
	}
	if posts, users := len(s.posts()), len(s.users()); posts != 1 || users != 1 {
		t.Errorf("%d requests, %d users", posts, users)
	}
}

// Fault 24: a row that the partner refuses for its fields is sent again when it
// is corrected, under the key of the next generation, whether or not the refusal
// has used up the first; with the same details it is not.
func TestPromiseCorrected(t *testing.T) {
	t.Parallel()
	names := []string{"key used up", "key free"}
	strands(t, names, 2, func(i int, t strand) {
		faults, err := parseFaults([]string{"422=#2", "422-burns"}[:2-i])
		if err != nil {
			t.Fatal(err)
		}
		s := newScene(t, sandbox.Config{Faults: faults, KeyTTL: keyLife}, people(3))
		s.flags = append(append(s.flags, patient()...), "--workers", "1")
		s.run(s.runArgs()...).ends(3)
		refused := s.reported()[1]
		if refused["status"] != "rejected" || refused["field"] != "firstName" {
			t.Fatalf("the row is %q, of field %q", refused["status"], refused["field"])
		}
		s.run(s.runArgs()...).ends(0)
		if n := len(s.posts()); n != 3 {
			t.Errorf("%d requests with the details that were refused", n)
		}
		s.input = s.path("corrected.csv")
		s.write(s.input, strings.Replace(people(3), "Canaryab", "Corrected", 1))
		s.run(s.runArgs()...).ends(0)
		s.all(ledger.Created, 3)
		posts := s.posts()
		if len(posts) != 4 || posts[3].Email != posts[1].Email || posts[3].Key == posts[1].Key || s.rows()[1].Customer.Generation != 1 {
			t.Errorf("%d requests, the corrected row is in generation %d", len(posts), s.rows()[1].Customer.Generation)
		}
	})
}
