//go:build !windows

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/pipeline/web/webtest"
)

// playEntrance plays who gets in, and with which files.
func playEntrance(t *testing.T, b *webtest.Browser) {
	s := newScene(t, sandbox.Config{}, people(1))
	c := checker{t, s}
	page, address := s.openPage("--fee", "0.50")
	base, token, _ := strings.Cut(address, "/#")
	x := b.NewTab(t, base)

	c.check("01 the printed address opens the page, and no port is open but on loopback", func(t *testing.T) {
		x := x.In(t)
		if !strings.HasPrefix(base, "http://127.0.0.1:") || len(token) < 20 || strings.Count(page.out.String(), "\n") != 1 {
			t.Errorf("printed %q", page.out.String())
		}
		x.OpenPage("/#" + token)
		x.WaitText("h1", "Lists")
		if runtime.GOOS != "linux" {
			return
		}
		if open := listeners(t, page.cmd.Process.Pid); len(open) != 1 || open[0] != "tcp "+strings.TrimPrefix(base, "http://") {
			t.Errorf("listens on %q, and the address is %s", open, base)
		}
	})
	list := ""
	c.check("03 the token works once", func(t *testing.T) {
		x := x.In(t)
		if at := webtest.Evaluate[string](x, `location.href + history.length`); strings.Contains(at, token) {
			t.Errorf("the token is still in the address: %s", at)
		}
		x.UploadFile(s.input)
		x.WaitText(".foot .sum", "1 ready · 0 to correct = 1")
		list = x.Path()
		second := b.NewTab(t, base)
		second.OpenPage("/#" + token)
		second.WaitText("#sign-in", "Start the program again")
		refuseStranger(t, second, list)
		x.OpenPage("/")
		x.WaitText("tbody", "people.csv")
	})
	c.check("02 without its token the address says to start the program again and shows no data", func(t *testing.T) {
		stranger := b.NewTab(t, base)
		for _, path := range []string{"/", list, "/log", "/#" + strings.Repeat("A", len(token))} {
			stranger.OpenPage(path)
			stranger.WaitText("#sign-in", "Start the program again")
			refuseStranger(t, stranger, list)
		}
		stranger.CheckContrast() // there is no control
	})
	c.check("04 another host name gets 421, localhost too", func(t *testing.T) {
		x := x.In(t)
		port := base[strings.LastIndex(base, ":"):]
		for _, host := range []string{"localhost", webtest.ForeignHost} {
			for _, path := range []string{"/", list, "/static/home.js"} {
				if status := x.OpenAddress("http://" + host + port + path); status != http.StatusMisdirectedRequest {
					t.Errorf("%s%s: %d", host, path, status)
				}
				if text := x.TextOf("body"); strings.Contains(text, "people.csv") || !strings.Contains(text, "wrong_host") {
					t.Errorf("%s%s: %s", host, path, text)
				}
			}
		}
		x.TakeFaults() // these requests were to leave the origin
	})
	c.check("05 a page of another origin can neither read nor change anything", func(t *testing.T) { playOtherOrigin(t, x.In(t), base, list) })
	c.check("08 what cannot be read is refused with the sentence of the command line", func(t *testing.T) { playRefusals(t, s, x.In(t)) })
	c.check("09 a text in an older encoding offers its readings and goes on after a choice", func(t *testing.T) {
		x := x.In(t)
		x.OpenPage("/")
		x.UploadFile("testdata/office/libreoffice-windows-1252.csv")
		x.WaitText("h2", "Which of these reads right?")
		x.CheckReadable()
		x.ClickText(".choices label", "windows-1252")
		x.WaitText(".file", "columns are read")
		x.ClickText(".chip", "All rows")
		x.WaitFor(webtest.CellAt(2, "Vorname") + `?.textContent === "Jürgen"`)
		x.ClickText("button", "Sign out")
		x.WaitText("#sign-in", "Start the program again")
		refuseStranger(t, x, list)
	})
}

// refuseStranger fails if a tab without a session has or gets anything of a list.
func refuseStranger(t *testing.T, x *webtest.Tab, list string) {
	t.Helper()
	x = x.In(t)
	if webtest.Evaluate[bool](x, `document.documentElement.outerHTML.includes("people")`) {
		t.Errorf("data without a session: %s", x.TextOf("body"))
	}
	for _, path := range []string{"/api/lists", "/api" + list, "/api" + list + "/rows", "/api/session", "/api/log"} {
		if answer := x.Fetch("GET", path, ""); answer.Status != http.StatusUnauthorized || strings.Contains(answer.Text, "people") {
			t.Errorf("%s: %d %s", path, answer.Status, answer.Text)
		}
	}
}

// playOtherOrigin opens a page of another port of this machine, to which the browser
// sends the cookie of the session, and lets it try.
func playOtherOrigin(t *testing.T, x *webtest.Tab, base, list string) {
	t.Helper()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<form method="post" enctype="text/plain" action="%s/api/lists/x/plans"><input name="a" value="b"></form><p>other</p>`, base)
	}))
	t.Cleanup(other.Close)
	x.OpenAddress(other.URL)
	for _, script := range []string{
		`fetch(%s, {credentials: "include"}).then(() => "read", () => "refused")`,
		`fetch(%s, {credentials: "include", mode: "no-cors"}).then(() => "read", () => "refused")`, // even unseen: CORP
		`fetch(%s, {method: "DELETE", credentials: "include"}).then(() => "changed", () => "refused")`,
		`new Promise((done) => {
			const script = document.createElement("script");
			script.src = %s;
			script.onload = () => done("read");
			script.onerror = () => done("refused");
			document.body.append(script);
		})`,
		`new Promise((done) => {
			const frame = document.createElement("iframe");
			frame.src = %s;
			frame.onload = () => done(frame.contentDocument === null ? "refused" : "read");
			document.body.append(frame);
		})`,
	} {
		if got := webtest.Evaluate[string](x, fmt.Sprintf(script, webtest.Quote(base+"/api"+list))); got != "refused" {
			t.Errorf("%s: %s", script, got)
		}
	}
	webtest.Evaluate[bool](x, `document.forms[0].submit() ?? true`)
	x.WaitFor(`location.pathname === "/api/lists/x/plans"`)
	if status, text := x.Status(), x.TextOf("body"); status != http.StatusForbidden || !strings.Contains(text, "cross_origin") {
		t.Errorf("a form of another origin: %d %s", status, text)
	}
	x.TakeFaults() // these requests were to leave the origin
	x.OpenPage("/")
	x.WaitText("tbody", "people.csv") // the session is as it was
}

// playRefusals drops files that are no lists, and compares what the page says with what
// the command says.
func playRefusals(t *testing.T, s *scene, x *webtest.Tab) {
	t.Helper()
	whole, err := os.ReadFile("../../samples/customers.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"damaged.xlsx": whole[:len(whole)/2]}
	for _, name := range []string{"password.xlsx", "old.xls"} {
		if files[name], err = os.ReadFile("../../pipeline/source/testdata/xlsx/" + name); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range files {
		s.write(s.path(name), string(content))
		said := strings.Join(strings.Fields(s.run("validate", name).ends(2).err.String()), " ")
		x.OpenPage("/")
		x.UploadFile(s.path(name))
		x.WaitFor(`document.querySelector(".notice.is-bad") !== null`)
		for _, part := range []string{".notice.is-bad b", ".notice.is-bad p"} {
			if sentence := strings.TrimSuffix(x.TextOf(part), "."); sentence == "" || !strings.Contains(said, sentence) {
				t.Errorf("%s: the page says %q, the command says %q", name, sentence, said)
			}
		}
	}
	large := s.path("large.csv")
	s.write(large, peopleHeader)
	if err := os.Truncate(large, 65<<20); err != nil {
		t.Fatal(err)
	}
	x.UploadFile(large)
	x.WaitText(".notice.is-bad", "large.csv has 65 MB, and the limit is 64 MB")
	x.OpenPage("/")
	x.WaitText(".panel", "1 list")
}
