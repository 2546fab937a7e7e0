//go:build !windows

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/pipeline/web/webtest"
)

// TestWebPage plays the list of a finance team in a browser, from the drop to the
// report, by clicks alone and by two users. All rows that are ready are created, and no others.
func TestWebPage(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("plays in a browser")
	}
	b := webtest.StartBrowser(t)
	// After 40 users the partner waits until the test has looked at the page.
	release, acted := make(chan struct{}), atomic.Int64{}
	open := sync.OnceFunc(func() { close(release) })
	s := newScene(t, sandbox.Config{Barrier: func(stage sandbox.Stage, _, _ string) {
		if stage == sandbox.Acting && acted.Add(1) > 40 {
			<-release
		}
	}}, "")
	t.Cleanup(open)
	s.flags = append(s.flags, patient()...)
	flags := []string{"--fee", "0.50", "--users", s.writeUsers("anna:prepare", "ben:approve")}
	page, address := s.openPage(flags...)
	base := strings.TrimSuffix(address, "/")
	anna := b.NewTab(t, base)
	anna.OpenPage("/")
	anna.WaitText("button", "Sign in")
	anna.TakePictures("sign-in")
	anna.SignInAs("anna", "pw")
	anna.UploadFile("testdata/office/Kundenliste_Q4.xlsx")
	anna.WaitText(".foot .sum", "6 ready · 194 to correct = 200")

	list := anna.Path()
	// The figures and the marked workbook are those of the command line.
	book, err := os.ReadFile("testdata/office/Kundenliste_Q4.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	s.write(s.path("Kundenliste_Q4.xlsx"), string(book))
	var said struct{ Counts map[string]int }
	out := s.run("validate", "--json", "--annotate", s.path("marked.xlsx"), s.path("Kundenliste_Q4.xlsx")).ends(3).out.String()
	if err := json.Unmarshal([]byte(out), &said); err != nil || said.Counts["pending"] != 6 || said.Counts["invalid"] != 194 {
		t.Errorf("validate: %v %s", err, out)
	}
	marked, err := os.ReadFile(s.path("marked.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	if name, content := anna.DownloadFile(".foot button", "Download marked workbook"); name != "Kundenliste_Q4.marked.xlsx" || !bytes.Equal(content, marked) {
		t.Errorf("%s has %d bytes, and the command line's has %d", name, len(content), len(marked))
	}
	anna.TakePictures("check")
	anna.OpenPage(list + "#file")
	anna.WaitText("h2", "Headings")
	anna.TakePictures("drop")
	anna.OpenPage(list + "#columns")
	anna.WaitText("h2", "What is read")
	anna.TakePictures("columns")
	anna.ClickText("button", "Keep this mapping")
	anna.WaitText("dialog pre", "--map-file")
	anna.TakePictures("mapping-kept")
	anna.ClickText("dialog button", "Close")
	anna.WaitFor(`document.querySelector("dialog") === null`)
	anna.OpenPage(list)

	// What one decision settles for many cells.
	anna.ClickText(".card button", "AGB akzeptiert")
	for _, word := range []string{"ja", "Ja", "x"} {
		anna.ChooseMeaning(word, "true")
	}
	anna.ChooseMeaning("nein", "leave-out")
	anna.TakePictures("decide-once")
	anna.ClickText(".choice button", "Apply to 149 cells")
	anna.WaitText(".card.is-settled", "x → true")
	anna.ClickText(".card button", "Land: not a country code")
	anna.ClickText(".choice button", "Apply to")
	anna.WaitText(".card.is-settled", "Nigeria → NG")
	for _, next := range []struct{ card, settled string }{
		{"Mobil: no country code", "Phone numbers without a country code are of the country"},
		{"Mobil: could be read in two ways", "are missing their leading +"},
		{"Row struck out", "struck out are not to be sent"},
	} {
		anna.ClickText(".card button", next.card)
		anna.ClickText(".choice button.primary", "")
		anna.WaitText(".card.is-settled", next.settled)
	}
	anna.WaitFor(`document.querySelector(".foot .is-busy") === null`)
	anna.ClickText(".chip", "All rows")
	anna.WaitFor(webtest.CellAt(5, "AGB akzeptiert") + `?.getAttribute("data-means") === "true"`)
	anna.ClickText(".chip", "To correct")
	anna.TakePictures("decided")
	sum := anna.TextOf(".foot .sum")
	ready, _, _ := strings.Cut(sum, " ready")
	n, err := strconv.Atoi(ready)
	if err != nil || n < 140 || !strings.HasSuffix(sum, "= 200") {
		t.Fatalf("after the decisions: %s", sum)
	}

	// A killed program that is started again has everything.
	page.kill()
	_, address = s.openPage(flags...)
	base = strings.TrimSuffix(address, "/")
	anna = b.NewTab(t, base)
	anna.SignInAs("anna", "pw")
	anna.OpenPage(list)
	anna.WaitText(".foot .sum", sum)
	anna.WaitText(".card.is-settled", "Nigeria → NG")

	anna.ClickText(".foot button", "Plan the")
	anna.WaitText("h2", "Where it goes")
	anna.TakePictures("plan")
	anna.ClickText("button", fmt.Sprintf("Submit for approval: %d rows", n))
	anna.WaitText(".notice", "Waiting for a second person")
	plan := anna.Path()

	ben := b.NewTab(t, base)
	ben.SignInAs("ben", "pw")
	ben.WaitText("h2", "Plans waiting for you")
	ben.TakePictures("lists")
	ben.OpenPage(plan)
	ben.WaitText("h2", "Your decision")
	ben.TakePictures("approve")
	ben.TypeInto("#rows", ready)
	ben.ClickText("button", "Approve")
	ben.ClickText("button", fmt.Sprintf("Send %d rows now", n))
	ben.WaitText("h1", "Sending Kundenliste_Q4.xlsx")
	ben.WaitFor(`Number(document.querySelector(".big b").innerText) > 20`)
	ben.TakePictures("send")
	open()
	ben.WaitText("h1", "Report of Kundenliste_Q4.xlsx")
	ben.WaitText(".lines", "Created "+ready)
	if users := len(s.users()); users != n {
		t.Errorf("the partner has %d users, and %d rows were ready", users, n)
	}
	ben.TakePictures("report")
	if name, content := ben.DownloadFile("button", "Report .csv"); !strings.HasSuffix(name, ".csv") || bytes.Contains(content, []byte("https://")) || bytes.Count(content, []byte(",created,")) != n {
		t.Errorf("%s has %d bytes and %d created rows", name, len(content), bytes.Count(content, []byte(",created,")))
	}
	if strings.Contains(ben.TextOf("body"), "Show links") {
		t.Error("who only approves is offered links")
	}
	// The rows to correct, dropped on the report, are followed from it.
	report := ben.Path()
	anna.OpenPage(report)
	name, content := anna.DownloadFile("button", "Rows to correct")
	s.write(s.path(name), string(content))
	anna.UploadFile(s.path(name))
	anna.WaitText(".foot .sum", "= 38")
	anna.OpenPage(report)
	anna.WaitText(".history", name+": 0 ready, 38 to correct, dropped by anna")
	anna.TakePictures("followed")
	anna.OpenPage("/log")
	anna.WaitText("tbody", "Approved a plan")
	anna.TakePictures("log")
	anna.OpenPage("/")
	anna.WaitText("h2", "Reports")
	anna.TakePictures("lists-done")
}
