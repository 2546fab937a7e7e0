//go:build !windows

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/webtest"
)

// TestWebPage plays the page of the real program in a real browser, by clicks and keys.
// The checks have the numbers of the design's; those of the grid alone are played by the
// tests of package webtest.
func TestWebPage(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("plays in a browser")
	}
	b := webtest.StartBrowser(t)
	for _, part := range []struct {
		name string
		play func(*testing.T, *webtest.Browser)
	}{
		{"workbook", playWorkbook},
		{"entrance", playEntrance},
		{"plans", playPlans},
		{"killed", playKilled},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.play(t, b)
		})
	}
}

// checker plays the checks of a scene, each as a test with a name of its own.
type checker struct {
	t *testing.T
	s *scene
}

// check plays a check. What follows builds on it, so nothing follows one that fails.
func (c checker) check(name string, play func(t *testing.T)) {
	c.t.Helper()
	outer := c.s.TB
	isGood := c.t.Run("check "+name, func(t *testing.T) {
		c.s.TB = inner{t, outer}
		play(t)
	})
	c.s.TB = outer
	if !isGood {
		c.t.FailNow()
	}
}

// inner is the test of a check: it fails by itself, and what it starts goes on after it.
type inner struct {
	*testing.T
	outer testing.TB
}

// Cleanup runs f after the last check.
func (i inner) Cleanup(f func()) { i.outer.Cleanup(f) }

// TempDir is removed after the last check.
func (i inner) TempDir() string { return i.outer.TempDir() }

// readable checks that the screen that a tab shows can be read and used. What follows
// does not need it.
func (c checker) readable(screen string, x *webtest.Tab) {
	c.t.Helper()
	c.t.Run("check 31 names, focus and contrast: "+screen, func(t *testing.T) { x.In(t).CheckReadable() })
	x.TakePictures(screen)
}

// openBrowser opens a tab as a user with the password "pw".
func openBrowser(t *testing.T, b *webtest.Browser, address, user string) *webtest.Tab {
	t.Helper()
	x := b.NewTab(t, strings.TrimSuffix(address, "/"))
	x.SignInAs(user, "pw")
	return x
}

// linesOf returns the figures of the tables that a tab shows, by their names.
func linesOf(x *webtest.Tab) map[string]string {
	return webtest.Evaluate[map[string]string](x, `Object.fromEntries([...document.querySelectorAll(".lines tr")].map((line) => [line.cells[0].innerText.trim(), line.cells[1].innerText.trim()]))`)
}

// shownCommands returns what "Show as command" shows, a command a line.
func shownCommands(t *testing.T, x *webtest.Tab) []string {
	t.Helper()
	x = x.In(t)
	x.ClickText("button", "Show as command")
	x.WaitFor(`document.querySelector("#command") !== null`)
	text := webtest.Evaluate[string](x, `document.querySelector("#command").textContent`)
	x.ClickText("dialog button", "Close")
	x.WaitFor(`document.querySelector("dialog") === null`)
	return strings.Split(text, "\n")
}

// shownPlan returns the plan that a tab shows, as a script of the page reads it.
func shownPlan(t *testing.T, x *webtest.Tab) (plan api.Plan) {
	t.Helper()
	answer := x.In(t).Fetch("GET", "/api"+x.Path(), "")
	if err := json.Unmarshal([]byte(answer.Text), &plan); err != nil || answer.Status != 200 {
		t.Fatalf("%d %s", answer.Status, answer.Text)
	}
	return plan
}

// listeners returns the addresses that a process listens on.
func listeners(t *testing.T, pid int) (all []string) {
	t.Helper()
	sockets, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	mine := map[string]bool{}
	for _, fd := range sockets {
		to, err := os.Readlink(fd)
		if errors.Is(err, fs.ErrNotExist) { // closed meanwhile
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		mine[strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")] = true
	}
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if errors.Is(err, fs.ErrNotExist) { // no IPv6 here
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			const listening, unconnected = "0A", "07"
			if len(fields) > 9 && mine[fields[9]] && (fields[3] == listening || fields[3] == unconnected && strings.HasPrefix(table, "udp")) {
				all = append(all, table+" "+plainAddress(t, fields[1]))
			}
		}
	}
	return all
}

// plainAddress returns an address of /proc/net as people write it: "0100007F:1F90" is
// 127.0.0.1:8080.
func plainAddress(t *testing.T, text string) string {
	t.Helper()
	host, port, _ := strings.Cut(text, ":")
	number, err := strconv.ParseUint(port, 16, 16)
	if err != nil || len(host)%8 != 0 {
		t.Fatalf("address %q", text)
	}
	ip := net.IP{}
	for i := 0; i < len(host); i += 8 { // words in the byte order of the machine, which is little-endian
		word, err := strconv.ParseUint(host[i:i+8], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		ip = append(ip, byte(word), byte(word>>8), byte(word>>16), byte(word>>24))
	}
	return net.JoinHostPort(ip.String(), strconv.Itoa(int(number)))
}
