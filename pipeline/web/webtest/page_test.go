package webtest

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestPage plays the page. One browser serves all parts.
func TestPage(t *testing.T) {
	if testing.Short() {
		t.Skip("plays in a browser")
	}
	b := startBrowser(t)
	for _, part := range []struct {
		name string
		play func(*testing.T, *browser)
	}{
		{"TheTokenWorksOnce", testToken},
		{"TheKeyboardReachesEveryProblem", testKeyboard},
		{"AnEditIsCheckedAndCounted", testEdit},
		{"DecideOnceAndUndo", testDecideOnce},
		{"APastedBlock", testPaste},
		{"TwoTabs", testTwoTabs},
		{"TheServerIsGone", testServerGone},
		{"ALargeList", testLargeList},
		{"APlanNeedsASecondPerson", testApproval},
		{"ARunGoesOnWithoutThePage", testRun},
		{"LinksAreHiddenUntilAskedFor", testLinks},
		{"EveryScreenCanBeRead", testReadable},
		{"AWorkbookReachesTheGrid", testWorkbook},
	} {
		t.Run(part.name, func(t *testing.T) { part.play(t, b) })
	}
}

// openList signs in and opens the list of a site.
func openList(t *testing.T, b *browser, s *site) *tab {
	t.Helper()
	x := b.newTab(t, s)
	x.signIn()
	x.open("/lists/fake")
	x.waitSelected()
	return x
}

// waitSelected waits until the grid shows its first rows.
func (x *tab) waitSelected() {
	x.t.Helper()
	x.waitFor(`document.querySelector(".is-selected") !== null && document.querySelector(".is-loading:not([hidden])") === null`)
}

// The address that the program prints lets one browser in. Nobody else sees anything.
func testToken(t *testing.T, b *browser) {
	s := startSite(t, newFakeList("fake", 204))
	stranger := b.newTab(t, s)
	stranger.open("/lists/fake")
	stranger.waitText("#sign-in", "Start the program again")

	x := b.newTab(t, s)
	token := s.web.NewToken()
	x.open("/#token=" + token)
	x.waitText("h1", "Lists")
	if at := evaluate[string](x, `location.href`); strings.Contains(at, token) {
		t.Errorf("the token is still in the address: %s", at)
	}
	second := b.newTab(t, s)
	second.open("/#token=" + token)
	second.waitText("#sign-in", "Start the program again")
	for _, y := range []*tab{stranger, second} {
		if text := y.text("body"); strings.Contains(text, "Kundenliste") {
			t.Errorf("data without a session: %s", text)
		}
	}
	x.click("button", "Sign out")
	x.waitText("#sign-in", "Start the program again")
}

// Every kind of problem is reached and explained by keys alone.
func testKeyboard(t *testing.T, b *browser) {
	s := startSite(t, newFakeList("fake", 204))
	x := openList(t, b, s)
	x.waitText(".foot .sum", "= 204")
	if got := x.text(".foot .sum"); got != "19 ready · 184 to correct · 1 repeat = 204" {
		t.Errorf("the sum is %q", got)
	}
	// The first problem of the list is selected, and F8 goes on from it.
	x.waitText(".cell .what", "terms of service")
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
		x.press(step.key)
		x.waitText(".cell .where", step.where)
		x.waitText(".cell .what", step.what)
	}
	x.pressWith(kb.ModifierCtrl, kb.End)
	x.waitText(".cell .where", "I208")
	x.pressWith(kb.ModifierCtrl, kb.Home)
	x.waitText(".cell .where", "B6")
	x.pressWith(kb.ModifierShift, kb.F8)
	x.waitText("#toasts", "No further problem above")
	// An e-mail and a warning, too.
	x.click(".card button", "email format")
	x.waitText(".cell .what", "has no @")
	x.click(".card button", "postal zero lost")
	x.waitText(".cell .what", "too short for its country")
	// Tab leaves the grid and comes back: no trap.
	evaluate[bool](x, `document.querySelector(".grid").focus() ?? true`)
	x.press(kb.Tab)
	x.waitFor(`document.activeElement !== document.querySelector(".grid")`)
	x.pressWith(kb.ModifierShift, kb.Tab)
	x.waitFor(`document.activeElement === document.querySelector(".grid")`)
	// Escape leaves the cell as it was.
	before := s.list.patches
	x.press(kb.Enter)
	x.waitFor(`document.activeElement?.classList.contains("editor")`)
	x.press("9", kb.Escape)
	x.waitFor(`document.querySelector(".editor") === null && document.activeElement?.getAttribute("role") === "grid"`)
	if s.list.patches != before {
		t.Error("Escape changed a cell")
	}
	roles := evaluate[[]string](x, `(() => {
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
func testEdit(t *testing.T, b *browser) {
	s := startSite(t, newFakeList("fake", 204))
	x := openList(t, b, s)
	x.click(".card button", "email format")
	x.waitText(".cell .where", "E12")
	x.press(kb.Enter)
	x.waitFor(`document.activeElement?.classList.contains("editor")`)
	evaluate[bool](x, `document.activeElement.select() ?? true`)
	x.press("k", "7", "@", "e", "x", "a", "m", "p", "l", "e", "-", "k", ".", "d", "e", kb.Enter)
	x.waitText(".chip", "Changed here 1")
	x.waitFor(`[...document.querySelectorAll(".card")].some((n) => n.innerText.startsWith("4") && n.innerText.includes("email format"))`)
	x.click(".chip", "All rows")
	x.waitFor(cellOf(12, "E-Mail") + `?.textContent === "k7@example-k.de"`)
	evaluate[bool](x, cellOf(12, "E-Mail")+`.dispatchEvent(new MouseEvent("mousedown", {bubbles: true}))`)
	x.waitText(".cell .what", "Your file has “kunde7(at)example-kunde.de”")
	// Reload keeps it.
	x.open("/lists/fake")
	x.waitText(".chip", "Changed here 1")
	x.click(".chip", "Changed here")
	x.waitFor(cellOf(12, "E-Mail") + `?.textContent === "k7@example-k.de"`)
	// Ctrl+Z brings the file's value back.
	evaluate[bool](x, `document.querySelector(".grid").focus() ?? true`)
	x.pressWith(kb.ModifierCtrl, "z")
	x.waitText(".chip", "Changed here 0")
	x.waitText("#toasts", "Undone")
	// The sum still adds up after leaving a row out.
	x.click(".chip", "To correct")
	x.waitSelected()
	x.click(".cell button", "Leave this row out")
	x.waitText(".foot .sum", "19 ready · 183 to correct · 1 repeat · 1 left out = 204")
}

// A decision changes the cells that it names and no others, and undo brings all back.
func testDecideOnce(t *testing.T, b *browser) {
	s := startSite(t, newFakeList("fake", 204))
	before := s.list.column(colTerms)
	x := openList(t, b, s)
	x.click(".card button", "terms not accepted")
	x.waitText(".choice", "Only you can say")
	if n := evaluate[int](x, `[...document.querySelectorAll(".meanings select")].filter((n) => n.value !== "").length`); n != 0 {
		t.Errorf("consent is decided for %d words before anyone chose", n)
	}
	for _, word := range []string{"ja", "Ja"} {
		evaluate[bool](x, `(() => {
			const select = [...document.querySelectorAll(".meanings select")].find((n) => n.ariaLabel === "What “`+word+`” means");
			select.value = "true";
			return select.dispatchEvent(new Event("change"));
		})()`)
	}
	x.click(".choice button", "Apply to 121 cells")
	x.waitText(".chip", "Changed here 121")
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
	x.click("#toasts button", "Undo")
	x.waitText(".chip", "Changed here 0")
	if now := s.list.column(colTerms); strings.Join(now, "|") != strings.Join(before, "|") {
		t.Error("undo left something changed")
	}
	// "nein" is for leaving out.
	x.waitText(".card", "162")
	x.waitFor(`document.querySelector(".meanings") !== null`)
	evaluate[bool](x, `(() => {
		const select = [...document.querySelectorAll(".meanings select")].find((n) => n.ariaLabel === "What “nein” means");
		select.value = "leave-out";
		return select.dispatchEvent(new Event("change"));
	})()`)
	x.click(".choice button", "Apply to 1 cell")
	x.waitText(".foot .sum", "1 left out = 204")
	// A proposal of the program, with examples before it is applied.
	x.click(".card button", "phone plus lost")
	x.waitText(".choice", "49•••75 → +49•••75")
	x.click(".choice button", "Apply to 51 cells")
	x.waitText(".chip", "Changed here 51")
}

// A block from a spreadsheet program lands in the cells under it.
func testPaste(t *testing.T, b *browser) {
	s := startSite(t, newFakeList("fake", 204))
	x := openList(t, b, s)
	x.click(".chip", "All rows")
	x.waitFor(cellOf(5, "E-Mail") + ` !== undefined`)
	evaluate[bool](x, cellOf(9, "E-Mail")+`.dispatchEvent(new MouseEvent("mousedown", {bubbles: true}))`)
	x.waitText(".cell .where", "E9")
	x.paste("a@example-k.de\t+49 170 1\r\n\"b@example-k.de\"\t+49 170 2\r\nc@example-k.de\t+49 170 3\r\n")
	x.waitText(".chip", "Changed here 3")
	for i, want := range []string{"a@example-k.de +49 170 1", "b@example-k.de +49 170 2", "c@example-k.de +49 170 3"} {
		if got := x.cell(9+i, "E-Mail") + " " + x.cell(9+i, "Mobil"); got != want {
			t.Errorf("row %d has %q, want %q", 9+i, got, want)
		}
	}
	x.click("#toasts button", "Undo")
	x.waitText(".chip", "Changed here 0")
	x.waitFor(cellOf(9, "E-Mail") + `?.textContent === "kunde4@example-kunde.de"`)
}

// The second of two edits of one cell is refused with who was first; an edit of
// another cell is not.
func testTwoTabs(t *testing.T, b *browser) {
	s := startSite(t, newFakeList("fake", 204))
	x := openList(t, b, s)
	x.click(".card button", "email format")
	x.waitText(".cell .where", "E12")
	s.list.edit(colEmail, 12, "jonas@example-k.de")
	x.press("x", kb.Enter)
	x.waitText("#toasts", "changed by jonas")
	x.click(".chip", "All rows")
	x.waitFor(cellOf(12, "E-Mail") + `?.textContent === "jonas@example-k.de"`)
	// The revision is old again, but the cell is as it was seen.
	s.list.edit(colEmail, 53, "jonas2@example-k.de")
	evaluate[bool](x, cellOf(9, "E-Mail")+`.dispatchEvent(new MouseEvent("mousedown", {bubbles: true}))`)
	x.press("y", "@", "z", ".", "d", "e", kb.Enter)
	x.waitFor(cellOf(9, "E-Mail") + `?.textContent === "y@z.de" && document.querySelector(".is-unsaved") === null`)
	if got := s.list.column(colEmail)[9-firstRow]; got != "y@z.de" {
		t.Errorf("the list has %q", got)
	}
}

// Without its server the page says so and keeps what was typed until it is back.
func testServerGone(t *testing.T, b *browser) {
	s := startSite(t, newFakeList("fake", 204))
	x := openList(t, b, s)
	x.click(".card button", "email format")
	x.waitText(".cell .where", "E12")
	s.list.setDeaf(true)
	x.press("q", "@", "q", ".", "d", "e", kb.Enter)
	x.waitText(".banner", "The program does not answer")
	x.waitFor(`document.querySelector(".is-unsaved")?.textContent === "q@q.de"`)
	if got := s.list.column(colEmail)[12-firstRow]; got == "q@q.de" {
		t.Fatal("the server was not gone")
	}
	s.list.setDeaf(false)
	x.click(".banner button", "Try again")
	x.waitText(".chip", "Changed here 1")
	x.waitFor(`document.querySelector(".banner") === null && document.querySelector(".is-unsaved") === null`)
	if got := s.list.column(colEmail)[12-firstRow]; got != "q@q.de" {
		t.Errorf("the list has %q", got)
	}
}

// A list of 100,000 rows is a few hundred elements and a few requests.
func testLargeList(t *testing.T, b *browser) {
	s := startSite(t, newFakeList("fake", 100_000))
	x := openList(t, b, s)
	x.click(".chip", "All rows")
	x.waitFor(cellOf(5, "Kundennr.") + `?.textContent === "K10000"`)
	x.pressWith(kb.ModifierCtrl, kb.End)
	x.waitFor(cellOf(100_004, "Kundennr.") + `?.textContent === "K109999"`)
	x.waitText(".cell .where", "I100004")
	if n := evaluate[int](x, `document.querySelectorAll(".rows .line").length`); n > 60 {
		t.Errorf("%d rows are in the page", n)
	}
	if got := x.text(".foot .sum"); !strings.HasSuffix(got, "= 100,000") {
		t.Errorf("the sum is %q", got)
	}
	used := evaluate[int](x, `Math.round(performance.memory.usedJSHeapSize / 1e6)`)
	t.Logf("%d MB of JavaScript heap", used)
	if used > 100 {
		t.Errorf("the page uses %d MB", used)
	}
	// The problem before the end is in a part that is not loaded yet.
	x.pressWith(kb.ModifierCtrl, kb.Home)
	x.waitFor(cellOf(5, "Kundennr.") + `?.textContent === "K10000"`)
	x.click(".chip", "To correct")
	x.waitText(".cell .where", "6")
	x.press(kb.F8)
	x.waitText(".cell .where", "G7")
}
