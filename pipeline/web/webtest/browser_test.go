// Package webtest plays the finance page in a real Chromium: the pages, the style
// sheets and the scripts of package web, against its server on loopback.
package webtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/bulkonboard/bulkonboard/pipeline/web"
	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
)

// patience is how long a page may take to become what a test expects of it.
const patience = 15 * time.Second

// browser is one Chromium for all tests of a run.
type browser struct{ root func() context.Context }

// startBrowser starts Chromium, and skips the test loudly where there is none.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		t.Skip("*** Chromium: not found, THE FINANCE PAGE IS NOT TESTED (apt-get install chromium)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1440, 900), chromedp.Flag("force-color-profile", "srgb"))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	root, stop := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		stop()
		stopAllocator()
	})
	if err := chromedp.Do(root); err != nil {
		t.Fatalf("Chromium at %s does not start: %v", path, err)
	}
	return &browser{func() context.Context { return root }}
}

// site is a finance page on loopback.
type site struct {
	url    string
	web    *web.Server
	engine *fakeEngine
	list   *fakeList // nil = the lists are those of the server
}

// startSite serves the page for one owner with all roles.
func startSite(t *testing.T, list *fakeList) *site {
	return startSiteFor(t, list, access.User{Name: "sabine", Roles: access.AllRoles()})
}

func startSiteFor(t *testing.T, list *fakeList, owner access.User) *site {
	t.Helper()
	s := &site{engine: newFakeEngine(), list: list}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	s.url = server.URL
	var err error
	s.web, err = web.New(web.Config{Engine: s.engine, Folder: t.TempDir(), Access: access.Config{Listener: strings.TrimPrefix(server.URL, "http://"), Owner: owner}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.web.Close() })
	handler = s.web
	if list != nil {
		handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/api/lists") && !strings.HasSuffix(r.URL.Path, "/plans") {
				list.ServeHTTP(w, r)
				return
			}
			s.web.ServeHTTP(w, r)
		})
	}
	return s
}

// tab is a tab of the browser with cookies of its own.
type tab struct {
	t    *testing.T
	ctx  func() context.Context
	site *site

	mu     sync.Mutex
	faults []string // what no page may do: fail, ask another origin, break the policy
}

// newTab opens a tab. When the test ends, it fails if a page had a fault.
func (b *browser) newTab(t *testing.T, s *site, options ...chromedp.ContextOption) *tab {
	t.Helper()
	if len(options) == 0 {
		options = append(options, chromedp.WithNewBrowserContext())
	}
	x := &tab{t: t, site: s}
	ctx, closeTab := chromedp.NewContext(b.root(), append(options, chromedp.WithListener(x.watch))...)
	x.ctx = func() context.Context { return ctx }
	if err := chromedp.Do(ctx); err != nil { // without a timeout: it would close the tab
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		closeTab()
		x.mu.Lock()
		defer x.mu.Unlock()
		for _, fault := range x.faults {
			t.Error(fault)
		}
	})
	return x
}

// watch notes faults of the page.
func (x *tab) watch(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		x.addFault(fmt.Sprintf("exception: %s %s", e.ExceptionDetails.Text, quote(e.ExceptionDetails.Exception.Description)))
	case *cdplog.EventEntryAdded:
		if e.Entry.Source == "security" || strings.Contains(e.Entry.Text, "Content Security Policy") || strings.Contains(e.Entry.Text, "Trusted") {
			x.addFault("policy: " + e.Entry.Text)
		}
	case *network.EventRequestWillBeSent:
		url := e.Request.URL
		if !strings.HasPrefix(url, x.site.url+"/") && !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "blob:") && url != "about:blank" {
			x.addFault("a request left the origin: " + url)
		}
	}
}

func (x *tab) addFault(fault string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.faults = append(x.faults, fault)
}

// allowFaults forgets what has been noted: the test was about it.
func (x *tab) allowFaults() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.faults = nil
}

func (x *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.ctx(), patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		x.t.Fatalf("%v\nthe page: %s", err, x.describePage())
	}
}

// describePage returns what the page shows, for a failed test.
func (x *tab) describePage() string {
	ctx, cancel := context.WithTimeout(x.ctx(), 2*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText.slice(0, 1500)`))
	if err != nil {
		return err.Error()
	}
	return text
}

// signIn exchanges a new one-time token for a session.
func (x *tab) signIn() {
	x.t.Helper()
	x.open("/#token=" + x.site.web.NewToken())
	x.waitFor(`document.querySelector(".who .person") !== null`)
}

// open opens a page of the site. The same address with another fragment is loaded again.
func (x *tab) open(path string) {
	x.t.Helper()
	x.do(chromedp.Navigate("about:blank"), chromedp.Navigate(x.site.url+path))
}

// waitFor waits until an expression is true in the page.
func (x *tab) waitFor(expression string) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.ctx(), patience)
	defer cancel()
	wait := fmt.Sprintf(`new Promise((resolve) => {
		const check = () => { if (%s) resolve(true); else setTimeout(check, 10); };
		check();
	})`, expression)
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

// evaluate returns the value of an expression in the page.
func evaluate[T any](x *tab, expression string) T {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.ctx(), patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		x.t.Fatalf("%s: %v\nthe page: %s", expression, err, x.describePage())
	}
	return value
}

// text returns the visible text of the first element that a selector matches.
func (x *tab) text(selector string) string {
	x.t.Helper()
	return evaluate[string](x, fmt.Sprintf(`(document.querySelector(%s)?.innerText ?? "").replace(/\s+/g, " ").trim()`, quote(selector)))
}

// waitText waits until an element shows a text.
func (x *tab) waitText(selector, text string) {
	x.t.Helper()
	x.waitFor(fmt.Sprintf(`[...document.querySelectorAll(%s)].some((n) => n.innerText.replace(/\s+/g, " ").includes(%s))`, quote(selector), quote(text)))
}

// click clicks the first visible element with a text.
func (x *tab) click(selector, text string) {
	x.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll(%s)].find((n) => n.checkVisibility() && n.innerText.replace(/\s+/g, " ").includes(%s))`, quote(selector), quote(text))
	x.waitFor(find + ` !== undefined`)
	x.do(chromedp.Evaluate[chromedp.Void](`{ const found = ` + find + `; found.scrollIntoView({block: "nearest"}); found.click(); }`))
}

// press presses keys, one after the other: names of kb such as kb.Tab, or letters.
func (x *tab) press(keys ...string) {
	x.t.Helper()
	for _, key := range keys {
		x.do(chromedp.KeyEvent(key))
	}
}

// pressWith presses a key together with Ctrl or Shift.
func (x *tab) pressWith(modifier kb.Modifier, key string) {
	x.t.Helper()
	x.do(chromedp.KeyEvent(key, chromedp.KeyModifiers(modifier)))
}

// paste puts a text on the clipboard of a paste event and sends it to what has the focus.
func (x *tab) paste(text string) {
	x.t.Helper()
	x.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`{
		const data = new DataTransfer();
		data.setData("text/plain", %s);
		document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
	}`, quote(text))))
}

// cell returns the text of a cell of the grid, by the row of the sheet and the column.
func (x *tab) cell(row int, heading string) string {
	x.t.Helper()
	return evaluate[string](x, cellOf(row, heading)+`?.textContent ?? "no such cell"`)
}

// cellOf returns an expression for a cell of the grid.
func cellOf(row int, heading string) string {
	return fmt.Sprintf(`(() => {
		const heads = [...document.querySelectorAll("[role=columnheader]")];
		const at = heads.find((n) => n.title === %s)?.ariaColIndex;
		const line = [...document.querySelectorAll(".rows .line:not([hidden])")].find((n) => n.firstChild.textContent === "%d");
		return [...(line?.children ?? [])].find((n) => n.getAttribute("aria-colindex") === at);
	})()`, quote(heading), row)
}

func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(b)
}
