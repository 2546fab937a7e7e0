package pipeline

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// mail is a row of a list in which rows share e-mails.
type mail struct {
	email string // "" = none, which is invalid
	kind  string // good, no terms, or local: a phone number that is sound with --phone-region US only
}

func (m mail) identity() string { return strings.ToLower(m.email) }

func (m mail) valid(region string) bool {
	return m.email != "" && strings.Contains(m.email, "@") && (m.kind == "good" || m.kind == "local" && region != "")
}

// mailRun is one run of one of the lists.
type mailRun struct {
	list   int
	region string
	kill   int // after so many requests; 0 = not
}

// mailRows are the rows of a list as input. No two rows of any list have a name
// in common.
func mailRows(list int, mails []mail) []Row {
	rows := make([]Row, len(mails))
	for i, m := range mails {
		rows[i] = validRow(100*list + i)
		rows[i].Number = i + 2
		rows[i].Raw.Email = m.email
		switch m.kind {
		case "no terms":
			rows[i].Raw.Terms = "no"
		case "local":
			rows[i].Raw.PhoneNumber = "(415) 555-2671"
		}
	}
	return rows
}

// claimants says which row of a list claims each e-mail under the rules of a run.
func claimants(mails []mail, region string) map[string]int {
	first := map[string]int{}
	for i, m := range mails {
		if _, ok := first[m.identity()]; !ok && m.valid(region) {
			first[m.identity()] = i
		}
	}
	return first
}

// Whatever lists with shared e-mails are run, in whatever order, under whatever
// flags and however often they are killed: a row's status is its own, an invalid
// one is never created because another row of its list is, the counts add up, and
// there are as many users as e-mails of valid rows. A tenth of the histories that
// the package tries: each of them is up to eight runs.
func TestVerdictsOfSharedEmails(t *testing.T) {
	checks := flag.Lookup("rapid.checks")
	all := checks.Value.String()
	if n, err := strconv.Atoi(all); err != nil || flag.Set("rapid.checks", strconv.Itoa(max(1, n/10))) != nil {
		t.Fatal("rapid.checks is", all)
	}
	defer func() { _ = flag.Set("rapid.checks", all) }()
	rapid.Check(t, func(rt *rapid.T) {
		row := rapid.Custom(func(rt *rapid.T) mail {
			return mail{rapid.SampledFrom([]string{"ann@example.com", "Ann@example.com", "ann@EXAMPLE.com", "bob@example.com", "cid@example.com", "", "ann"}).Draw(rt, "e-mail"),
				rapid.SampledFrom([]string{"good", "no terms", "local"}).Draw(rt, "kind")}
		})
		lists := rapid.SliceOfN(rapid.SliceOfN(row, 1, 8), 1, 2).Draw(rt, "lists")
		runs := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) mailRun {
			return mailRun{rapid.IntRange(0, len(lists)-1).Draw(rt, "list"), rapid.SampledFrom([]string{"", "US"}).Draw(rt, "region"), rapid.IntRange(0, 2).Draw(rt, "kill")}
		}), 1, 4).Draw(rt, "runs")
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, 0)
			people := map[string]bool{} // with a valid row in one of the runs
			for _, r := range runs {
				b.runMails(lists, r)
				for identity := range claimants(lists[r.list], r.region) {
					people[identity] = true
				}
			}
			for _, r := range runs { // these are not killed
				r.kill = 0
				b.runMails(lists, r)
			}
			if len(b.partner.users) != len(people) {
				t.Errorf("%d users of %d e-mails with valid rows: %v", len(b.partner.users), len(people), people)
			}
			if t.Failed() {
				t.Logf("lists %v, runs %v", lists, runs)
			}
		})
		if t.Failed() {
			rt.FailNow()
		}
	})
}

// runMails runs one list and holds every row to what it must be.
func (b *bench) runMails(lists [][]mail, r mailRun) {
	b.t.Helper()
	mails := lists[r.list]
	b.cfg.Input = FromRows(fmt.Sprint("list", r.list), mailRows(r.list, mails)...)
	b.cfg.Rules = &validate.Rules{PhoneRegion: r.region}
	var s Summary
	var err error
	if r.kill == 0 {
		s, err = b.run()
	} else {
		ctx, cancel := context.WithCancel(b.t.Context())
		defer cancel()
		sent := 0
		b.partner.always = func(f *fakePartner, key string, u validate.User) partner.Answer {
			if sent++; sent >= r.kill {
				cancel()
			}
			return create(f, key, u)
		}
		s, err = Run(ctx, b.cfg)
		b.partner.always = nil
		b.audit()
	}
	if err != nil && (r.kill == 0 || reasonOf(err) != Interrupted) {
		b.t.Fatal(err)
	}
	first := claimants(mails, r.region)
	counts, rows := map[ledger.Status]int{}, 0
	for line, err := range b.ledger.Rows(b.t.Context(), ledger.Selection{Batch: s.Batch.ID}) {
		if err != nil {
			b.t.Fatal(err)
		}
		counts[line.Status]++
		m := mails[line.Ordinal]
		at, claimed := first[m.identity()]
		fault := ""
		switch {
		case m.valid(r.region) && at == line.Ordinal:
			if line.Status == ledger.Invalid || line.Status == ledger.DuplicateInInput || r.kill == 0 && line.Status != ledger.Created {
				fault = "it claims its customer"
			}
		case m.valid(r.region):
			if line.Status != ledger.DuplicateInInput || line.Repeats != at {
				fault = fmt.Sprintf("it repeats line %d", at)
			}
		case claimed:
			if line.Status != ledger.Invalid || line.Customer.ID != 0 || line.Repeats != at {
				fault = fmt.Sprintf("it is invalid, and line %d claims the customer", at)
			}
		case line.Status != ledger.Invalid:
			if line.Customer.ServiceID == "" || line.From == (ledger.Origin{}) {
				fault = "its customer is known from nowhere"
			}
		}
		if fault != "" {
			b.t.Errorf("%+v, line %d %+v is %s: %s", r, line.Ordinal, m, line.Status, fault)
		}
		shares := 0
		for i, other := range mails {
			if i != line.Ordinal && m.email != "" && m.identity() == other.identity() && strings.Contains(m.email, "@") {
				shares++
			}
		}
		if isNoted := hasCode(line.Findings, CodeSharesEmail); isNoted != (line.Verdict == ledger.Invalid && shares > 0) {
			b.t.Errorf("%+v, line %d %+v: notes other rows with its e-mail: %t, there are %d", r, line.Ordinal, m, isNoted, shares)
		}
		rows++
	}
	if rows != len(mails) || s.Tally.Rows != rows {
		b.t.Errorf("%d lines and a tally of %d, for %d rows", rows, s.Tally.Rows, len(mails))
	}
	for _, st := range ledger.Statuses() {
		if s.Tally.Status[st] != counts[st] {
			b.t.Errorf("%+v: %d rows %s in the summary, %d in the ledger", r, s.Tally.Status[st], st, counts[st])
		}
	}
}

func hasCode(list []ledger.Finding, code string) bool {
	for _, f := range list {
		if f.Code == code {
			return true
		}
	}
	return false
}
