package webtest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// lookEvery is how often a page is looked at while it is waited for.
const lookEvery = 50 * time.Millisecond

// SignIn exchanges the one-time token of the address that the program printed for a
// session.
func (x *Tab) SignIn(token string) {
	x.t.Helper()
	x.OpenPage("/#" + token)
	x.WaitFor(`document.querySelector(".who .person") !== null`)
}

// OpenPage opens a page of the site. The same address with another fragment is loaded again.
func (x *Tab) OpenPage(path string) {
	x.t.Helper()
	x.navigate(x.origin + path) // its status is not asked for: a page may go on to another one at once
}

// OpenAddress opens any page, and returns the status of the answer.
func (x *Tab) OpenAddress(url string) (status int) {
	x.t.Helper()
	x.navigate(url)
	return x.Status()
}

func (x *Tab) navigate(url string) {
	x.t.Helper()
	x.do(chromedp.Navigate("about:blank"), chromedp.Navigate(url)) // from the same page another fragment would load nothing
}

// Status returns the status with which the page was answered.
func (x *Tab) Status() int {
	x.t.Helper()
	return Evaluate[int](x, `performance.getEntriesByType("navigation")[0]?.responseStatus ?? 0`)
}

// Answer is what a request of a script was answered with.
type Answer struct {
	Status int    `json:"status"`
	Text   string `json:"text"`
}

// Fetch sends a request as a script of the page does, with JSON unless body is "" and
// further headers as pairs.
func (x *Tab) Fetch(method, path, body string, header ...string) Answer {
	x.t.Helper()
	options := map[string]any{"method": method}
	headers := map[string]string{}
	if body != "" {
		headers["Content-Type"] = "application/json"
		options["body"] = body
	}
	for i := 0; i+1 < len(header); i += 2 {
		headers[header[i]] = header[i+1]
	}
	options["headers"] = headers
	text, err := json.Marshal(options)
	if err != nil {
		x.t.Fatal(err)
	}
	return Evaluate[Answer](x, fmt.Sprintf(`fetch(%s, %s).then(async (r) => ({status: r.status, text: await r.text()}))`, Quote(path), text))
}

// WaitFor waits until an expression is true in the page.
func (x *Tab) WaitFor(expression string) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.ctx(), patience)
	defer cancel()
	wait := fmt.Sprintf(`new Promise((resolve) => {
		const check = () => { if (%s) resolve(true); else setTimeout(check, %d); };
		check();
	})`, expression, lookEvery.Milliseconds())
	for {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](wait, chromedp.EvalAwaitPromise))
		if err == nil {
			return
		}
		if ctx.Err() != nil || !isNavigation(err) { // another page begins the wait again
			x.t.Fatalf("not true: %s: %v\nthe page: %s", expression, err, x.describePage())
		}
	}
}

// isNavigation reports whether an expression ended because the page was left.
func isNavigation(err error) bool {
	text := err.Error()
	return strings.Contains(text, "navigated") || strings.Contains(text, "context") || strings.Contains(text, "collected")
}

// Evaluate returns the value of an expression in the page.
func Evaluate[T any](x *Tab, expression string) T {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.ctx(), patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		x.t.Fatalf("%s: %v\nthe page: %s", expression, err, x.describePage())
	}
	return value
}

// TextOf returns the visible text of the first element that a selector matches.
func (x *Tab) TextOf(selector string) string {
	x.t.Helper()
	return Evaluate[string](x, fmt.Sprintf(`(document.querySelector(%s)?.innerText ?? "").replace(/\s+/g, " ").trim()`, Quote(selector)))
}

// WaitText waits until an element shows a text.
func (x *Tab) WaitText(selector, text string) {
	x.t.Helper()
	x.WaitFor(fmt.Sprintf(`[...document.querySelectorAll(%s)].some((n) => n.innerText.replace(/\s+/g, " ").includes(%s))`, Quote(selector), Quote(text)))
}

// ClickText clicks the first visible element with a text.
func (x *Tab) ClickText(selector, text string) {
	x.t.Helper()
	x.actOnce(fmt.Sprintf(`(() => {
		const found = [...document.querySelectorAll(%s)].find((n) => n.checkVisibility() && !n.disabled && n.innerText.replace(/\s+/g, " ").includes(%s));
		found?.scrollIntoView({block: "nearest"});
		found?.click();
		return found !== undefined;
	})()`, Quote(selector), Quote(text)))
}

// actOnce evaluates an expression until it is true: it finds what it acts on and acts in
// one step, so that the page cannot replace it in between.
func (x *Tab) actOnce(expression string) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.ctx(), patience)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		isDone, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		if err == nil && isDone {
			return
		}
		if ctx.Err() != nil || err != nil && !isNavigation(err) {
			x.t.Fatalf("not done: %s: %v\nthe page: %s", expression, err, x.describePage())
		}
		<-tick.C
	}
}

// PressKeys presses keys, one after the other: names of kb such as kb.Tab, or letters.
func (x *Tab) PressKeys(keys ...string) {
	x.t.Helper()
	for _, key := range keys {
		x.do(chromedp.KeyEvent(key))
	}
}

// PressWith presses a key together with Ctrl or Shift.
func (x *Tab) PressWith(modifier kb.Modifier, key string) {
	x.t.Helper()
	x.do(chromedp.KeyEvent(key, chromedp.KeyModifiers(modifier)))
}

// PasteText puts a text on the clipboard of a paste event and sends it to what has the focus.
func (x *Tab) PasteText(text string) {
	x.t.Helper()
	x.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`{
		const data = new DataTransfer();
		data.setData("text/plain", %s);
		document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
	}`, Quote(text))))
}

// CellText returns the text of a cell of the grid, by the row of the sheet and the column.
func (x *Tab) CellText(row int, heading string) string {
	x.t.Helper()
	return Evaluate[string](x, CellAt(row, heading)+`?.textContent ?? "no such cell"`)
}

// CellAt returns an expression for a cell of the grid.
func CellAt(row int, heading string) string {
	return fmt.Sprintf(`(() => {
		const heads = [...document.querySelectorAll("[role=columnheader]")];
		const at = heads.find((n) => n.title === %s)?.ariaColIndex;
		const line = [...document.querySelectorAll(".rows .line:not([hidden])")].find((n) => n.firstChild.textContent === "%d");
		return [...(line?.children ?? [])].find((n) => n.getAttribute("aria-colindex") === at);
	})()`, Quote(heading), row)
}

// Quote returns a text as a string of JavaScript.
func Quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(b)
}

// SignInAs signs in as a user of a team.
func (x *Tab) SignInAs(user, password string) {
	x.t.Helper()
	x.OpenPage("/")
	x.WaitFor(`document.querySelector("#password") !== null`)
	x.TypeInto("#user", user)
	x.TypeInto("#password", password)
	x.ClickText("button", "Sign in")
	x.WaitFor(`document.querySelector(".who .person") !== null`)
}

// TypeInto types a text into an input.
func (x *Tab) TypeInto(selector, text string) {
	x.t.Helper()
	x.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// UploadFile gives the page a file as the button "Choose a file" does.
func (x *Tab) UploadFile(path string) {
	x.t.Helper()
	whole, err := filepath.Abs(path)
	if err != nil {
		x.t.Fatal(err)
	}
	x.WaitFor(`document.querySelector("#file") !== null`)
	x.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{whole}))
}

// OpenCard opens a card of what was found, if it is not open.
func (x *Tab) OpenCard(title string) {
	x.t.Helper()
	x.actOnce(fmt.Sprintf(`(() => {
		const card = [...document.querySelectorAll(".card > button")].find((n) => n.innerText.replace(/\s+/g, " ").includes(%s));
		if (card?.ariaExpanded === "false") card.click();
		return card !== undefined;
	})()`, Quote(title)))
}

// ChooseMeaning chooses what a word means in the card that is open.
func (x *Tab) ChooseMeaning(word, meaning string) {
	x.t.Helper()
	x.actOnce(fmt.Sprintf(`(() => {
		const select = [...document.querySelectorAll(".meanings select")].find((n) => n.ariaLabel === %s);
		if (!select) return false;
		select.value = %s;
		return select.dispatchEvent(new Event("change"));
	})()`, Quote("What \u201c"+word+"\u201d means"), Quote(meaning)))
}

// Path returns the path of the page.
func (x *Tab) Path() string {
	x.t.Helper()
	return Evaluate[string](x, `location.pathname`)
}

// DownloadFile clicks what downloads a file, and returns its name and content.
func (x *Tab) DownloadFile(selector, text string) (name string, content []byte) {
	x.t.Helper()
	dir := x.t.TempDir()
	saving := browser.SetDownloadBehaviorParams{
		Behavior:         browser.SetDownloadBehaviorBehaviorAllow, //nolint:misspell // the protocol's spelling
		DownloadPath:     dir,
		BrowserContextID: chromedp.FromContext(x.ctx()).BrowserContextID,
	}
	ctx, cancel := context.WithTimeout(x.ctx(), patience)
	defer cancel()
	if _, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, saving); err != nil {
		x.t.Fatal(err)
	}
	x.ClickText(selector, text)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		files, err := os.ReadDir(dir)
		if err != nil {
			x.t.Fatal(err)
		}
		for _, f := range files {
			if info, err := f.Info(); err == nil && info.Size() > 0 && !strings.HasPrefix(f.Name(), ".") && filepath.Ext(f.Name()) != ".crdownload" {
				content, err := os.ReadFile(filepath.Join(dir, f.Name()))
				if err != nil {
					x.t.Fatal(err)
				}
				return f.Name(), content
			}
		}
	}
	x.t.Fatalf("nothing was downloaded\nthe page: %s", x.describePage())
	return "", nil
}
