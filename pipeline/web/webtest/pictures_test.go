package webtest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// TestPictures makes the pictures of the documents anew, if it is told where to:
//
//	BULKONBOARD_PICTURES=../../../samples/pictures/web go test -run TestPictures ./pipeline/web/webtest
func TestPictures(t *testing.T) {
	dir := os.Getenv("BULKONBOARD_PICTURES")
	if dir == "" {
		t.Skip("BULKONBOARD_PICTURES does not name a folder")
	}
	b := startBrowser(t)
	for _, width := range []int64{1280, 1920} {
		for _, scheme := range []string{"light", "dark"} {
			c := &camera{t: t, dir: dir, suffix: fmt.Sprintf("%d-%s", width, scheme), b: b, width: width, scheme: scheme}
			c.takeAll()
		}
	}
}

// camera takes pictures of one size in one colour scheme.
type camera struct {
	t           *testing.T
	b           *browser
	dir, suffix string
	width       int64
	scheme      string
}

func (c *camera) open(s *site) *tab {
	x := c.b.newTab(c.t, s)
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: c.scheme}}}
	if _, err := chromedp.Call(x.ctx(), emulation.SetEmulatedMedia, media); err != nil {
		c.t.Fatal(err)
	}
	x.do(chromedp.EmulateViewport(c.width, c.width*10/16))
	return x
}

func (c *camera) take(x *tab, name string) {
	c.t.Helper()
	evaluate[bool](x, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
	picture, err := chromedp.Run(x.ctx(), chromedp.CaptureScreenshot())
	if err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.dir, name+"-"+c.suffix+".png"), picture, 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func (c *camera) takeAll() {
	s := startSite(c.t, newFakeList("fake", 204))
	stranger := c.open(s)
	stranger.open("/")
	stranger.waitText("#sign-in", "Start the program again")
	c.take(stranger, "sign-in")

	real := startSite(c.t, nil)
	x := c.open(real)
	x.signIn()
	x.upload(workbook)
	x.waitSelected()
	x.waitText(".foot .sum", "=")
	list := evaluate[string](x, `location.pathname`)
	c.take(x, "check")
	x.click(".card button", "AGB akzeptiert")
	x.waitFor(`document.querySelector(".card.is-open") !== null`)
	c.take(x, "decide-once")
	x.click(".card button", "Mobil")
	x.waitFor(`document.querySelector(".examples") !== null`)
	c.take(x, "decide-phones")
	x.open(list + "#file")
	x.waitText("h2", "The file")
	c.take(x, "drop")
	x.open(list + "#columns")
	x.waitText("h2", "What is read")
	c.take(x, "columns")
	x.open("/")
	x.waitText("h2", "Lists in hand")
	c.take(x, "lists")
	x.open("/log")
	x.waitText("h2", "Entries")
	c.take(x, "log")

	reviewer := startSiteFor(c.t, newFakeList("fake", 204), access.User{Name: "jonas", Roles: access.AllRoles()})
	reviewer.engine.plan.Sample = reviewer.list.sample(20)
	reviewer.engine.plan.Columns = reviewer.list.list.Columns
	y := c.open(reviewer)
	y.signIn()
	y.open("/plans/9f2c41d07ab35e68")
	y.waitText("h2", "Your decision")
	c.take(y, "approve")
	y.do(chromedp.Evaluate[chromedp.Void](`window.scrollTo(0, 100000)`))
	c.take(y, "approve-end")
	reviewer.engine.sendRows(96)
	y.open("/runs/4")
	y.waitText(".big", "96")
	c.take(y, "send")
	reviewer.engine.sendRows(74)
	y.open("/runs/4")
	y.waitText("h2", "Outcome")
	c.take(y, "report")
}

// sample returns some of the rows.
func (f *fakeList) sample(n int) []api.Row {
	f.mu.Lock()
	defer f.mu.Unlock()
	var rows []api.Row
	for i := range n {
		rows = append(rows, f.row(i*7))
	}
	return rows
}
