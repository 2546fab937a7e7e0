// Package webtest plays the finance page in a real Chromium: the pages, the style
// sheets and the scripts of package web, against its server on loopback.
package webtest

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
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

// openTime is how long Chromium may take to start or to open a tab. On a machine with
// much other work it sometimes never does, and another one is started in its place.
const openTime = 90 * time.Second

// Browser is a Chromium that the tests of a run share. It is safe for several goroutines.
type Browser struct {
	path string

	mu   sync.Mutex
	root func() context.Context
	made int // how many have been started
	stop []func()
}

// ForeignHost is a name that the browser takes for 127.0.0.1, as after an attack on its
// name server.
const ForeignHost = "page.example"

// StartBrowser starts Chromium, and skips the test loudly where there is none.
func StartBrowser(t *testing.T) *Browser {
	t.Helper()
	b := &Browser{}
	// The headless shell is Chromium without what is around its pages: half the work.
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil && b.path == "" {
			b.path = found
		}
	}
	if b.path == "" {
		t.Skip("*** Chromium: not found, THE FINANCE PAGE IS NOT TESTED (apt-get install chromium-headless-shell)")
	}
	t.Cleanup(func() {
		for _, stop := range slices.Backward(b.stop) {
			stop()
		}
	})
	for {
		err := b.start()
		if err == nil {
			return b
		}
		if b.made == 3 {
			t.Fatalf("Chromium at %s does not start: %v", b.path, err)
		}
		t.Logf("Chromium did not start, and is started again: %v", err)
	}
}

// start starts a Chromium, which takes the place of the one before it.
func (b *Browser) start() error {
	b.made++
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(b.path), chromedp.NoSandbox, chromedp.WSURLReadTimeout(openTime), chromedp.WindowSize(windowWidth, windowHeight),
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("host-resolver-rules", "MAP "+ForeignHost+" 127.0.0.1"))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	root, stop := chromedp.NewContext(allocator)
	b.root = func() context.Context { return root }
	b.stop = append(b.stop, stopAllocator, stop)
	return open(root, stopAllocator)
}

// current returns the Chromium in use and its number.
func (b *Browser) current() (root context.Context, number int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.root(), b.made
}

// replace starts a Chromium in place of the one with this number, unless that has been done.
func (b *Browser) replace(number int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.made != number {
		return nil
	}
	return b.start()
}

// open opens the tab of a context. It is given up if that takes too long; a context with a
// deadline would close the tab at the deadline, also when it is open.
func open(ctx context.Context, giveUp func()) error {
	late := time.AfterFunc(openTime, giveUp)
	defer late.Stop()
	if err := chromedp.Do(ctx); err != nil {
		giveUp()
		return err
	}
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	if err != nil {
		giveUp()
	}
	return err
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
func (b *Browser) NewTab(t *testing.T, origin string) *Tab {
	t.Helper()
	x := &Tab{t: t, origin: origin, noted: &notes{}}
	for attempt := 1; ; attempt++ {
		root, number := b.current()
		err := x.open(root)
		if err == nil {
			return x
		}
		if attempt == 3 {
			t.Fatalf("Chromium opens no tab: %v", err)
		}
		t.Logf("Chromium opened no tab, and another one is started: %v", err)
		if err := b.replace(number); err != nil {
			t.Fatalf("Chromium at %s does not start: %v", b.path, err)
		}
	}
}

// open opens the tab in a browser, and has it closed when the test ends.
func (x *Tab) open(browser context.Context) error {
	ctx, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(x.watch))
	if err := open(ctx, closeTab); err != nil {
		return err
	}
	x.ctx, x.close = func() context.Context { return ctx }, closeTab
	x.t.Cleanup(func() {
		closeTab()
		for _, fault := range x.TakeFaults() {
			x.t.Error(fault)
		}
	})
	return nil
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
