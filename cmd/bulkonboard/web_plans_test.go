//go:build !windows

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/webtest"
)

// team is a maker and an approver in front of the page.
type team struct {
	checker

	browser   *webtest.Browser
	flags     []string
	page      *process
	anna, ben *webtest.Tab
}

// start starts the program and lets both sign in.
func (m *team) start(t *testing.T) {
	t.Helper()
	page, address := m.s.openPage(m.flags...)
	m.page = page
	m.anna, m.ben = openBrowser(m.t, m.browser, address, "anna"), openBrowser(m.t, m.browser, address, "ben")
}

// stop ends the program, and whatever both have open.
func (m *team) stop(t *testing.T) {
	t.Helper()
	m.anna.Close()
	m.ben.Close()
	m.page.signal(syscall.SIGINT)
	m.page.ends(0)
}

// approve has the plan that the maker sees approved. It returns the path of its page,
// which the approver has open.
func (m *team) approve(t *testing.T) (plan string) {
	t.Helper()
	anna, ben := m.anna.In(t), m.ben.In(t)
	anna.WaitText(".notice", "Waiting for a second person")
	plan = anna.Path()
	ben.OpenPage(plan)
	ben.WaitText("h2", "Your decision")
	ben.TypeInto("#rows", linesOf(ben)["Send"])
	ben.ClickText("button", "Approve")
	ben.WaitText(".notice", "Approved.")
	return plan
}

// refused clicks what sends, and waits until the page says why it does not.
func (m *team) refused(t *testing.T, reasons ...string) {
	t.Helper()
	ben, posts := m.ben.In(t), m.s.calls[0].Load()
	ben.ClickText("button", "Send ")
	for _, reason := range reasons {
		ben.WaitText(".notice.is-bad", reason)
	}
	if n := m.s.calls[0].Load() - posts; n != 0 {
		t.Errorf("%d users were to be created", n)
	}
}

// playPlans plays plans that may not be carried out: what the wallet does not cover, what
// is not as it was approved, and what was carried out before.
func playPlans(t *testing.T, b *webtest.Browser) {
	s := newScene(t, sandbox.Config{Balance: "1.50", Fee: "0.50"}, people(5))
	s.flags = append(s.flags, patient()...)
	m := &team{checker: checker{t, s}, browser: b, flags: []string{"--fee", "0.50", "--users", s.writeUsers("anna:prepare", "ben:approve")}}
	m.start(t)
	list := ""
	m.check("22 a plan that the wallet does not cover cannot be submitted and says by how much", func(t *testing.T) {
		anna := m.anna.In(t)
		anna.UploadFile(s.input)
		anna.WaitText(".foot .sum", "5 ready · 0 to correct = 5")
		list = anna.Path()
		anna.ClickText(".foot button", "Plan 5 rows")
		anna.WaitText(".notice", "The wallet is short by 1.00 USD: it covers 3 of 5 rows.")
		if short := linesOf(anna)["Short by"]; short != "1.00 USD" {
			t.Errorf("short by %q", short)
		}
		if !webtest.Evaluate[bool](anna, `[...document.querySelectorAll("button")].find((n) => n.innerText.startsWith("Submit")).disabled`) {
			t.Error("the plan can be submitted")
		}
		forged := anna.Fetch("POST", "/api"+list+"/plans", `{"save":true}`, "If-Match", `"1"`)
		var refused api.Error
		if err := json.Unmarshal([]byte(forged.Text), &refused); err != nil || forged.Status != http.StatusUnprocessableEntity || refused.Code != "wallet_short" || refused.Shortfall != "1.00" {
			t.Errorf("a forged plan: %+v", forged)
		}
		m.readable("wallet-short", anna)
	})
	m.check("25 an edit after the approval makes the plan stale, and running it sends nothing", func(t *testing.T) {
		anna, ben := m.anna.In(t), m.ben.In(t)
		anna.ClickText("label", "Send what the wallet covers: 3 rows.")
		anna.WaitText(".lines", "of these in the first run, which then stops 3")
		anna.ClickText("button", "Submit for approval")
		plan := m.approve(t)
		anna.OpenPage(list)
		anna.ClickText(".chip", "All rows")
		anna.WaitFor(webtest.CellAt(3, "firstName") + ` !== undefined`)
		webtest.Evaluate[bool](anna, webtest.CellAt(3, "firstName")+`.dispatchEvent(new MouseEvent("mousedown", {bubbles: true}))`)
		anna.PressKeys("E", "v", "e", kb.Enter)
		anna.WaitText(".chip", "Changed here 1")
		m.refused(t, "row 3") // the page shows it as approved, still
		ben.OpenPage(plan)
		ben.WaitText(".notice", "No longer valid")
		if webtest.Evaluate[bool](ben, `[...document.querySelectorAll("button")].some((n) => /approve|send/i.test(n.innerText))`) {
			t.Error("a plan that is no longer valid can be sent")
		}
		m.readable("stale", ben)
		anna.PressWith(kb.ModifierCtrl, "z")
		anna.WaitText(".chip", "Changed here 0")
	})
	m.check("26 another file with one more row under the same name is refused, and the row named", func(t *testing.T) {
		anna := m.anna.In(t)
		anna.OpenPage(list + "#plan")
		anna.ClickText("label", "Send what the wallet covers: 3 rows.")
		anna.WaitText(".lines", "of these in the first run, which then stops 3")
		anna.ClickText("button", "Submit for approval")
		plan := m.approve(t)
		m.playOtherFile(t, list, plan)
	})
	m.check("27 a used plan cannot run again, not even with an older copy of the ledger", func(t *testing.T) { m.playUsed(t) })
}

// playOtherFile puts a file with one more row in the place of the one that was approved:
// for the command that the page shows, and where the page keeps it.
func (m *team) playOtherFile(t *testing.T, list, plan string) {
	t.Helper()
	s, anna := m.s, m.anna.In(t)
	s.write(s.input, people(6))
	commands := shownCommands(t, anna)
	words := term.SplitWords(commands[len(commands)-1])
	said := s.run(words[1:]...).ends(7).err.String()
	if !strings.Contains(said, "people.csv is not the file that was approved") || !strings.Contains(said, "row 7") || s.calls[0].Load() != 0 {
		t.Errorf("%v: %d requests, said:\n%s", words, s.calls[0].Load(), said)
	}
	// Dropped, it is another list, and the plan is that of the first.
	anna.OpenPage("/")
	anna.UploadFile(s.input)
	anna.WaitText(".foot .sum", "6 ready · 0 to correct = 6")
	if anna.Path() == list {
		t.Error("another file replaced the list")
	}
	kept := fmt.Sprintf("%s.web%s/input.csv", s.ledger, list)
	m.stop(t)
	s.write(kept, people(6))
	m.start(t)
	m.ben.In(t).OpenPage(plan)
	m.refused(t, "people.csv is not the file that was approved", "1 of the rows to send was not approved: row 7", "Make a new plan")
	m.anna.In(t).OpenPage(list)
	m.anna.In(t).WaitText(".banner", "The kept copy of the file is not what was uploaded.")
	m.readable("refused", m.ben)
	m.stop(t)
	s.write(kept, people(5))
}

// playUsed carries a plan out, and tries to do so again.
func (m *team) playUsed(t *testing.T) {
	t.Helper()
	s := m.s
	s.write(s.path("few.csv"), people(3))
	m.start(t)
	m.anna.In(t).UploadFile(s.path("few.csv"))
	m.anna.In(t).ClickText(".foot button", "Plan 3 rows")
	m.anna.In(t).ClickText("button", "Submit for approval: 3 rows")
	plan := m.approve(t)
	m.stop(t)
	older, err := os.ReadFile(s.ledger)
	if err != nil {
		t.Fatal(err)
	}
	m.start(t)
	ben := m.ben.In(t)
	ben.OpenPage(plan)
	ben.ClickText("button", "Send 3 rows now")
	ben.WaitText(".lines", "Created 3")
	ben.OpenPage(plan)
	ben.WaitText(".notice", "Carried out. A plan is used once.")
	m.cannotRun(t, plan)
	m.stop(t)
	s.write(s.ledger, string(older))
	m.start(t)
	ben = m.ben.In(t)
	ben.OpenPage(plan)
	m.refused(t, "an older copy was put in its place", "Show this to whoever runs the program")
	m.stop(t)
	s.run("ledger", "adopt", "--base-url", s.base, "--ledger", s.ledger).ends(0)
	m.start(t)
	m.ben.In(t).OpenPage(plan)
	m.ben.In(t).WaitText(".notice", "Void.")
	m.cannotRun(t, plan)
	if n := len(s.users()); n != 3 {
		t.Errorf("the partner has %d users", n)
	}
}

// cannotRun tries to run the plan that the approver sees.
func (m *team) cannotRun(t *testing.T, plan string) {
	t.Helper()
	ben, posts := m.ben.In(t), m.s.calls[0].Load()
	if webtest.Evaluate[bool](ben, `[...document.querySelectorAll("button")].some((n) => /approve|send|continue/i.test(n.innerText))`) {
		t.Errorf("it can be sent again: %s", ben.TextOf("#main"))
	}
	got := ben.Fetch("POST", "/api"+plan+"/run", "")
	if n := m.s.calls[0].Load() - posts; got.Status != http.StatusConflict || n != 0 {
		t.Errorf("%+v, %d users were to be created", got, n)
	}
}

// playKilled kills the program in the middle of a run and continues its plan.
func playKilled(t *testing.T, b *webtest.Browser) {
	s, d := held(t, sandbox.Acting, 12)
	s.establish()
	s.flags = append(s.flags, patient()...)
	c := checker{t, s}
	page, address := s.openPage("--fee", "0.50")
	open := func(address string) *webtest.Tab {
		base, token, _ := strings.Cut(address, "/#")
		x := b.NewTab(t, base)
		x.SignIn(token)
		return x
	}
	x := open(address)
	x.UploadFile(s.input)
	x.ClickText(".foot button", "Plan 12 rows")
	x.ClickText("button", "Submit for approval: 12 rows")
	x.WaitText("h2", "Your decision")
	x.TypeInto("#rows", "12")
	x.ClickText("button", "Approve")
	plan := x.Path()
	x.ClickText("button", "Send 12 rows now")
	x.WaitText("h1", "Sending people.csv")
	run := x.Path()
	c.check("28 kill -9 in the middle of a run, start again, Continue: no user twice, and the plan is used", func(t *testing.T) {
		d.await(t, 3)
		x.Close()
		page.kill()
		d.release()
		s.flags = append(s.flags, unhurried()...)
		_, address := s.openPage("--fee", "0.50")
		again := open(address).In(t)
		again.OpenPage(run)
		again.WaitText(".notice", "The program ended while this run was sending.")
		c.readable("cut", again)
		again.OpenPage(plan)
		again.WaitText(".notice", "Being carried out.")
		again.ClickText("button", "Continue")
		again.WaitText("h1", "Report of people.csv")
		again.WaitText(".lines", "Rows of the run 12")
		emails := map[string]int{}
		for _, user := range s.users() {
			emails[user.Email]++
		}
		if len(emails) != 12 || len(s.users()) != 12 {
			t.Errorf("the partner has %d users, %v", len(s.users()), emails)
		}
		again.OpenPage(plan)
		again.WaitText(".notice", "Carried out")
		if got := again.Fetch("POST", "/api"+plan+"/run", ""); got.Status != http.StatusConflict || len(s.users()) != 12 {
			t.Errorf("a used plan runs again: %+v", got)
		}
	})
}
