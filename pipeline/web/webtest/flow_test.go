package webtest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"

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
