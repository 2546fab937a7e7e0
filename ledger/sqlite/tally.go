package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"reflect"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// toldRuns is for how many finished runs an outcome is remembered as told,
// counted from the newest that told it.
const toldRuns = 400

// counted is what the rows of a batch come to, as the run that told it found
// them: walking over a million rows takes seconds, and a list that is run again
// every night is mostly one that has not changed.
type counted struct {
	Changed  int64 // state.changed then; with any other it is of no use
	Run      int64 // that told all outcomes
	Walked   int64 // the run that told them one by one
	Tally    plainTally
	Tellable int // rows whose outcome was told: known to every later run
}

// plainTally is ledger.Tally for JSON.
type plainTally struct {
	Rows, Known, Changed int
	Status               map[ledger.Status]int
	Codes                []codeCount
}

type codeCount struct {
	ledger.StatusCode
	N int
}

// Tally counts report lines; see ledger.Reader.
func (l *Ledger) Tally(ctx context.Context, s ledger.Selection) (ledger.Tally, error) {
	v, end, err := l.snapshot(ctx)
	if err != nil {
		return ledger.Tally{}, err
	}
	defer end()
	if reflect.DeepEqual(s, ledger.Selection{Batch: s.Batch}) && s.Batch != 0 {
		t, ok, err := v.tallied(ctx, s.Batch)
		if ok || err != nil {
			return t, l.sick(err)
		}
	}
	t := newTally()
	if _, err := l.rows(ctx, v, s, func(r ledger.Reported, _ *packed) bool { t.Count(r); return true }); err != nil {
		return ledger.Tally{}, l.sick(err)
	}
	return t, nil
}

func newTally() ledger.Tally {
	return ledger.Tally{Status: map[ledger.Status]int{}, Code: map[ledger.StatusCode]int{}}
}

// counted reads what was counted of a batch. ok says that it still holds.
func (v *view) counted(ctx context.Context, batch int64) (c counted, ok bool, err error) {
	var data string
	var changed int64
	err = v.one(ctx, "SELECT data, changed FROM tallies, state WHERE batch = ?", []any{batch}, &data, &changed)
	if errors.Is(err, sql.ErrNoRows) {
		return c, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(data), &c)
	}
	return c, err == nil && c.Changed == changed && !v.changed && len(v.under) == 0, err
}

// tallied is the tally of a batch, if it can be had without its rows.
func (v *view) tallied(ctx context.Context, batch int64) (ledger.Tally, bool, error) {
	c, ok, err := v.counted(ctx, batch)
	if !ok || err != nil {
		return ledger.Tally{}, false, err
	}
	var newest int64
	if err := v.one(ctx, "SELECT coalesce(max(id), 0) FROM runs WHERE batch = ?", []any{batch}, &newest); err != nil {
		return ledger.Tally{}, false, err
	}
	t := newTally()
	t.Rows, t.Known, t.Changed = c.Tally.Rows, c.Tally.Known, c.Tally.Changed
	if newest > c.Run {
		t.Known = c.Tellable
	}
	for s, n := range c.Tally.Status {
		t.Status[s] = n
	}
	for _, code := range c.Tally.Codes {
		t.Code[code.StatusCode] = code.N
	}
	return t, newest >= c.Run, nil
}

// tell notes what the rows of a run's batch have come to. It reads and writes
// on the writing connection, chunk by chunk; not at all when the run before
// told the same.
func (l *Ledger) tell(ctx context.Context, run, batch int64) error {
	c, same, err := l.w.counted(ctx, batch)
	if err != nil {
		return err
	}
	// Outcomes that another input's run told since are not found by the number of
	// the run before: once in a while they are told one by one, lest they grow old.
	if same && run-c.Walked <= toldRuns/2 {
		err = l.w.do(ctx, "UPDATE told SET last = ? WHERE last = ?", run, c.Run)
		c.Tally.Known = c.Tellable
	} else {
		c, err = l.tellRows(ctx, run)
	}
	if err != nil {
		return err
	}
	if err := l.w.one(ctx, "SELECT changed FROM state", nil, &c.Changed); err != nil {
		return err
	}
	c.Run = run
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := l.forgetTold(ctx); err != nil {
		return err
	}
	return l.w.do(ctx, "INSERT OR REPLACE INTO tallies VALUES (?, ?)", batch, string(data))
}

// forgetTold drops what was told too long ago, and the tallies that count it as known.
func (l *Ledger) forgetTold(ctx context.Context) error {
	gone, err := l.w.ids(ctx, `DELETE FROM told WHERE last < (SELECT id FROM runs WHERE batch <> 0 AND ended <> 0 AND exit_code IN (0, 3)
		ORDER BY id DESC LIMIT 1 OFFSET ?) RETURNING last`, toldRuns)
	if err != nil || len(gone) == 0 {
		return err
	}
	return l.w.do(ctx, "DELETE FROM tallies")
}

func (l *Ledger) tellRows(ctx context.Context, run int64) (c counted, err error) {
	t := newTally()
	var failed error
	_, err = l.rows(ctx, l.w, ledger.Selection{Run: run}, func(r ledger.Reported, p *packed) bool {
		t.Count(r)
		if p.recall == 0 || !r.NeedsPerson() {
			return true
		}
		c.Tellable++
		failed = l.w.do(ctx, "INSERT INTO told VALUES (?, ?, ?) ON CONFLICT (digest) DO UPDATE SET last = excluded.last", l.told(p.recall, r), run, run)
		return failed == nil
	})
	c.Walked = run
	c.Tally = plainTally{Rows: t.Rows, Known: t.Known, Changed: t.Changed, Status: t.Status}
	for code, n := range t.Code {
		c.Tally.Codes = append(c.Tally.Codes, codeCount{code, n})
	}
	return c, errors.Join(err, failed)
}
