package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

// statusCounts are numbers of rows or customers by status.
type statusCounts map[string]int

// compareLedgers holds every ledger that a script leaves in its work directory to what
// `status --json` says of it, so that a reader with an SQL prompt and a reader of the
// program cannot come to different numbers. For the newest input, which is that of the
// newest run, and for the whole file:
//
//   - The view status has the counts of the rows. The view has the rule for a row's
//     status in SQL, and the program has it in Go.
//   - The customers whom rows of the input claim, with the rows that claim nobody, have
//     the same counts. A row that claims nobody (invalid, repeated) shows its own
//     verdict, or the status that its customer has from another input.
//   - The customer table, grouped by status, has the counts of all customers. Where the
//     input is the only one, status has no such counts; then these are the customers
//     whom its rows claim. E-mails that were forgotten before any input had them are
//     in the table, and in no report.
//
// It fails if the script ends a run with its rows read, and leaves no ledger with an
// input to compare. Ledgers that status refuses, because a script has damaged them,
// are left out.
func compareLedgers(dir, script string) error {
	compared := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".db" {
			return err
		}
		hasInput, err := compareLedger(dir, path)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		if hasInput {
			compared++
		}
		return nil
	})
	if err != nil || compared > 0 {
		return err
	}
	text, err := os.ReadFile(script)
	if err == nil && regexp.MustCompile(`(?m)^code (0|3|4|8|10) bulkonboard run .*\.(csv|xlsx)`).Match(text) {
		err = errors.New("the script ends a run, and no ledger is left to compare")
	}
	return err
}

// ledgerStatus is what `status --json` counts: the rows of the newest input, which is
// that of the newest run, and the customers of the whole ledger.
type ledgerStatus struct {
	Rows      *int // nil: no input was registered
	Counts    statusCounts
	Customers statusCounts // nil if the input is the only one
}

// readStatus asks `status --json`. It returns nil if that refuses the ledger.
func readStatus(dir, path string) (*ledgerStatus, error) {
	c := exec.Command("bulkonboard", "status", "--json", "--config", os.DevNull, "--ledger", path)
	c.Dir = dir
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && (exit.ExitCode() == 7 || exit.ExitCode() == 9) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("status: %w\n%s", err, stderr.String())
	}
	st := &ledgerStatus{}
	return st, json.Unmarshal(out, st)
}

// Queries that count by status. An argument is a batch.
const (
	countView      = "SELECT status, rows FROM status WHERE batch = ?"
	countClaimed   = "SELECT status, count(*) FROM customer WHERE id IN (SELECT customer FROM input_row WHERE batch = ? AND claims) GROUP BY status"
	countOthers    = "SELECT s.status, count(*) FROM row_status s JOIN input_row r ON r.batch = s.batch AND r.ordinal = s.ordinal WHERE r.batch = ? AND NOT r.claims GROUP BY s.status"
	countCustomers = "SELECT status, count(*) FROM customer WHERE status <> 'forgotten' OR id IN (SELECT customer FROM input_row) GROUP BY status"
	newestInput    = `SELECT b.id FROM batch b LEFT JOIN run r ON r.batch = b.id AND r.command = 'run'
		GROUP BY b.id ORDER BY max(coalesce(r.id, 0)) DESC, b.id DESC LIMIT 1`
)

// compareLedger compares one ledger; see compareLedgers. It reports whether there was
// an input to compare.
func compareLedger(dir, path string) (hasInput bool, err error) {
	st, err := readStatus(dir, path)
	if err != nil || st == nil {
		return false, err
	}
	where := &url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: "mode=ro"}
	db, err := sql.Open("sqlite", where.String())
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var batch int
	switch err := db.QueryRow(newestInput).Scan(&batch); {
	case errors.Is(err, sql.ErrNoRows) && st.Rows == nil:
		return false, nil
	case err != nil:
		return false, err
	}
	customers := st.Customers
	if customers == nil {
		if customers, err = countByStatus(db, countClaimed, batch); err != nil {
			return false, err
		}
	}
	return true, errors.Join(
		expectCounts(db, "the view status", st.Counts, countView, batch),
		expectCounts(db, "the customers claimed, and the rows that claim nobody,", st.Counts, countClaimed+" UNION ALL "+countOthers, batch, batch),
		expectCounts(db, "the customer table", customers, countCustomers))
}

// expectCounts compares what a query counts by status.
func expectCounts(db *sql.DB, what string, want statusCounts, query string, args ...any) error {
	got, err := countByStatus(db, query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	isZero := func(_ string, n int) bool { return n == 0 }
	want = maps.Clone(want)
	maps.DeleteFunc(want, isZero)
	if !maps.Equal(got, want) {
		return fmt.Errorf("%s: %v, and status --json has %v", what, got, want)
	}
	return nil
}

// countByStatus adds up what a query counts by status.
func countByStatus(db *sql.DB, query string, args ...any) (_ statusCounts, err error) {
	rows, err := db.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	counts := statusCounts{}
	for rows.Next() {
		var status string
		var n int
		if err := rows.Scan(&status, &n); err != nil {
			return nil, err
		}
		counts[status] += n
	}
	return counts, rows.Err()
}
