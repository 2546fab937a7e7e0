// Command pictures makes the pictures of the terminal in this directory again. It
// needs Go and tmux:
//
//	cd samples/pictures && go run .
//
// It builds bulkonboard, runs it on the samples in a directory of its own, and
// draws what tmux shows at 80 and 120 columns, on a dark and on a light ground.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// shot is one picture: what is typed, and the words after which it is taken.
type shot struct {
	name    string
	command string
	until   string // "" = the command has ended
}

func shots() []shot {
	const run = "bulkonboard run --sandbox --fee 0.50"
	return []shot{
		{"validate", "bulkonboard validate customers.xlsx", ""},
		{"plan", "bulkonboard plan --sandbox --fee 0.50 customers.xlsx", ""},
		{"running", run + " --rate 20/s march.csv", " 40%"},
		{"run", run + " --rate unlimited customers.xlsx", ""},
		{"status", "bulkonboard status --sandbox", ""},
	}
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	fonts, err := loadFonts()
	if err != nil {
		return err
	}
	for _, columns := range []int{80, 120} {
		if err := takeAll(ctx, fonts, columns); err != nil {
			return err
		}
	}
	return nil
}

// takeAll takes every picture at one width, from an empty ledger on.
func takeAll(ctx context.Context, fonts *fonts, columns int) (err error) {
	dir, err := os.MkdirTemp("", "pictures")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := prepare(ctx, dir); err != nil {
		return err
	}
	for _, s := range shots() {
		screen, err := capture(ctx, dir, s, columns)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		for _, theme := range themes() {
			name := fmt.Sprintf("%s-%d-%s.png", s.name, columns, theme.name)
			if err := drawScreen(name, fonts, theme, screen, columns); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// prepare builds the program and makes the lists that the commands read.
func prepare(ctx context.Context, dir string) error {
	build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, "bin", "bulkonboard"), "./cmd/bulkonboard")
	build.Dir = "../.."
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return err
	}
	list := exec.CommandContext(ctx, "go", "run", "./samples/make", "-rows", "600")
	list.Dir, list.Stderr = build.Dir, os.Stderr
	text, err := list.Output()
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "march.csv"), text, 0o600)
	}
	if err != nil {
		return err
	}
	book, err := os.ReadFile("../customers-with-mistakes.xlsx")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "customers.xlsx"), book, 0o600)
}

// capture runs a command in tmux and returns the screen with its escape sequences.
func capture(ctx context.Context, dir string, s shot, columns int) (string, error) {
	socket := filepath.Join(dir, "tmux")
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
		time.Sleep(100 * time.Millisecond)
	}
	return "", fmt.Errorf("the terminal never showed %q", until)
}
