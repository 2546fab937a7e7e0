package main

import (
	"context"
	"os"
	"path/filepath"
)

// drawWeek plays the week of cmd/bulkonboard/week_test.go, and draws the status and the
// reports that it ends with.
func drawWeek(ctx context.Context, dir string, f *fonts, columns int, out string) error {
	week := filepath.Join(dir, "week")
	if err := os.Mkdir(week, 0o700); err != nil {
		return err
	}
	if err := os.Setenv("WEEK_DIR", week); err != nil {
		return err
	}
	if _, err := output(ctx, "../..", "go", "test", "-count=1", "-run", "^TestTheWeek$", "./cmd/bulkonboard"); err != nil {
		return err
	}
	if err := os.Symlink(filepath.Join(dir, "bin"), filepath.Join(week, "bin")); err != nil {
		return err
	}
	if err := drawShots(ctx, week, []shot{{"week-status", "bulkonboard status --ledger l.db --input in.csv", ""}}, f, columns, out); err != nil {
		return err
	}
	report := []string{"report", "--ledger", "l.db", "--input", "in.csv", "week.xlsx"}
	if err := drawBooks(ctx, week, []book{{"week-report-xlsx", report, "week.xlsx", "Created on"}}, out); err != nil {
		return err
	}
	return drawPage(ctx, filepath.Join(week, "r.html"), filepath.Join(out, "week-report-html.png"))
}

// drawPage draws a page as a browser shows it.
func drawPage(ctx context.Context, page, picture string) error {
	target, err := filepath.Abs(picture)
	if err != nil {
		return err
	}
	_, err = output(ctx, filepath.Dir(page), "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1000,2250",
		"--screenshot="+target, "file://"+page)
	return err
}
