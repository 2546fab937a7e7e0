package webtest

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestWebScreens plays the screens against stand-ins for the engine and, where a test
// changes it in the middle, for a list. One browser serves all parts. The checks have the
// numbers of the design's; those that need the whole program are played by its own tests.
func TestWebScreens(t *testing.T) {
	if testing.Short() {
		t.Skip("plays in a browser")
	}
	b := StartBrowser(t)
	for _, part := range []struct {
		name string
		play func(*testing.T, *Browser)
	}{
		{"FaultsAreSeen", testFaults},
		{"Functions", testFunctions},
		{"check 13 a cell of each kind shows its sentence by keys alone", testKeyboard},
		{"check 14 an edit is checked again and changes the counts", testEdit},
		{"check 15 deciding once changes exactly those cells, and undo brings all back", testDecideOnce},
		{"check 16 a pasted block lands in the right cells", testPaste},
		{"check 17 the second edit of one cell is refused with who was first", testTwoTabs},
		{"AChangeWaitsForTheCheck", testCheckUnderWay},
		{"TheServerIsGone", testServerGone},
		{"check 20 a list of 100,000 rows stays small and fast", testLargeList},
		{"APlanNeedsASecondPerson", testApproval},
		{"APlanThatCannotBeSubmitted", testPlanDraft},
		{"WhatIsNotAtHandIsSaid", testStates},
		{"WhereDataAreIsSaid", testPlace},
		{"MarkupInAListStaysText", testMarkup},
		{"AMappingIsKeptAndOffered", testMapping},
		{"TwoColumnsForOneField", testUnclearColumns},
		{"AFailedCheckIsMadeAgain", testCheckAgain},
		{"AnUpdateAndALedgerThatCannotBeUsed", testOutdated},
		{"WarningsOfARun", testWarnings},
		{"AfterTheRun", testAfterRun},
		{"APlanAsOthersSeeIt", testPlanForOthers},
		{"ARunGoesOnWithoutThePage", testRun},
		{"check 12 headings, cells and row numbers are those of the sheet", testWorkbook},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.play(t, b)
		})
	}
}

// openList signs in and opens the list of a site.
func openList(t *testing.T, b *Browser, s *site) *Tab {
	t.Helper()
	x := b.openTab(t, s)
	x.OpenPage("/lists/fake")
	x.waitSelected()
	return x
}

// waitSelected waits until the grid shows its first rows.
func (x *Tab) waitSelected() {
	x.t.Helper()
	x.WaitFor(`document.querySelector(".is-selected") !== null && document.querySelector(".is-loading:not([hidden])") === null`)
}

// What every other part relies on: a page that fails, breaks its policy or asks another
// origin is noticed, and the policy holds.
func testFaults(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	x := b.openTab(t, s)
	for _, fault := range []struct{ noted, script string }{
		{"policy: ", `try { document.body.innerHTML = "<b>x</b>"; false } catch { true }`},
		{"policy: ", `fetch("http://127.0.0.1:9/").then(() => false, () => true)`},
		{"exception: ", `setTimeout(() => { throw new Error("on purpose"); }), true`},
	} {
		if !Evaluate[bool](x, fault.script) {
			t.Errorf("allowed: %s", fault.script)
		}
		Evaluate[bool](x, `new Promise((done) => setTimeout(() => done(true), 1))`)
		if faults := x.TakeFaults(); !slices.ContainsFunc(faults, func(f string) bool { return strings.HasPrefix(f, fault.noted) }) {
			t.Errorf("%s: not noticed: %q", fault.script, faults)
		}
	}
}

// Every kind of problem is reached and explained by keys alone.
func testKeyboard(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	x := openList(t, b, s)
	x.WaitText(".foot .sum", "= 204")
	if got := x.TextOf(".foot .sum"); got != "19 ready · 184 to correct · 1 repeat = 204" {
		t.Errorf("the sum is %q", got)
	}
	// The first problem of the list is selected, and F8 goes on from it.
	x.WaitText(".cell .what", "terms of service")
	for _, step := range []struct{ key, where, what string }{
		{kb.F8, "G7", "terms of service"},
		{kb.F8, "F8", "no country code"},
		{kb.F8, "G8", "terms of service"},
		{kb.F8, "F9", "no country code"},
		{kb.ArrowUp, "F8", "no country code"},
		{kb.ArrowLeft, "E8", "cell is right"},
		{kb.Home, "B8", "cell is right"},
		{kb.End, "I8", "cell is right"},
		{kb.PageDown, "", ""},
	} {
		x.PressKeys(step.key)
		x.WaitText(".cell .where", step.where)
		x.WaitText(".cell .what", step.what)
	}
	x.PressWith(kb.ModifierCtrl, kb.End)
	x.WaitText(".cell .where", "I208")
	x.PressWith(kb.ModifierCtrl, kb.Home)
	x.WaitText(".cell .where", "B6")
	x.PressWith(kb.ModifierShift, kb.F8)
	x.WaitText("#toasts", "No further problem above")
	// An e-mail and a warning, too.
	x.ClickText(".card button", "email format")
	x.WaitText(".cell .what", "has no @")
	x.ClickText(".card button", "postal zero lost")
	x.WaitText(".cell .what", "too short for its country")
	// Tab leaves the grid and comes back: no trap.
	Evaluate[bool](x, `document.querySelector(".grid").focus() ?? true`)
	x.PressKeys(kb.Tab)
	x.WaitFor(`document.activeElement !== document.querySelector(".grid")`)
	x.PressWith(kb.ModifierShift, kb.Tab)
	x.WaitFor(`document.activeElement === document.querySelector(".grid")`)
	// Escape leaves the cell as it was.
	before := s.list.patches
	x.PressKeys(kb.Enter)
	x.WaitFor(`document.activeElement?.classList.contains("editor")`)
	x.PressKeys("9", kb.Escape)
	x.WaitFor(`document.querySelector(".editor") === null && document.activeElement?.getAttribute("role") === "grid"`)
	if s.list.patches != before {
		t.Error("Escape changed a cell")
	}
	roles := Evaluate[[]string](x, `(() => {
		const grid = document.querySelector("[role=grid]");
		const cell = document.getElementById(grid.getAttribute("aria-activedescendant"));
		return [grid.getAttribute("aria-rowcount"), grid.getAttribute("aria-colcount"), cell.getAttribute("role"), cell.getAttribute("aria-colindex"), cell.parentElement.getAttribute("role"), cell.parentElement.getAttribute("aria-rowindex"), cell.getAttribute("aria-description")];
	})()`)
	if want := "24 9 gridcell 8 row 2 is too short for its country, as when a spreadsheet drops a leading zero"; strings.Join(roles, " ") != want {
		t.Errorf("the grid says %q, want %q", strings.Join(roles, " "), want)
	}
}

// An edited cell is checked again: the counts change, the row leaves "To correct", and
// what the file has is kept.
func testEdit(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	x := openList(t, b, s)
	x.ClickText(".card button", "email format")
	x.WaitText(".cell .where", "E12")
	x.PressKeys(kb.Enter)
	x.WaitFor(`document.activeElement?.classList.contains("editor")`)
	Evaluate[bool](x, `document.activeElement.select() ?? true`)
	x.PressKeys("k", "7", "@", "e", "x", "a", "m", "p", "l", "e", "-", "k", ".", "d", "e", kb.Enter)
	x.WaitText(".chip", "Changed here 1")
	x.WaitFor(`[...document.querySelectorAll(".card")].some((n) => n.innerText.startsWith("4") && n.innerText.includes("email format"))`)
	x.ClickText(".chip", "All rows")
	x.WaitFor(CellAt(5, "E-Mail") + ` !== undefined && ` + CellAt(12, "E-Mail") + `?.textContent === "k7@example-k.de"`)
	Evaluate[bool](x, CellAt(12, "E-Mail")+`.dispatchEvent(new MouseEvent("mousedown", {bubbles: true}))`)
	x.WaitText(".cell .what", "Your file has “kunde7(at)example-kunde.de”")
	// Reload keeps it.
	x.OpenPage("/lists/fake")
	x.WaitText(".chip", "Changed here 1")
	x.ClickText(".chip", "Changed here")
	x.WaitFor(CellAt(12, "E-Mail") + `?.textContent === "k7@example-k.de"`)
	// Ctrl+Z brings the file's value back.
	Evaluate[bool](x, `document.querySelector(".grid").focus() ?? true`)
	x.PressWith(kb.ModifierCtrl, "z")
	x.WaitText(".chip", "Changed here 0")
	x.WaitText("#toasts", "Undone")
	// The sum still adds up after leaving a row out.
	x.ClickText(".chip", "To correct")
	x.waitSelected()
	x.ClickText(".cell button", "Leave this row out")
	x.WaitText(".foot .sum", "19 ready · 183 to correct · 1 repeat · 1 left out = 204")
}

// A decision changes the cells that it names and no others, and undo brings all back.
func testDecideOnce(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	before := s.list.column(colTerms)
	x := openList(t, b, s)
	x.ClickText(".card button", "terms not accepted")
	x.WaitText(".choice", "Only you can say")
	if n := Evaluate[int](x, `[...document.querySelectorAll(".meanings select")].filter((n) => n.value !== "").length`); n != 0 {
		t.Errorf("consent is decided for %d words before anyone chose", n)
	}
	x.ChooseMeaning("ja", "true")
	x.WaitFor(`(document.querySelector(".meanings select").focus(), document.activeElement.ariaLabel === "What “ja” means")`)
	apply := x.TextOf(".choice button.primary")
	// A check that ends meanwhile draws the card again: what was chosen stays.
	s.list.startCheck(3)
	Evaluate[bool](x, `window.dispatchEvent(new Event("focus"))`)
	x.WaitText(".foot .sum", "Checking")
	x.WaitText(".foot .sum", "= 204")
	if again := x.TextOf(".choice button.primary"); again != apply || !Evaluate[bool](x, `document.activeElement?.ariaLabel === "What “ja” means"`) {
		t.Errorf("what was chosen is gone: %q, then %q", apply, again)
	}
	x.ChooseMeaning("Ja", "true")
	x.ClickText(".choice button", "Apply to 121 cells")
	x.WaitText(".chip", "Changed here 121")
	changed := 0
	for i, now := range s.list.column(colTerms) {
		switch {
		case strings.EqualFold(before[i], "ja") && now == "true":
			changed++
		case now != before[i]:
			t.Fatalf("row %d: %q became %q", firstRow+i, before[i], now)
		}
	}
	if changed != 121 {
		t.Errorf("%d cells were changed", changed)
	}
	x.ClickText("#toasts button", "Undo")
	x.WaitText(".chip", "Changed here 0")
	if now := s.list.column(colTerms); strings.Join(now, "|") != strings.Join(before, "|") {
		t.Error("undo left something changed")
	}
	// "nein" is for leaving out.
	x.WaitText(".card", "162")
	x.ChooseMeaning("nein", "leave-out")
	x.ClickText(".choice button", "Apply to 1 cell")
	x.WaitText(".foot .sum", "1 left out = 204")
	// A proposal of the program, with examples before it is applied.
	x.ClickText(".card button", "phone plus lost")
	x.WaitText(".choice", "49•••75 → +49•••75")
	x.ClickText(".choice button", "Apply to 51 cells")
	x.WaitText(".chip", "Changed here 51")
}

// A block from a spreadsheet program lands in the cells under it.
func testPaste(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	x := openList(t, b, s)
	x.ClickText(".chip", "All rows")
	x.WaitFor(CellAt(5, "E-Mail") + ` !== undefined`)
	Evaluate[bool](x, CellAt(9, "E-Mail")+`.dispatchEvent(new MouseEvent("mousedown", {bubbles: true}))`)
	x.WaitText(".cell .where", "E9")
	x.PasteText("a@example-k.de\t+49 170 1\r\n\"b@example-k.de\"\t+49 170 2\r\nc@example-k.de\t+49 170 3\r\n")
	x.WaitText(".chip", "Changed here 3")
	for i, want := range []string{"a@example-k.de +49 170 1", "b@example-k.de +49 170 2", "c@example-k.de +49 170 3"} {
		if got := x.CellText(9+i, "E-Mail") + " " + x.CellText(9+i, "Mobil"); got != want {
			t.Errorf("row %d has %q, want %q", 9+i, got, want)
		}
	}
	x.ClickText("#toasts button", "Undo")
	x.WaitText(".chip", "Changed here 0")
	x.WaitFor(CellAt(9, "E-Mail") + `?.textContent === "kunde4@example-kunde.de"`)
}

// The second of two edits of one cell is refused with who was first; an edit of
// another cell is not.
func testTwoTabs(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	x := openList(t, b, s)
	x.ClickText(".card button", "email format")
	x.WaitText(".cell .where", "E12")
	s.list.edit(colEmail, 12, "jonas@example-k.de")
	x.PressKeys("x", kb.Enter)
	x.WaitText("#toasts", "changed by jonas")
	x.ClickText(".chip", "All rows")
	x.WaitFor(CellAt(12, "E-Mail") + `?.textContent === "jonas@example-k.de"`)
	// The revision is old again, but the cell is as it was seen.
	s.list.edit(colEmail, 53, "jonas2@example-k.de")
	Evaluate[bool](x, CellAt(9, "E-Mail")+`.dispatchEvent(new MouseEvent("mousedown", {bubbles: true}))`)
	x.PressKeys("y", "@", "z", ".", "d", "e", kb.Enter)
	x.WaitFor(CellAt(9, "E-Mail") + `?.textContent === "y@z.de" && document.querySelector(".is-unsaved") === null`)
	if got := s.list.column(colEmail)[9-firstRow]; got != "y@z.de" {
		t.Errorf("the list has %q", got)
	}
}

// What is changed while the list is being checked is sent after the check.
func testCheckUnderWay(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	x := openList(t, b, s)
	x.ClickText(".card button", "email format")
	x.WaitText(".cell .where", "E12")
	s.list.startCheck(3)
	x.PressKeys("w", "@", "w", ".", "d", "e", kb.Enter)
	x.WaitText(".foot .sum", "Checking 120 of 204 rows, 9,000 rows/s")
	x.WaitText(".chip", "Changed here 1")
	if got := s.list.column(colEmail)[12-firstRow]; got != "w@w.de" {
		t.Errorf("the list has %q", got)
	}
	if toast := x.TextOf("#toasts"); toast != "" {
		t.Errorf("the page complains: %s", toast)
	}
}

// Without its server the page says so and keeps what was typed until it is back.
func testServerGone(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	x := openList(t, b, s)
	x.ClickText(".card button", "email format")
	x.WaitText(".cell .where", "E12")
	s.list.setDeaf(true)
	x.PressKeys("q", "@", "q", ".", "d", "e", kb.Enter)
	x.WaitText(".banner", "The program does not answer")
	x.WaitFor(`document.querySelector(".is-unsaved")?.textContent === "q@q.de"`)
	if got := s.list.column(colEmail)[12-firstRow]; got == "q@q.de" {
		t.Fatal("the server was not gone")
	}
	s.list.setDeaf(false)
	x.ClickText(".banner button", "Try again")
	x.WaitText(".chip", "Changed here 1")
	x.WaitFor(`document.querySelector(".banner") === null && document.querySelector(".is-unsaved") === null`)
	if got := s.list.column(colEmail)[12-firstRow]; got != "q@q.de" {
		t.Errorf("the list has %q", got)
	}
}

// A list of 100,000 rows is a few hundred elements and a few requests.
func testLargeList(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 100_000))
	x := openList(t, b, s)
	x.ClickText(".chip", "All rows")
	x.WaitFor(CellAt(5, "Kundennr.") + `?.textContent === "K10000"`)
	x.PressWith(kb.ModifierCtrl, kb.End)
	x.WaitFor(CellAt(100_004, "Kundennr.") + `?.textContent === "K109999"`)
	x.WaitText(".cell .where", "I100004")
	if n := Evaluate[int](x, `document.querySelectorAll(".rows .line").length`); n > 60 {
		t.Errorf("%d rows are in the page", n)
	}
	if got := x.TextOf(".foot .sum"); !strings.HasSuffix(got, "= 100,000") {
		t.Errorf("the sum is %q", got)
	}
	used := Evaluate[int](x, `Math.round(performance.memory.usedJSHeapSize / 1e6)`)
	t.Logf("%d MB of JavaScript heap", used)
	if used > 100 {
		t.Errorf("the page uses %d MB", used)
	}
	// The problem before the end is in a part that is not loaded yet.
	x.PressWith(kb.ModifierCtrl, kb.Home)
	x.WaitFor(CellAt(5, "Kundennr.") + `?.textContent === "K10000"`)
	x.ClickText(".chip", "To correct")
	x.WaitText(".cell .where", "6")
	x.PressKeys(kb.F8)
	x.WaitText(".cell .where", "G7")
}
