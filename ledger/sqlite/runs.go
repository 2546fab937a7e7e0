package sqlite

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

var _ ledger.Runs = (*Ledger)(nil)

// Begin implements ledger.Runs.
func (l *Ledger) Begin(ctx context.Context, r ledger.Run) (id int64, err error) {
	if r.Started.IsZero() {
		r.Started = l.now()
	}
	err = l.write(ctx, func(ctx context.Context, c *conn) error {
		if r.Plan != "" {
			if err := c.Writer().BeginPlan(ctx, r.Plan, r.Started); err != nil {
				return err
			}
		}
		return c.QueryOne(ctx, `INSERT INTO run (command, batch, who, host, version, key_print, settings, plan, started_us) VALUES (?, nullif(?, 0), ?, ?, ?, ?, ?, nullif(?, ''), ?) RETURNING id`,
			[]any{r.Command, r.Batch, r.Who, r.Host, r.Version, r.KeyPrint, r.Settings, r.Plan, tables.Micros(r.Started)}, &id)
	})
	return id, err
}

// Finish implements ledger.Runs.
func (l *Ledger) Finish(ctx context.Context, id int64, end ledger.RunEnd) error {
	if end.At.IsZero() {
		end.At = l.now()
	}
	return l.write(ctx, func(ctx context.Context, c *conn) error { return c.Writer().FinishRun(ctx, id, end, c.NoteReported) })
}

// Bind implements ledger.Runs.
func (l *Ledger) Bind(ctx context.Context, account ledger.Account) error {
	if account == (ledger.Account{}) {
		return nil
	}
	return l.write(ctx, func(ctx context.Context, c *conn) error { return c.Writer().BindAccount(ctx, account) })
}

// RebindAccount forgets which partner account the ledger belongs to, so that
// the next run learns it: the vendor gave the account another name. ErrConflict
// if anything is in doubt. The caller records the command as a run.
func (l *Ledger) RebindAccount(ctx context.Context) error {
	return l.writeWithLock(ctx, func(ctx context.Context, c *conn) error { return c.Writer().ForgetAccount(ctx) })
}

// Rebind moves the ledger to another environment, for a host that was renamed.
// ErrConflict if anything is in doubt: its keys belong to the old name. The
// caller records the command as a run.
func (l *Ledger) Rebind(ctx context.Context, environment string) error {
	if strings.TrimSpace(environment) == "" {
		return fmt.Errorf("%s: no environment given: %w", l.path, ledger.ErrEnvironment)
	}
	err := l.writeWithLock(ctx, func(ctx context.Context, c *conn) error {
		err := c.Writer().MoveEnvironment(ctx, environment, l.now())
		c.Environment = environment // if the commit fails, nothing is written any more
		return err
	})
	if err == nil {
		l.info.Environment = environment
	}
	return err
}

// SaveFact implements ledger.Runs.
func (l *Ledger) SaveFact(ctx context.Context, name, value string, at time.Time) error {
	return l.write(ctx, func(ctx context.Context, c *conn) error { return c.Writer().PutFact(ctx, name, value, at) })
}

// CountReported implements ledger.ReportedCounter.
func (r *registration) CountReported(ctx context.Context, s ledger.Status) (n int, err error) {
	if err := r.requireOpen(); err != nil {
		return 0, err
	}
	chosen := ledger.Selection{Only: []ledger.Status{s}}
	err = r.c.LinesWhere(context.WithoutCancel(ctx), chosen, tables.ReviewedLine, map[int64]ledger.Batch{r.batch.ID: r.batch}, "r.batch = ?", []any{r.batch.ID}, func(line *tables.Line) error {
		if line.WasReported {
			n++
		}
		return nil
	})
	if err != nil {
		return 0, r.l.classify(err)
	}
	return n, nil
}

var _ ledger.ReportedCounter = (*registration)(nil)
