package tables

import (
	"context"
	"errors"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// RememberedRuns is for how many finished runs an outcome is remembered as
// reported, counted from the newest that reported it.
const RememberedRuns = 400

// NoteReported notes what the rows of a run's batch have come to, where a reviewer
// needs to know.
func (c *Reader) NoteReported(ctx context.Context, run int64) error {
	var marks []any
	err := c.ReadLines(ctx, ledger.Selection{Run: run}, ReviewedLine, func(n *Line) error {
		if n.Mark != 0 {
			marks = append(marks, n.Mark, run, run)
		}
		return nil
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return nil // a run without an input
	}
	if err == nil {
		err = c.InsertRows(ctx, "INSERT INTO reported (mark, first_run, last_run) VALUES ", " ON CONFLICT (mark) DO UPDATE SET last_run = excluded.last_run", 3, marks)
	}
	if err == nil {
		err = c.Exec(ctx, `DELETE FROM reported WHERE last_run < (SELECT id FROM run WHERE batch IS NOT NULL AND ended_us IS NOT NULL AND exit_code IN (0, 3)
			ORDER BY id DESC LIMIT 1 OFFSET ?)`, RememberedRuns)
	}
	return err
}
