package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

var (
	_ ledger.Runs  = (*Ledger)(nil)
	_ ledger.Plans = (*Ledger)(nil)
)

// Begin implements ledger.Runs. The number is drawn first, so that a call made again
// finds what it wrote.
func (l *Ledger) Begin(ctx context.Context, r ledger.Run) (id int64, err error) {
	if r.Started.IsZero() {
		r.Started = l.now()
	}
	err = l.write(ctx, holdLedger, func(ctx context.Context, t *tx) error {
		if id == 0 {
			if err := t.QueryOne(ctx, "SELECT nextval('run_id')", nil, &id); err != nil {
				return err
			}
		}
		if r.Plan != "" {
			if err := t.Writer().BeginPlan(ctx, r.Plan, r.Started); err != nil {
				return err
			}
		}
		t.done = &deed{run: id, begun: &r}
		return t.insertRun(ctx, id, r)
	})
	return id, err
}

// insertRun writes a run that begins, unless it is there.
func (t *tx) insertRun(ctx context.Context, id int64, r ledger.Run) error {
	var batch any
	if r.Batch != 0 {
		batch = r.Batch
	}
	return t.Exec(ctx, `INSERT INTO run (id, command, batch, who, host, version, key_print, settings, plan, started_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), ?) ON CONFLICT DO NOTHING`,
		id, r.Command, batch, r.Who, r.Host, r.Version, r.KeyPrint, r.Settings, r.Plan, tables.Micros(r.Started))
}

// Finish implements ledger.Runs.
func (l *Ledger) Finish(ctx context.Context, id int64, end ledger.RunEnd) error {
	if end.At.IsZero() {
		end.At = l.now()
	}
	return l.write(ctx, holdLedger, func(ctx context.Context, t *tx) error { return t.Writer().FinishRun(ctx, id, end, t.noteReported) })
}

// noteReported notes what the rows of a run's batch have come to, where a reviewer needs
// to know.
func (t *tx) noteReported(ctx context.Context, run int64) error {
	marks := map[int64]bool{}
	err := t.useReadState(ctx, func() error {
		return t.ReadLines(ctx, ledger.Selection{Run: run}, tables.ReviewedLine, func(n *tables.Line) error {
			if n.Mark != 0 {
				marks[n.Mark] = true
			}
			return nil
		})
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return nil // a run without an input
	}
	if err != nil {
		return err
	}
	list := make([]int64, 0, len(marks))
	for mark := range marks {
		list = append(list, mark)
	}
	if err := t.Exec(ctx, "INSERT INTO reported (mark, first_run, last_run) SELECT m, ?, ? FROM unnest(?::bigint[]) m ON CONFLICT (mark) DO UPDATE SET last_run = excluded.last_run", run, run, list); err != nil {
		return err
	}
	return t.Exec(ctx, `DELETE FROM reported WHERE last_run < (SELECT id FROM run WHERE batch IS NOT NULL AND ended_us IS NOT NULL AND exit_code IN (0, 3)
		ORDER BY id DESC LIMIT 1 OFFSET ?)`, tables.RememberedRuns)
}

// useReadState reads as a snapshot does, inside a transaction that writes.
func (t *tx) useReadState(ctx context.Context, do func() error) error {
	h, err := t.readHeader(ctx)
	if err != nil {
		return err
	}
	t.Environment, t.DetailNames = h.info.Environment, h.info.DetailNames
	return do()
}

// Bind implements ledger.Runs.
func (l *Ledger) Bind(ctx context.Context, account ledger.Account) error {
	if account == (ledger.Account{}) {
		return nil
	}
	return l.write(ctx, holdLedger, func(ctx context.Context, t *tx) error { return t.Writer().BindAccount(ctx, account) })
}

// RebindAccount forgets which partner account the ledger belongs to, so that the next run
// learns it: the vendor gave the account another name. ErrConflict if anything is in
// doubt. The caller records the command as a run.
func (l *Ledger) RebindAccount(ctx context.Context) error {
	return l.writeAsSender(ctx, func(ctx context.Context, t *tx) error { return t.Writer().ForgetAccount(ctx) })
}

// Rebind moves the ledger to another environment, for a host that was renamed.
// ErrConflict if anything is in doubt: its keys belong to the old name. The caller
// records the command as a run.
func (l *Ledger) Rebind(ctx context.Context, environment string) error {
	if strings.TrimSpace(environment) == "" {
		return fmt.Errorf("%s: no environment given: %w", l.address.text, ledger.ErrEnvironment)
	}
	err := l.writeAsSender(ctx, func(ctx context.Context, t *tx) error {
		i, err := t.ReadIdentity(ctx)
		if err != nil || i.Environment == environment && t.isAgain { // by the try before
			return err
		}
		return t.Writer().MoveEnvironment(ctx, environment, l.now())
	})
	if err == nil {
		l.info.Environment = environment
		l.conn.Environment = environment
	}
	return err
}

// SaveFact implements ledger.Runs.
func (l *Ledger) SaveFact(ctx context.Context, name, value string, at time.Time) error {
	return l.write(ctx, holdLedger, func(ctx context.Context, t *tx) error { return t.Writer().PutFact(ctx, name, value, at) })
}

// savedPlans are the saved plans of a ledger.
type savedPlans struct{ l *Ledger }

// DigestPlanRow implements ledger.Plans.
func (p savedPlans) DigestPlanRow(identity string, details []ledger.Detail, generation int) ledger.PlanRow {
	return ledger.NewPlanRow(&p.l.keys, identity, details, generation)
}

// SavePlan implements ledger.Plans.
func (p savedPlans) SavePlan(ctx context.Context, plan ledger.Plan, rows []ledger.PlanRow) error {
	return p.l.write(ctx, holdLedger, func(ctx context.Context, t *tx) error { return t.Writer().InsertPlan(ctx, plan, rows) })
}

// DecidePlan implements ledger.Plans.
func (p savedPlans) DecidePlan(ctx context.Context, id string, d ledger.PlanDecision) error {
	return p.l.write(ctx, holdLedger, func(ctx context.Context, t *tx) error { return t.Writer().DecidePlan(ctx, id, d) })
}

// ObserveKYC implements ledger.Verification. The ledger's row, which every such call
// holds, keeps two processes from judging one user by different events.
func (l *Ledger) ObserveKYC(ctx context.Context, events []ledger.KYCEvent) (news int, err error) {
	if len(events) == 0 {
		return 0, nil
	}
	err = l.write(ctx, holdLedger, func(ctx context.Context, t *tx) (err error) {
		news, err = t.Writer().ObserveKYC(ctx, changer{t}, events)
		return err
	})
	return news, err
}

// changer changes customers within a transaction.
type changer struct{ t *tx }

// LockCustomers implements tables.CustomerChanger.
func (x changer) LockCustomers(ctx context.Context, ids []int64) (map[int64]ledger.Customer, error) {
	return x.t.lockCustomers(ctx, ids)
}

// PutCustomer implements tables.CustomerChanger.
func (x changer) PutCustomer(ctx context.Context, before, after ledger.Customer) error {
	return x.t.putCustomer(ctx, before, after)
}

// RetryKYC implements ledger.Verification.
func (l *Ledger) RetryKYC(ctx context.Context, serviceID string, was, now int) error {
	if !ledger.ValidToken(serviceID) {
		return fmt.Errorf("%s: %w", l.address.text, ledger.ErrForm)
	}
	return l.write(ctx, holdLedger, func(ctx context.Context, t *tx) error {
		return t.Writer().RetryKYC(ctx, serviceID, was, now, t.isAgain)
	})
}
