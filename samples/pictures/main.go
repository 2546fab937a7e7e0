// Command pictures makes the pictures of the documents. It needs Go, tmux, LibreOffice,
// pdftoppm and Chromium:
//
//	cd samples/pictures && go run .
//	go run . -columns 120 -o DIR
//	go run . -pages
//
// It builds bulkonboard, runs it on invented lists in a directory of its own, and
// draws what tmux shows, on a dark and on a light ground, and pages of workbooks. The
// pictures of a week are made from what the test of that week leaves. The documents show
// terminals of 80 columns; other widths are for a review. -pages makes only the pictures
// of the finance page, in web: light and dark, in two sizes. The documents show some of
// the smaller light ones; only these are committed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// shot is one picture of a terminal: what is typed, and the words after which it is taken.
type shot struct {
	name    string // "" = the command is run, and not shown
	command string
	until   string // "" = the command has ended
}

// The lists: one with mistakes, and one without.
const list, goodList = "march.xlsx", "april.csv"

func shots() []shot {
	return []shot{
		{"validate", "bulkonboard validate " + list, ""},
		{"plan", "bulkonboard plan --sandbox --fee 0.50 " + list, ""},
		{"running", "bulkonboard run --sandbox --fee 0.50 " + goodList, " 40%"},
		// Exit 7: the run before it has not ended yet.
		{"", "until bulkonboard run --sandbox --rate unlimited " + list + "; test $? != 7; do sleep 1; done", ""},
		{"status", "bulkonboard status --sandbox", ""},
	}
}

func main() {
	columns := flag.Int("columns", 80, "width of the terminal")
	out := flag.String("o", ".", "`DIR` to write to")
	isPagesOnly := flag.Bool("pages", false, "only the finance page")
	flag.Parse()
	if err := takePages(context.Background(), *out); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
	if *isPagesOnly {
		return
	}
	if err := drawAll(context.Background(), *columns, *out); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func drawAll(ctx context.Context, columns int, out string) (err error) {
	fonts, err := loadFonts()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "pictures")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := prepare(ctx, dir); err != nil {
		return err
	}
	if err := drawShots(ctx, dir, shots(), fonts, columns, out); err != nil {
		return err
	}
	if err := drawBooks(ctx, dir, books(), out); err != nil {
		return err
	}
	return drawWeek(ctx, dir, fonts, columns, out)
}

// drawShots runs commands in dir, and draws those that have a name.
func drawShots(ctx context.Context, dir string, list []shot, f *fonts, columns int, out string) error {
	for i, s := range list {
		screen, err := capture(ctx, filepath.Join(dir, "tmux"+strconv.Itoa(i)), dir, s, columns)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if s.name == "" {
			continue
		}
		for _, theme := range themes() {
			name := fmt.Sprintf("%s-%s.png", s.name, theme.name)
			if err := drawScreen(filepath.Join(out, name), f, theme, screen, columns); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// takePages has the test of the finance page take its pictures.
func takePages(ctx context.Context, out string) error {
	dir, err := filepath.Abs(filepath.Join(out, "web"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	play := exec.CommandContext(ctx, "go", "test", "./cmd/bulkonboard", "-run", "TestWebPage", "-count=1", "-timeout", "10m")
	play.Dir, play.Env = "../..", append(os.Environ(), "BULKONBOARD_PICTURES="+dir)
	play.Stdout, play.Stderr = os.Stdout, os.Stderr
	return play.Run()
}

// prepare builds the program and makes the lists that the commands read.
func prepare(ctx context.Context, dir string) error {
	build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, "bin", "bulkonboard"), "./cmd/bulkonboard")
	build.Dir = "../.."
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return err
	}
	if _, err := output(ctx, build.Dir, "go", "run", "./samples/make", "-rows", "600", "-messy", "-o", filepath.Join(dir, list)); err != nil {
		return err
	}
	text, err := os.ReadFile("../customers.csv")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, goodList), text, 0o600)
}

// capture runs a command in a tmux server of its own and returns the screen with its escape sequences.
func capture(ctx context.Context, socket, dir string, s shot, columns int) (string, error) {
	tmux := func(args ...string) (string, error) {
		c := exec.CommandContext(ctx, "tmux", append([]string{"-S", socket, "-f", "/dev/null"}, args...)...)
		c.Stderr = os.Stderr
		out, err := c.Output()
		return string(out), err
	}
	const end = "(end of the command)"
	line := fmt.Sprintf("cd %s; PATH=%s/bin:$PATH; printf '$ %%s\\n' %q; %s; printf '%s'; cat", dir, dir, s.command, s.command, end)
	if _, err := tmux("new-session", "-d", "-x", strconv.Itoa(columns), "-y", "50", "sh", "-c", line); err != nil {
		return "", err
	}
	defer tmux("kill-server") //nolint:errcheck // it ends with its only session
	until := s.until
	if until == "" {
		until = end
	}
	for range 300 {
		screen, err := tmux("capture-pane", "-e", "-p")
		if err != nil {
			return "", err
		}
		if strings.Contains(screen, until) {
			return strings.TrimRight(strings.ReplaceAll(screen, end, ""), "\n "), nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return "", fmt.Errorf("the terminal never showed %q", until)
}
