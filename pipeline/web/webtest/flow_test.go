package webtest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
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
	s.engine.step <- struct{}{}
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
	s.engine.step <- struct{}{}
	x.WaitText("button", "Cut the requests in flight")
	s.engine.sendRows(70)
	s.engine.step <- struct{}{}
	x.WaitText("h1", "Report of Kundenliste_Q4.xlsx")
	x.WaitText(".lines", "Created 170")
}

// testLinks: no link is in a page before it was asked for, and asking is in the log.
func testLinks(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	s.engine.sendRows(170)
	x := b.openTab(t, s)
	for _, path := range []string{"/", "/runs/4", "/log"} {
		x.OpenPage(path)
		x.WaitFor(`document.querySelector("#main h2") !== null`)
		if Evaluate[bool](x, `document.documentElement.outerHTML.includes("verify.example")`) {
			t.Errorf("%s has a link", path)
		}
	}
	x.OpenPage("/runs/4")
	x.ClickText("button", "Show links")
	x.WaitText("dialog", "Your name and the time are written to the log")
	x.ClickText("dialog button", "Keep them hidden")
	x.WaitFor(`document.querySelector("dialog") === null`)
	if Evaluate[bool](x, `document.documentElement.outerHTML.includes("verify.example")`) {
		t.Error("a refusal shows links")
	}
	x.ClickText("button", "Show links")
	x.ClickText("dialog button", "Show links")
	x.WaitFor(`document.querySelector('.links a')?.href === ` + Quote(secretLink))
	if rel := Evaluate[string](x, `document.querySelector(".links a").rel`); !strings.Contains(rel, "noreferrer") {
		t.Errorf("rel is %q", rel)
	}
	x.OpenPage("/log")
	x.WaitText("tbody", "Showed links")
}

// testReadable: every control has a name, and every text stands out from its ground in
// both colour schemes, on every screen.
func testReadable(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	s.list.edit(colEmail, 53, "jonas@example-k.de")
	x := b.openTab(t, s)
	for _, screen := range []struct{ path, ready string }{
		{"/", "Lists in hand"}, {"/lists/fake#file", "The file"}, {"/lists/fake#columns", "What is read"}, {"/lists/fake", "Decide once"},
		{"/plans/9f2c41d07ab35e68", "Where it goes"}, {"/runs/4", "Progress"}, {"/log", "Entries"},
	} {
		x.OpenPage(screen.path)
		x.WaitText("h2", screen.ready)
		if screen.path == "/lists/fake" {
			x.ClickText(".card button", "terms not accepted")
			x.WaitFor(`document.querySelector(".meanings") !== null`)
		}
		x.checkNames(screen.path)
		for _, scheme := range []string{"light", "dark"} {
			x.SetScheme(scheme)
			for _, faint := range Evaluate[[]string](x, contrastScript) {
				t.Errorf("%s, %s: %s", screen.path, scheme, faint)
			}
		}
	}
	x.OpenPage("/lists/fake")
	x.waitSelected()
	x.PressKeys("\t")
	if width := Evaluate[string](x, `getComputedStyle(document.activeElement).outlineStyle`); width == "none" {
		t.Error("the focus cannot be seen")
	}
}

// checkNames fails for controls that a screen reader cannot name.
func (x *Tab) checkNames(screen string) {
	x.t.Helper()
	tree, err := chromedp.Call(x.ctx(), accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		x.t.Fatal(err)
	}
	controls := []string{"button", "link", "textbox", "searchbox", "combobox", "checkbox", "radio", "grid", "columnheader", "progressbar", "dialog", "navigation", "toolbar"}
	found := 0
	for _, node := range tree.Nodes {
		if node.Ignored || node.Role == nil || !slices.Contains(controls, strings.Trim(string(node.Role.Value), `"`)) {
			continue
		}
		found++
		if node.Name == nil || strings.Trim(string(node.Name.Value), `"`) == "" {
			x.t.Errorf("%s: a %s has no name", screen, node.Role.Value)
		}
	}
	if found < 3 {
		x.t.Errorf("%s: only %d controls were found", screen, found)
	}
}

// contrastScript returns the texts whose contrast is below 4.5:1, or 3:1 where they are
// large.
const contrastScript = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
	const parse = (color) => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = color;
		canvas.fillRect(0, 0, 1, 1);
		const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
		return [r, g, b, a / 255];
	};
	const over = (top, ground) => [0, 1, 2].map((i) => top[i] * top[3] + ground[i] * (1 - top[3])).concat(1);
	const groundOf = (node) => {
		const layers = [];
		for (let n = node; n; n = n.parentElement) {
			const color = parse(getComputedStyle(n).backgroundColor);
			layers.push(color);
			if (color[3] === 1) break;
		}
		return layers.reverse().reduce((ground, layer) => over(layer, ground), [255, 255, 255, 1]);
	};
	const light = (color) => {
		const [r, g, b] = color.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const faint = [];
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let text = walker.nextNode(); text; text = walker.nextNode()) {
		const node = text.parentElement;
		if (!text.data.trim() || !node.checkVisibility({visibilityProperty: true}) || node.closest(".unseen, [disabled], .is-loading, option, noscript")) continue;
		const style = getComputedStyle(node);
		const ground = groundOf(node);
		const ink = over(parse(style.color), ground);
		const [high, low] = [light(ink), light(ground)].sort((a, b) => b - a);
		const ratio = (high + 0.05) / (low + 0.05);
		const size = parseFloat(style.fontSize);
		const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
		if (ratio < least) faint.push(text.data.trim().slice(0, 40) + " has " + ratio.toFixed(2) + ":1 (" + node.className + ")");
	}
	return [...new Set(faint)].slice(0, 10);
})()`

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
	x.OpenPage("/lists/fake")
	x.waitSelected()
	x.WaitText(".banner", "max has this list in hand")
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

// testOtherOrigin: a page of another origin can neither read nor change anything.
func testOtherOrigin(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	x := b.openTab(t, s)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/html") }))
	t.Cleanup(other.Close)
	x.do(chromedp.Navigate(other.URL))
	for _, script := range []string{
		`fetch(%s + "/api/lists", {credentials: "include"}).then(() => "read", () => "refused")`,
		`fetch(%s + "/api/lists/fake/cells", {method: "PATCH", credentials: "include", headers: {"Content-Type": "application/json", "If-Match": '"1"'}, body: "[]"}).then(() => "changed", () => "refused")`,
		`fetch(%s + "/session", {method: "POST", mode: "no-cors", credentials: "include", body: "{}"}).then((r) => r.type === "opaque" ? "refused" : "read", () => "refused")`,
	} {
		if got := Evaluate[string](x, fmt.Sprintf(script, Quote(s.url))); got != "refused" {
			t.Errorf("%s: %s", script, got)
		}
	}
	x.TakeFaults()
	x.OpenPage("/")
	x.WaitText("h1", "Lists") // the session is as it was
	if s.list.patches != 0 {
		t.Error("another origin changed a cell")
	}
}
