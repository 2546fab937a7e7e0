// Package webtest plays the finance page in a real Chromium: the pages, the style
// sheets and the scripts of package web, against its server on loopback.
package webtest

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a page may take to become what a test expects of it.
const patience = 2 * time.Minute

// Browser is one Chromium for all tests of a run.
type Browser struct{ root func() context.Context }

// ForeignHost is a name that the browser takes for 127.0.0.1, as after an attack on its
// name server.
const ForeignHost = "page.example"

// StartBrowser starts Chromium, and skips the test loudly where there is none.
func StartBrowser(t *testing.T) *Browser {
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
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WSURLReadTimeout(patience), chromedp.WindowSize(windowWidth, windowHeight),
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("host-resolver-rules", "MAP "+ForeignHost+" 127.0.0.1"))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	root, stop := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		stop()
		stopAllocator()
	})
	if err := chromedp.Do(root); err != nil {
		t.Fatalf("Chromium at %s does not start: %v", path, err)
	}
	return &Browser{func() context.Context { return root }}
}

// Tab is a tab of the browser with cookies of its own.
type Tab struct {
	t      *testing.T
	ctx    func() context.Context
	close  func()
	origin string
	noted  *notes
}

// notes are what the pages of a tab did.
type notes struct {
	mu       sync.Mutex
	requests int
	faults   []string // what no page may do: fail, ask another origin, break the policy
}

// In returns the tab for a part of its test.
func (x *Tab) In(t *testing.T) *Tab {
	part := *x
	part.t = t
	return &part
}

// Close closes the tab, as its reader may at any time.
func (x *Tab) Close() { x.close() }

// NewTab opens a tab. When the test ends, it fails if a page had a fault.
func (b *Browser) NewTab(t *testing.T, origin string, options ...chromedp.ContextOption) *Tab {
	t.Helper()
	if len(options) == 0 {
		options = append(options, chromedp.WithNewBrowserContext())
	}
	x := &Tab{t: t, origin: origin, noted: &notes{}}
	ctx, closeTab := chromedp.NewContext(b.root(), append(options, chromedp.WithListener(x.watch))...)
	x.ctx, x.close = func() context.Context { return ctx }, closeTab
	if err := chromedp.Do(ctx); err != nil { // without a timeout: it would close the tab
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		closeTab()
		for _, fault := range x.TakeFaults() {
			t.Error(fault)
		}
	})
	return x
}

// watch notes faults of the page.
func (x *Tab) watch(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		x.addFault(fmt.Sprintf("exception: %s %s", e.ExceptionDetails.Text, Quote(e.ExceptionDetails.Exception.Description)))
	case *cdplog.EventEntryAdded:
		if e.Entry.Source == "security" || strings.Contains(e.Entry.Text, "Content Security Policy") || strings.Contains(e.Entry.Text, "Trusted") {
			x.addFault("policy: " + e.Entry.Text)
		}
	case *network.EventRequestWillBeSent:
		url := e.Request.URL
		x.noted.mu.Lock()
		x.noted.requests++
		x.noted.mu.Unlock()
		if !strings.HasPrefix(url, x.origin+"/") && !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "blob:") && url != "about:blank" {
			x.addFault("a request left the origin: " + url)
		}
	}
}

func (x *Tab) addFault(fault string) {
	x.noted.mu.Lock()
	defer x.noted.mu.Unlock()
	x.noted.faults = append(x.noted.faults, fault)
}

// TakeFaults returns what has been noted, and forgets it: the test is about it.
func (x *Tab) TakeFaults() []string {
	x.noted.mu.Lock()
	defer x.noted.mu.Unlock()
	faults := x.noted.faults
	x.noted.faults = nil
	return faults
}

// Requests returns how many requests the pages have sent.
func (x *Tab) Requests() int {
	x.noted.mu.Lock()
	defer x.noted.mu.Unlock()
	return x.noted.requests
}

func (x *Tab) do(actions ...chromedp.Action[chromedp.Void]) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.ctx(), patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		x.t.Fatalf("%v\nthe page: %s", err, x.describePage())
	}
}

// describePage returns what the page shows, for a failed test.
func (x *Tab) describePage() string {
	ctx, cancel := context.WithTimeout(x.ctx(), 2*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText.slice(0, 4000)`))
	if err != nil {
		return err.Error()
	}
	return text
}
