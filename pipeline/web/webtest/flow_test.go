package webtest

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// testApproval: who made a plan cannot approve it, and who approves it types its rows.
func testApproval(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	maker := b.openTab(t, s)
	maker.OpenPage("/plans/9f2c41d07ab35e68")
	maker.WaitText(".notice", "Waiting for a second person")
	if Evaluate[bool](maker, `[...document.querySelectorAll("button")].some((n) => /approve|decline/i.test(n.innerText))`) {
		t.Error("the maker can decide")
	}
	if status := Evaluate[int](maker, `fetch("/api/plans/9f2c41d07ab35e68/approve", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({digest: "9f2c41d07ab35e68", rows: 170, comment: ""})}).then((r) => r.status)`); status != 403 {
		t.Errorf("a forged approval gets %d", status)
	}

	r := startSiteFor(t, newFakeList("fake", 204), access.User{Name: "jonas", Roles: []api.Role{api.Approve}})
	x := b.openTab(t, r)
	x.WaitText("h2", "Plans waiting for you")
	x.ClickText(`a[href^="/plans/"]`, "Kundenliste_Q4.xlsx")
	x.WaitText("h2", "Your decision")
	if sum := x.TextOf(".lines .total"); sum != "Rows of the list 204" {
		t.Errorf("the rows add up to %q", sum)
	}
	x.do(chromedp.SendKeys(chromedp.CSS("#rows"), "17"))
	x.ClickText("button", "Approve")
	x.WaitText(".notice", "The plan sends 170 rows, and you typed 17")
	x.ClickText("button", "Decline")
	x.WaitText(".notice", "Say why you decline")
	x.do(chromedp.SendKeys(chromedp.CSS("#rows"), "0"), chromedp.SendKeys(chromedp.CSS("#comment"), "as agreed"))
	x.ClickText("button", "Approve")
	x.WaitText(".notice", "Approved.")
	x.WaitText(".notice", "jonas")
	x.ClickText("button", "Send 170 rows now")
	x.WaitText("h1", "Sending Kundenliste_Q4.xlsx")
}

// testRun: the figures are live, closing the page changes nothing, and opening it again
// shows where the run is.
func testRun(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	x := b.openTab(t, s)
	x.OpenPage("/runs/4")
	x.WaitText(".page", "You may close this page; keep this program running")
	s.engine.sendRows(40)
	s.engine.showRun()
	x.WaitText(".big", "40 created")
	x.OpenPage("/")
	s.engine.sendRows(60)
	x.OpenPage("/runs/4")
	x.WaitText(".big", "100 created")
	x.ClickText("button", "Pause after the requests in flight")
	select {
	case <-s.engine.stopped:
	case <-time.After(patience):
		t.Fatal("the run was not told to stop")
	}
	s.engine.showRun()
	x.WaitText("button", "Cut the requests in flight")
	s.engine.sendRows(70)
	s.engine.showRun()
	x.WaitText("h1", "Report of Kundenliste_Q4.xlsx")
	x.WaitText(".lines", "Created 170")
}

// testPlanDraft: a plan without a fee or with too small a wallet cannot be submitted,
// and the page says what is missing; one that is no longer valid sends nothing.
func testPlanDraft(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	x := b.openTab(t, s)
	blocked := `document.querySelector(".actions .button.primary").disabled`
	s.engine.setPlan(func(p *api.Plan) {
		p.Fee, p.AtMost, p.Blocked = "", "", &api.Error{Code: "fee_unknown", Sentence: "It is not known what one user costs.", WhatToDo: "Type the highest fee."}
	})
	x.OpenPage("/lists/fake#plan")
	x.WaitText(".notice", "It is not known what one user costs")
	if !Evaluate[bool](x, blocked) {
		t.Error("a plan without a fee can be submitted")
	}
	s.engine.setPlan(func(p *api.Plan) { p.Fee, p.AtMost, p.Blocked = "0.50", "85.00", nil })
	x.TypeInto("#fee", "0,50\t")
	x.WaitText(".lines", "85.00 USD")
	if order := s.engine.lastOrder(); order.Fee != "0.50" || order.Save {
		t.Errorf("the page ordered %+v", order)
	}
	s.engine.setPlan(func(p *api.Plan) {
		p.Wallet, p.Shortfall, p.Covers, p.Blocked = "35.50", "49.50", 71, &api.Error{Code: "wallet_short", Sentence: "The wallet does not cover every row.", Shortfall: "49.50", Covers: 71}
	})
	x.OpenPage("/lists/fake#plan")
	x.WaitText(".notice", "The wallet is short by 49.50 USD: it covers 71 of 170 rows.")
	if !Evaluate[bool](x, blocked) {
		t.Error("a plan that the wallet does not cover can be submitted")
	}
	s.engine.setPlan(func(p *api.Plan) { p.Blocked, p.Limit = nil, 71 })
	x.ClickText("label", "Send what the wallet covers: 71 rows.")
	x.WaitText(".lines", "of these in the first run, which then stops 71")
	x.ClickText("button", "Submit for approval")
	x.WaitText(".notice", "Waiting for a second person")
	if order := s.engine.lastOrder(); !order.Funded || !order.Save {
		t.Errorf("the page ordered %+v", order)
	}
	s.engine.setPlan(func(p *api.Plan) { p.Wallet, p.Shortfall, p.Covers, p.Limit, p.Remains = "", "", -1, 0, "" })
	x.OpenPage("/lists/fake#plan")
	x.WaitText(".notice", "It is not known what the wallet holds.")
	s.engine.setPlan(func(p *api.Plan) {
		p.State, p.Differs = api.PlanStale, []string{"rows that may be sent: 170 were approved, now there are 171"}
	})
	x.OpenPage("/plans/9f2c41d07ab35e68")
	x.WaitText(".notice", "now there are 171")
	if Evaluate[bool](x, `[...document.querySelectorAll("button")].some((n) => /approve|send/i.test(n.innerText))`) {
		t.Error("a plan that is no longer valid can be sent")
	}
}

// testStates: what is not at hand is said, and a refused download is no empty file.
func testStates(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	s.engine.hold(&api.Held{Who: "jonas@cron-host", Since: time.Now(), What: "run"})
	s.list.setOwner("max", false)
	x := b.openTab(t, s)
	x.WaitText(".banner", "jonas@cron-host has been running bulkonboard run")
	x.WaitText("tbody", "max (read only)")
	x.CheckReadable()
	x.OpenPage("/lists/fake")
	x.waitSelected()
	x.WaitText(".banner", "max has this list in hand")
	x.CheckReadable()
	if Evaluate[bool](x, `[...document.querySelectorAll(".cell button, .foot button.primary")].some((n) => n.checkVisibility())`) {
		t.Error("a list of another user can be changed")
	}
	x.PressKeys(kb.Enter)
	if Evaluate[bool](x, `document.querySelector(".editor") !== null`) {
		t.Error("a cell of another user's list can be edited")
	}
	s.list.setOwner("sabine", true)
	x.OpenPage("/lists/fake")
	x.waitSelected()
	x.ClickText(".foot button", "Download marked workbook")
	x.WaitText("#toasts", "There is no such page")
	x.OpenPage("/plans/0000")
	x.WaitText("h1", "This page cannot be shown")
}
