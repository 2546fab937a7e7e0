package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// book is a picture of one page of a workbook that the program has written.
type book struct {
	name    string
	command []string // writes the workbook
	file    string
	words   string // on the page that is shown
}

func books() []book {
	return []book{
		{"report-xlsx", []string{"report", "--sandbox", "--input", list, "report.xlsx"}, "report.xlsx", "Onboarding report"},
		{"to-correct", []string{"validate", "--annotate", "marked.xlsx", list}, "marked.xlsx", "what to correct"},
	}
}

// drawBooks writes the pictures of workbooks into out. The commands run in dir, after
// those of the terminal. LibreOffice lays the pages out.
func drawBooks(ctx context.Context, dir string, list []book, out string) error {
	for _, b := range list {
		program := exec.CommandContext(ctx, filepath.Join(dir, "bin", "bulkonboard"), b.command...)
		program.Dir = dir
		if text, err := program.CombinedOutput(); err != nil && program.ProcessState.ExitCode() != 3 { // 3: the list has mistakes
			return fmt.Errorf("%s: %w\n%s", b.name, err, text)
		}
		if _, err := output(ctx, dir, "soffice", "--headless", "--convert-to", "pdf", b.file); err != nil {
			return err
		}
		pdf := strings.TrimSuffix(b.file, ".xlsx") + ".pdf"
		page, err := findPage(ctx, dir, pdf, b.words)
		if err != nil {
			return err
		}
		target, err := filepath.Abs(filepath.Join(out, b.name))
		if err != nil {
			return err
		}
		if _, err := output(ctx, dir, "pdftoppm", "-r", "80", "-f", page, "-l", page, "-singlefile", "-png", pdf, target); err != nil {
			return err
		}
	}
	return nil
}

// findPage returns the number of the first page that has the words.
func findPage(ctx context.Context, dir, pdf, words string) (string, error) {
	text, err := output(ctx, dir, "pdftotext", "-layout", pdf, "-")
	if err != nil {
		return "", err
	}
	for i, page := range strings.Split(text, "\f") {
		if strings.Contains(page, words) {
			return strconv.Itoa(i + 1), nil
		}
	}
	return "", fmt.Errorf("%s: no page has the words %q", pdf, words)
}

// output runs a command in a directory and returns its standard output.
func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Stderr = dir, os.Stderr
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return string(out), nil
}
