//go:build !windows

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

const ledgerPage = "../../samples/docs/ledger.md"

// TestLedgerPage asks the page's questions through the sqlite3 program and compares
// the answers with those that the page prints, then runs its commands. With -update
// it writes the answers that differ. Nothing on the page may need bulkonboard to be
// read, so the program is the one that an auditor has, not the driver that we link.
func TestLedgerPage(t *testing.T) {
	long(t)
	t.Parallel()
	if _, err := exec.LookPath("sqlite3"); err != nil {
		t.Skip("sqlite3 is not installed, so the page was not played: apt-get install sqlite3")
	}
	page, err := os.ReadFile(ledgerPage)
	if err != nil {
		t.Fatal(err)
	}
	s := newSampleLedger(t)
	questions := pageQuestions(t, string(page))
	if len(questions) < 15 {
		t.Errorf("only %d questions", len(questions))
	}
	text := string(page)
	for _, q := range questions {
		got := s.askProgram(q.sql)
		if slices.EqualFunc(comparableRows(got), comparableRows(q.answer), slices.Equal) {
			continue
		}
		if *update {
			if q.answer == "" {
				got += "\n"
			}
			text = strings.Replace(text, q.sql+"```\n\n"+q.answer, q.sql+"```\n\n"+got, 1)
			continue
		}
		t.Errorf("%s\nanswers\n%s\nand the page says\n%s", q.sql, got, q.answer)
	}
	if *update {
		if err := os.WriteFile(ledgerPage, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	playPage(t, s, string(page))
	// Reading has left the ledger as it was.
	s.run("ledger", "verify", "--base-url", s.base, "--ledger", s.ledger).ends(0)
}

// The page names every table and view, so that none is added without a line there.
func TestLedgerPageNamesTables(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(ledgerPage)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile("../../ledger/sqlite/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	made := regexp.MustCompile(`(?m)^CREATE (?:TABLE|VIEW) (\w+)`).FindAllStringSubmatch(string(schema), -1)
	if len(made) < 15 {
		t.Errorf("the schema has only %d tables and views", len(made))
	}
	for _, m := range made {
		if !strings.Contains(string(page), "\n| `"+m[1]+"` | ") {
			t.Errorf("the page has no line for %s", m[1])
		}
	}
}

// question is an SQL block of the page and the answer printed below it.
type question struct{ sql, answer string }

// noRows is what the page prints for an empty answer.
const noRows = "No rows.\n"

// pageQuestions reads the ```sql blocks, each followed by a blank line and its answer:
// a table, or noRows.
func pageQuestions(t *testing.T, page string) (questions []question) {
	t.Helper()
	for i, block := range strings.Split(page, "```sql\n") {
		if i == 0 {
			continue
		}
		sql, rest, found := strings.Cut(block, "```\n\n")
		if !found {
			t.Fatalf("a block does not end, or no blank line follows it:\n%s", block)
		}
		answer := ""
		for line := range strings.Lines(rest) {
			if !strings.HasPrefix(line, "|") && line != noRows {
				break
			}
			answer += line
		}
		if answer == "" && !*update {
			t.Errorf("no answer follows\n%s", sql)
		}
		questions = append(questions, question{sql, answer})
	}
	return questions
}

// askProgram returns the answer of the sqlite3 program as the page prints it.
func (s *scene) askProgram(sql string) string {
	s.Helper()
	c := exec.CommandContext(s.Context(), "sqlite3", "-batch", "-readonly", "-markdown", s.ledger, sql)
	c.Env = append(os.Environ(), "HOME="+s.dir) // no .sqliterc of this machine
	out, err := c.CombinedOutput()
	switch {
	case err != nil:
		s.Errorf("%s\n%v: %s", sql, err, out)
	case len(out) == 0:
		return noRows
	}
	return string(out)
}

// playPage runs the commands of the page, in its order.
func playPage(t *testing.T, s *scene, page string) {
	t.Helper()
	steps := pageSteps(t, page)
	if len(steps) < 5 {
		t.Errorf("the page has only %d commands", len(steps))
	}
	at := &pageStage{T: t, dir: s.dir, partner: s, env: map[string]string{
		"BULKONBOARD_BASE_URL": s.base, "BULKONBOARD_LEDGER": "prod.db", "BULKONBOARD_API_KEY": promiseKey}}
	at.play(steps)
}

// comparableRows are the cells of a table, without what differs from run to run:
// who ran it where, and times, dates, keys and service ids.
func comparableRows(table string) (rows [][]string) {
	varying := []*regexp.Regexp{
		regexp.MustCompile(`^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d\.\d{3}Z)?$`),
		regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$`),
		regexp.MustCompile(`^acme-rain-user-\w+$`),
	}
	var head []string
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.Trim(cells[i], " -")
			if i < len(head) && (head[i] == "who" || head[i] == "host") {
				cells[i] = ""
			}
			for kind, v := range varying {
				if v.MatchString(cells[i]) {
					cells[i] = string(rune('A' + kind))
				}
			}
		}
		if head == nil {
			head = slices.Clone(cells)
		}
		rows = append(rows, cells)
	}
	return rows
}

// The lists of the sample. Each customer is there for one outcome. No three requests in
// a row are without an answer, or the run would pause and probe the partner.
const (
	aprilList = `id,firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program
1001,Jane,Roe,jane.roe@example.com,+12025550101,cards,203.0.113.10,TRUE,custodial
1002,Petra,Novak,petra.novak@example.com,+420601123456,cards,203.0.113.11,TRUE,custodial
1003,Ana,Lima,ana.lima@example.com,+5511912345678,cards,203.0.113.12,TRUE,custodial
1004,Omar,Haddad,omar.haddad@example.com,+201001234567,cards,203.0.113.13,TRUE,custodial
1005,Dan,Koch,dan.koch@example.com,+493023125001,cards,203.0.113.15,TRUE,custodial
1006,Noa,Levi,noa.levi@example.com,+972552345678,cards,203.0.113.14,TRUE,custodial
1007,Tom,Berg,tom.berg@example.com,+4791234567,cards,203.0.113.17,TRUE,custodial
1008,Wei,Li,wei.li@example.com,+8613812345678,cards,203.0.113.16,TRUE,custodial
1009,Mia,Smith,mia.smith@example.com,0412,cards,203.0.113.18,TRUE,custodial
1010,Ivo,Horvat,ivo.horvat(at)example.com,+38512345678,cards,203.0.113.19,no,custodial
1011,Jane,Roe,Jane.Roe@example.com,+12025550101,cards,203.0.113.10,TRUE,custodial
`
	mayList = `id,firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program
1001,Jane,Roe-Miller,jane.roe@example.com,+12025550101,cards,203.0.113.10,TRUE,custodial
1012,Lena,Ek,lena.ek@example.com,+46701740605,cards,203.0.113.20,TRUE,custodial
1013,Sam,Ortiz,sam.ortiz@example.com,+34600123456,cards,203.0.113.21,TRUE,custodial
`
	lastOfApril = "wei.li@example.com" // the last valid row, whose request is under way when run 1 is killed
)

// newSampleLedger makes the ledger that the page asks, by the program's own commands:
// a run that is killed, one that continues it, one of another list that the wallet
// cannot pay, a decision by hand, and events of identity checks.
func newSampleLedger(t *testing.T) *scene {
	t.Helper()
	arrived, release := make(chan struct{}), make(chan struct{})
	holdFirst := sync.OnceFunc(func() { close(arrived); <-release })
	s := newScene(t, sandbox.Config{
		Preexisting: []sandbox.User{{Email: "petra.novak@example.com", FirstName: "Petra", LastName: "Novak"}},
		Barrier: func(stage sandbox.Stage, _, email string) {
			if stage == sandbox.Arrived && email == lastOfApril {
				holdFirst()
			}
		},
	}, aprilList)
	s.ledger = s.path("prod.db")
	s.setFaults("422=@ana.lima@example.com", "drop-after=@omar.haddad@example.com", "drop-before=try1,@dan.koch@example.com",
		"drop-before=@tom.berg@example.com", "402=@sam.ortiz@example.com")
	s.flags = append(s.flags, "--id", "id", "--workers", "1", "--check-existing", "never", "--max-attempts", "2")
	s.write(s.path("april.csv"), aprilList)
	s.write(s.path("may.csv"), mayList)
	s.write(s.path("link.txt"), "https://withpersona.com/verify?inquiry-id=inq_4711")

	s.input = "april.csv"
	killed := s.start(s.runArgs(never()...)...)
	<-arrived
	s.awaitAnswers(lastOfApril)
	killed.kill()
	close(release)
	s.run(s.runArgs(unhurried()...)...).ends(3)

	s.input = "may.csv"
	s.run(s.runArgs(append(patient(), "--confirm-created", "never")...)...).ends(4)

	place := []string{"--base-url", s.base, "--ledger", s.ledger}
	s.run(append([]string{"ledger", "resolve", "april.csv:9", "--as", "created", "--service-id", s.customers()[lastOfApril].ServiceID,
		"--link-file", "link.txt", "--because", "their support sent the link, ticket 4711"}, place...)...).ends(0)

	s.write(s.path("events.json"), s.kycEvent("jane.roe@example.com", "approved", "", "2026-01-05T09:00:00Z")+
		s.kycEvent("noa.levi@example.com", "needsVerification", "https://withpersona.com/verify?inquiry-id=inq_4712", "2026-01-05T10:00:00Z"))
	s.run(append([]string{"kyc", "import", "events.json"}, place...)...).ends(0)
	return s
}

// awaitAnswers waits until every request but that of one customer is recorded as
// ended: answers are committed in groups, beside the sending.
func (s *scene) awaitAnswers(but string) {
	s.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(promiseLimit); ; <-tick.C {
		open := 0
		for identity, c := range s.customers() {
			for _, a := range c.History {
				if a.Class == ledger.Open && identity != but {
					open++
				}
			}
		}
		if open == 0 {
			return
		}
		if time.Now().After(end) {
			s.Fatalf("%d requests are still open", open)
		}
	}
}

// kycEvent is one line of what the partner says of a customer's identity check.
func (s *scene) kycEvent(email, status, link, at string) string {
	s.Helper()
	data := map[string]string{"serviceId": s.customers()[email].ServiceID, "status": status}
	if link != "" {
		data["verificationLink"] = link
	}
	line, err := json.Marshal(map[string]any{"event": "user.kyc-event", "timestamp": at, "data": data})
	if err != nil {
		s.Fatalf("%v", err)
	}
	return string(line) + "\n"
}
