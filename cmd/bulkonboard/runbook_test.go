//go:build !windows

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/postgres"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

const runbookPage = "samples/docs/runbook.md"

// newRunbookStage returns a stage whose partner forgets keys soon. Whatever the page
// does, nobody is created twice, and nobody is called a duplicate.
func newRunbookStage(t *testing.T) *pageStage {
	t.Helper()
	const customers = 8 // in each list
	p := newScene(t, sandbox.Config{}, people(1))
	p.listen()
	s := newPageStage(t)
	s.dir, s.partner = p.dir, p
	for list, name := range []string{"staff.csv", "april.csv", "may.csv"} {
		text := peopleHeader
		for i := list * customers; i < (list+1)*customers; i++ {
			text += person(i, fmt.Sprintf("person%d@example.org", i))
		}
		p.write(p.path(name), text)
	}
	p.write(p.path("key.txt"), promiseKey+"\n")
	p.write(p.path("new-key.txt"), promiseKey+"2\n")
	for name, value := range map[string]string{"BASE_URL": p.base, "KEY_TTL": promiseTTL.String(), "SETTLE": promiseSettle.String(),
		"TIMEOUT": promiseTimeout.String(), "RATE": "unlimited"} {
		s.env["BULKONBOARD_"+name] = value
	}
	s.after = func(step pageStep) {
		exists := map[string]bool{}
		for _, u := range p.users() {
			if exists[u.Email] {
				t.Errorf("line %d: $ %s\ncreates a customer twice", step.line, step.command)
			}
			exists[u.Email] = true
		}
		for _, r := range s.ledgerRows() {
			if r.Status == ledger.Duplicate {
				t.Errorf("line %d: $ %s\nmakes row %d a duplicate", step.line, step.command, r.Number)
			}
			if r.Status == ledger.Created && r.Customer.Attempts > 0 && !exists[r.Customer.Email] {
				t.Errorf("line %d: $ %s\nsays that row %d is created, and its user does not exist", step.line, step.command, r.Number)
			}
		}
	}
	return s
}

// ledgerRows returns the rows of the page's ledger while it can be read.
func (s *pageStage) ledgerRows() []ledger.Reported {
	s.Helper()
	s.partner.ledger = s.env["BULKONBOARD_LEDGER"]
	if !postgres.IsAddress(s.partner.ledger) {
		s.partner.ledger = s.partner.path(s.partner.ledger)
	}
	c := exec.CommandContext(s.Context(), "sh", "-c", "bulkonboard ledger verify --base-url "+s.partner.base+" --ledger '"+s.partner.ledger+"'")
	c.Dir = s.dir
	if err := c.Run(); err != nil {
		return nil // damaged on purpose, moved, or not there yet
	}
	return s.partner.rows()
}

// newPostgresStage is newRunbookStage with a server, which has the database of the page.
func newPostgresStage(t *testing.T) *pageStage {
	t.Helper()
	cluster := clusters.Start(t)
	s := newRunbookStage(t)
	database := cluster.AddressOf("127.0.0.1", "sslmode=disable")
	s.given = map[string]string{"DATABASE": database, "BULKONBOARD_LEDGER": database + "&schema=production"}
	s.env["PATH"] = filepath.Dir(cluster.Program("psql")) + string(os.PathListSeparator) + os.Getenv("PATH")
	s.env["BULKONBOARD_API_KEY_FILE"], s.env["BULKONBOARD_LEDGER"] = "key.txt", "prod.db"
	return s
}
