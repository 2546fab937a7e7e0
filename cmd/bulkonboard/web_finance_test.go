//go:build !windows

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/webtest"
)

const (
	financeBook = "testdata/office/Kundenliste_Q4.xlsx"
	secretLinks = "withpersona.com" // in every verification link
)

// finance is the list of a finance team on its way from the drop to the report.
type finance struct {
	checker

	browser *webtest.Browser
	release func() // lets the partner go on
	flags   []string
	page    *process
	address string
	list    string // path of the page
	sum     string // at the foot, after the decisions
	ready   int    // rows
	plan    string // path of the page
	run     string // path of the page
}

// playWorkbook plays the list of a finance team, from the drop to the report, by clicks
// alone and by three users. All rows that are ready are created, and no others.
func playWorkbook(t *testing.T, b *webtest.Browser) {
	// After 40 users the partner waits until the test has looked at the page.
	release, acted := make(chan struct{}), atomic.Int64{}
	f := &finance{browser: b, release: sync.OnceFunc(func() { close(release) })}
	s := newScene(t, sandbox.Config{Balance: "1000.00", Fee: "0.50", Barrier: func(stage sandbox.Stage, _, _ string) {
		if stage == sandbox.Acting && acted.Add(1) > 40 {
			<-release
		}
	}}, "")
	t.Cleanup(f.release)
	s.flags = append(s.flags, patient()...)
	f.checker = checker{t, s}
	f.flags = []string{"--fee", "0.50", "--users", s.writeUsers("anna:prepare,approve", "ben:approve", "eva:see")}
	book, err := os.ReadFile(financeBook)
	if err != nil {
		t.Fatal(err)
	}
	s.write(s.path("Kundenliste_Q4.xlsx"), string(book))
	f.page, f.address = s.openPage(f.flags...)
	anna := b.NewTab(t, strings.TrimSuffix(f.address, "/"))
	anna.OpenPage("/")
	anna.WaitText("button", "Sign in")
	f.readable("sign-in", anna)
	anna.SignInAs("anna", "pw")
	f.playDrop(anna)
	f.playDecisions(anna)
	anna = f.playKill(anna)
	f.playPlan(anna)
	f.playSend(anna)
	f.playReport()
}

// checkSum checks that the sum at the foot adds up to the rows of the file.
func (f *finance) checkSum(t *testing.T, x *webtest.Tab) (ready int) {
	t.Helper()
	x = x.In(t)
	x.WaitFor(`document.querySelector(".foot .sum") !== null && document.querySelector(".foot .is-busy") === null`)
	text := x.TextOf(".foot .sum")
	parts, rows, _ := strings.Cut(text, " = ")
	sum := 0
	for part := range strings.SplitSeq(parts, " · ") {
		number, name, _ := strings.Cut(part, " ")
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("the sum is %q", text)
		}
		sum += n
		if name == "ready" {
			ready = n
		}
	}
	if rows != "200" || sum != 200 {
		t.Errorf("the sum is %q", text)
	}
	return ready
}

// playDrop drops the workbook and compares what is found with the command line.
func (f *finance) playDrop(anna *webtest.Tab) {
	f.check("07 a workbook with a cover sheet and a title row reaches the grid without a question", func(t *testing.T) {
		anna := anna.In(t)
		anna.UploadFile(financeBook)
		anna.WaitText(".foot .sum", "6 ready · 194 to correct = 200")
		anna.WaitFor(`document.querySelector(".is-selected") !== null`)
		anna.WaitText(".file", "sheet Kunden · headings in row 4 · 200 rows")
		f.list = anna.Path()
	})
	f.check("10 the counts equal validate --json, kind by kind", func(t *testing.T) {
		var said struct {
			Counts   map[string]int
			Problems []report.Cause
		}
		out := f.s.run("validate", "--json", "--annotate", f.s.path("marked.xlsx"), "Kundenliste_Q4.xlsx").ends(3).out.String()
		if err := json.Unmarshal([]byte(out), &said); err != nil || said.Counts["pending"] != 6 || said.Counts["invalid"] != 194 || len(said.Problems) < 8 {
			t.Fatalf("validate: %v %s", err, out)
		}
		shown := webtest.Evaluate[map[string]int](anna.In(t), `Object.fromEntries([...document.querySelectorAll(".card button")].map((card) => [card.dataset.card, Number(card.querySelector(".count").textContent.replace(",", ""))]))`)
		for _, cause := range said.Problems {
			if kind := cmp.Or(cause.Field, "row") + "." + cause.Code; shown[kind] != cause.Count {
				t.Errorf("%s: the page has %d, validate has %d", kind, shown[kind], cause.Count)
			}
		}
	})
	f.check("19 the marked workbook is that of --annotate, and is recognised when it is dropped", func(t *testing.T) { f.playMarked(t, anna.In(t)) })
	f.readable("check", anna)
	anna.OpenPage(f.list + "#file")
	anna.WaitText("h2", "Headings")
	f.readable("drop", anna)
	anna.OpenPage(f.list + "#columns")
	anna.WaitText("h2", "What is read")
	f.readable("columns", anna)
	anna.ClickText("button", "Keep this mapping")
	anna.WaitText("dialog pre", "--map-file")
	f.readable("mapping-kept", anna)
	anna.ClickText("dialog button", "Close")
	anna.WaitFor(`document.querySelector("dialog") === null`)
	anna.OpenPage(f.list)
}

// playMarked downloads the marked workbook, and drops it again as a list of its own.
func (f *finance) playMarked(t *testing.T, anna *webtest.Tab) {
	t.Helper()
	marked, err := os.ReadFile(f.s.path("marked.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	if name, content := anna.DownloadFile(".foot button", "Download marked workbook"); name != "Kundenliste_Q4.marked.xlsx" || !bytes.Equal(content, marked) {
		t.Errorf("%s has %d bytes, and the command line's has %d", name, len(content), len(marked))
	}
	anna.OpenPage("/")
	anna.UploadFile(f.s.path("marked.xlsx"))
	anna.WaitText(".foot .sum", "6 ready · 194 to correct = 200")
	anna.OpenPage(anna.Path() + "#file")
	anna.ClickText("button", "Discard this list")
	anna.ClickText("dialog button", "Discard")
	anna.WaitText("h1", "Lists")
	anna.OpenPage("/")
	anna.UploadFile(financeBook)
	anna.ClickText(".notice a", "Open that list")
	anna.WaitText(".foot .sum", "6 ready · 194 to correct = 200")
}

// playDecisions settles at once what many cells have in common, and corrects a cell.
func (f *finance) playDecisions(anna *webtest.Tab) {
	f.check("15 deciding once for many cells settles them, and undo brings all back", func(t *testing.T) {
		anna := anna.In(t)
		anna.OpenCard("Land: not a country code")
		before := anna.TextOf(".foot .sum")
		anna.ClickText(".choice button", "Apply to")
		anna.WaitText(".card.is-settled", "Nigeria → NG")
		f.checkSum(t, anna)
		anna.ClickText(".card.is-settled button", "Nigeria → NG")
		anna.WaitText(".card button", "Land: not a country code")
		anna.WaitText(".foot .sum", before)
		anna.OpenCard("Land: not a country code")
		anna.ClickText(".choice button", "Apply to")
		anna.WaitText(".card.is-settled", "Nigeria → NG")
		anna.OpenCard("AGB akzeptiert: not accepted")
		for _, word := range []string{"ja", "Ja", "x"} {
			anna.ChooseMeaning(word, "true")
		}
		anna.ChooseMeaning("nein", "leave-out")
		f.readable("decide-once", anna)
		anna.ClickText(".choice button", "Apply to 149 cells")
		anna.WaitText(".card.is-settled", "x → true")
		f.checkSum(t, anna)
	})
	f.check("11 the sum at the foot equals the rows of the file after every step", func(t *testing.T) {
		anna := anna.In(t)
		for _, next := range []struct{ card, settled string }{
			{"Mobil: no country code", "Phone numbers without a country code are of the country"},
			{"Mobil: could be read in two ways", "are missing their leading +"},
			{"Row struck out", "struck out are not to be sent"},
		} {
			anna.OpenCard(next.card)
			anna.ClickText(".choice button.primary", "")
			anna.WaitText(".card.is-settled", next.settled)
			f.checkSum(t, anna)
		}
		anna.ClickText(".chip", "All rows")
		anna.WaitFor(webtest.CellAt(5, "AGB akzeptiert") + `?.getAttribute("data-means") === "true"`)
		anna.ClickText(".chip", "To correct")
		f.ready = f.checkSum(t, anna)
		f.sum = anna.TextOf(".foot .sum")
		if f.ready < 140 {
			t.Errorf("after the decisions: %s", f.sum)
		}
	})
	f.check("14 editing a cell checks it again and changes the counts", func(t *testing.T) {
		anna := anna.In(t)
		anna.OpenCard("E-Mail: no public mail host")
		anna.WaitText(".cell .what", "not allowed in a host name")
		webtest.Evaluate[bool](anna, `document.querySelector(".grid").focus() ?? true`)
		anna.PressKeys(kb.Enter)
		anna.WaitFor(`document.activeElement?.classList.contains("editor")`)
		webtest.Evaluate[bool](anna, `document.activeElement.select() ?? true`)
		for _, letter := range "neu@kunde-beispiel.de" {
			anna.PressKeys(string(letter))
		}
		anna.PressKeys(kb.Enter)
		anna.WaitText(".chip", "Changed here 1")
		anna.WaitText(".foot .sum", fmt.Sprintf("%d ready", f.ready+1))
		f.checkSum(t, anna)
		anna.PressWith(kb.ModifierCtrl, "z")
		anna.WaitText(".chip", "Changed here 0")
		anna.WaitText(".foot .sum", f.sum)
	})
	f.readable("decided", anna)
}

// playKill kills the program and starts it again: it has everything.
func (f *finance) playKill(anna *webtest.Tab) (again *webtest.Tab) {
	f.check("18 reloading keeps everything, and so does killing and starting the program", func(t *testing.T) {
		anna := anna.In(t)
		anna.OpenPage(f.list)
		anna.WaitText(".foot .sum", f.sum)
		anna.WaitText(".card.is-settled", "Nigeria → NG")
		anna.Close()
		f.page.kill()
		f.page, f.address = f.s.openPage(f.flags...)
	})
	again = openBrowser(f.t, f.browser, f.address, "anna")
	again.OpenPage(f.list)
	again.WaitText(".foot .sum", f.sum)
	again.WaitText(".card.is-settled", "Nigeria → NG")
	again.WaitText(".card.is-settled", "x → true")
	return again
}

// playPlan plans the rows that are ready, and compares the figures with the command line.
func (f *finance) playPlan(anna *webtest.Tab) {
	// Rows were left out, so the command is of the corrected workbook.
	name, corrected := anna.DownloadFile("button", "Download corrected workbook")
	f.s.write(f.s.path(name), string(corrected))
	anna.ClickText(".foot button", "Plan the")
	anna.WaitText("h2", "Where it goes")
	f.readable("plan", anna)
	f.check("21 the figures of the plan equal plan --json", func(t *testing.T) {
		command := strings.Replace(shownCommands(t, anna)[0], " --save", "", 1)
		planned, shown := f.s.shell(command), linesOf(anna.In(t))
		for name, want := range map[string]string{
			"Send":                         strconv.Itoa(planned.Remaining),
			"Users to create":              strconv.Itoa(f.ready),
			"To correct: they stay behind": strconv.Itoa(planned.Counts["invalid"]),
			"Left out of the list":         strconv.Itoa(200 - planned.Rows),
			"Rows of the list":             "200",
			"Fee of each":                  string(planned.Money.Fee) + " USD",
			"At most":                      fmt.Sprintf("%.2f USD", float64(planned.Remaining)/2),
			"In the wallet":                strings.Replace(string(planned.Money.WalletBefore), "1000", "1,000", 1) + " USD",
			"Remains":                      fmt.Sprintf("%.2f USD", 1000-float64(planned.Remaining)/2),
		} {
			if shown[name] != want {
				t.Errorf("%s: the page has %q, %s has %q", name, shown[name], command, want)
			}
		}
	})
	anna.ClickText("button", fmt.Sprintf("Submit for approval: %d rows", f.ready))
	anna.WaitText(".notice", "Waiting for a second person")
	f.plan = anna.Path()
	f.check("23 the maker sees no Approve, and a forged request gets 403", func(t *testing.T) {
		anna := anna.In(t)
		if webtest.Evaluate[bool](anna, `[...document.querySelectorAll("button")].some((n) => /approve|decline|send/i.test(n.innerText))`) {
			t.Errorf("the maker can decide: %s", anna.TextOf("#main"))
		}
		plan := shownPlan(t, anna)
		answer, err := json.Marshal(api.Approval{Digest: plan.Digest, Rows: plan.Send})
		if err != nil {
			t.Fatal(err)
		}
		if got := anna.Fetch("POST", "/api"+f.plan+"/approve", string(answer)); got.Status != http.StatusForbidden || !strings.Contains(got.Text, "own_plan") {
			t.Errorf("a forged approval: %+v", got)
		}
		if got := anna.Fetch("POST", "/api"+f.plan+"/run", ""); got.Status != http.StatusConflict {
			t.Errorf("a plan that nobody approved is run: %+v", got)
		}
		anna.OpenPage(f.plan)
		anna.WaitText(".notice", "Waiting for a second person")
	})
}

// playSend lets the second user approve and send, and closes every page in the middle.
func (f *finance) playSend(anna *webtest.Tab) {
	ben := openBrowser(f.t, f.browser, f.address, "ben")
	ben.WaitText("h2", "Plans waiting for you")
	f.readable("lists", ben)
	f.check("24 a second user approves, and the log names both", func(t *testing.T) {
		ben, anna := ben.In(t), anna.In(t)
		ben.OpenPage(f.plan)
		ben.WaitText("h2", "Your decision")
		f.readable("approve", ben)
		ben.TypeInto("#rows", strconv.Itoa(f.ready))
		ben.ClickText("button", "Approve")
		ben.WaitText(".notice", "Approved.")
		f.readable("approved", ben)
		anna.OpenPage("/log")
		anna.WaitText("tbody tr", "anna Submitted a plan")
		anna.WaitText("tbody tr", "ben Approved a plan")
		said := f.s.run("ledger", "log", "--ledger", f.s.ledger, "-").ends(0).out.String()
		if !strings.Contains(said, "approved by ben@") || !strings.Contains(said, "anna") {
			t.Errorf("the log of the ledger:\n%s", said)
		}
	})
	ben.ClickText("button", fmt.Sprintf("Send %d rows now", f.ready))
	ben.WaitText("h1", "Sending Kundenliste_Q4.xlsx")
	ben.WaitText(".big", "40 created")
	f.run = ben.Path()
	f.readable("send", ben)
	f.check("29 closing the browser does not stop a run, and opening it again shows the true figures", func(t *testing.T) {
		for _, x := range []*webtest.Tab{anna, ben} {
			f.checkRequests(t, x)
			x.Close()
		}
		again := openBrowser(t, f.browser, f.address, "ben")
		again.OpenPage(f.run)
		again.WaitText(".big", "40 created")
		if n := len(f.s.users()); n != 40 {
			t.Errorf("the partner has %d users", n)
		}
		again.Close()
		f.release()
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for end := time.Now().Add(promiseLimit); len(f.s.users()) < f.ready && time.Now().Before(end); <-tick.C {
		}
		again = openBrowser(t, f.browser, f.address, "ben")
		again.OpenPage(f.run)
		again.WaitText("h1", "Report of Kundenliste_Q4.xlsx")
		again.WaitText(".lines", "Created "+strconv.Itoa(f.ready))
		if users := len(f.s.users()); users != f.ready {
			t.Errorf("the partner has %d users, and %d rows were ready", users, f.ready)
		}
	})
}

// playReport reads the report, by each user, and shows the links.
func (f *finance) playReport() {
	anna := openBrowser(f.t, f.browser, f.address, "anna")
	eva := openBrowser(f.t, f.browser, f.address, "eva")
	ben := openBrowser(f.t, f.browser, f.address, "ben")
	ben.OpenPage(f.run)
	f.check("30 no page has links before Show links, showing them is logged, and the role see never gets them", func(t *testing.T) { f.playLinks(t, anna.In(t), ben.In(t), eva.In(t)) })
	ben.WaitText("h2", "Downloads")
	if name, content := ben.DownloadFile("button", "Report .csv"); !strings.HasSuffix(name, ".csv") || bytes.Contains(content, []byte("https://")) || bytes.Count(content, []byte(",created,")) != f.ready {
		f.t.Errorf("%s has %d bytes and %d created rows", name, len(content), bytes.Count(content, []byte(",created,")))
	}
	f.playFollowed(anna)
	anna.OpenPage("/log")
	anna.WaitText("tbody", "Approved a plan")
	f.readable("log", anna)
	anna.OpenPage(f.plan)
	anna.WaitText(".notice", "Carried out")
	f.readable("carried-out", anna)
	anna.OpenPage("/")
	anna.WaitText("h2", "Reports")
	f.readable("lists-done", anna)
	f.check("06 no request leaves the origin and no policy is broken while all screens are visited", func(t *testing.T) {
		for _, x := range []*webtest.Tab{anna, ben, eva} {
			f.checkRequests(t, x)
		}
	})
}

// playFollowed drops the rows to correct on the report, which follows them.
func (f *finance) playFollowed(anna *webtest.Tab) {
	anna.OpenPage(f.run)
	name, content := anna.DownloadFile("button", "Rows to correct")
	f.s.write(f.s.path(name), string(content))
	anna.UploadFile(f.s.path(name))
	anna.WaitText(".foot .sum", "= 38")
	anna.OpenPage(f.run)
	anna.WaitText(".history", name+": 0 ready, 38 to correct, dropped by anna")
	f.readable("followed", anna)
}

// checkRequests checks what a tab has asked for so far.
func (f *finance) checkRequests(t *testing.T, x *webtest.Tab) {
	t.Helper()
	if faults := x.TakeFaults(); len(faults) > 0 || x.Requests() < 20 {
		t.Errorf("%d requests, %q", x.Requests(), faults)
	}
}

// playLinks looks for links where none may be, and has them shown.
func (f *finance) playLinks(t *testing.T, anna, ben, eva *webtest.Tab) {
	t.Helper()
	noLinks := func(x *webtest.Tab, who, path string) {
		if webtest.Evaluate[bool](x, fmt.Sprintf(`document.documentElement.outerHTML.includes(%s)`, webtest.Quote(secretLinks))) {
			t.Errorf("%s: the page %s has links", who, path)
		}
		for _, source := range []string{path, "/api" + path} {
			if strings.Contains(x.Fetch("GET", source, "").Text, secretLinks) {
				t.Errorf("%s: %s has links", who, source)
			}
		}
	}
	for who, x := range map[string]*webtest.Tab{"anna": anna, "eva": eva} {
		for _, path := range []string{f.list, f.plan, "/log", f.run} {
			x.OpenPage(path)
			x.WaitFor(`document.querySelector("#main h1") !== null && document.querySelector("#main table, #main .rows, #main dl") !== null`)
			noLinks(x, who, path)
		}
		x.WaitText("h2", "Downloads")
		noLinks(x, who, f.run+"/report")
		noLinks(x, who, f.run+"/report.json")
	}
	for who, x := range map[string]*webtest.Tab{"eva": eva, "ben": ben} {
		if strings.Contains(x.TextOf("body"), "Show links") {
			t.Errorf("%s is offered links", who)
		}
		for _, path := range []string{"/links", "/mail-merge.csv", "/report.csv?links=1", "/report.html?links=1"} {
			if answer := x.Fetch("GET", "/api"+f.run+path, ""); answer.Status != http.StatusForbidden || strings.Contains(answer.Text, secretLinks) {
				t.Errorf("%s gets %s: %d", who, path, answer.Status)
			}
		}
	}
	anna.ClickText("button", "Show links")
	anna.WaitText("dialog", "Your name and the time are written to the log")
	f.readable("ask-links", anna)
	anna.ClickText("dialog button", "Keep them hidden")
	anna.WaitFor(`document.querySelector("dialog") === null`)
	noLinks(anna, "anna, who kept them hidden", f.run)
	f.readable("report", anna)
	anna.ClickText("button", "Show links")
	anna.ClickText("dialog button", "Show links")
	anna.WaitFor(fmt.Sprintf(`document.querySelectorAll('.links a[rel~=noreferrer][href*="%s"]').length === %d`, secretLinks, f.ready))
	f.t.Run("check 31 names, focus and contrast: links", func(t *testing.T) { anna.In(t).CheckReadable() }) // no picture of them
	eva.OpenPage("/log")
	eva.WaitText("tbody tr", "anna Handed out links on the page")
	noLinks(eva, "eva", "/log")
}
