package tables

import (
	"context"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// ReadPlans reads saved plans; where ends the statement.
func (c *Conn) ReadPlans(ctx context.Context, where string, args ...any) (all []ledger.Plan, err error) {
	err = c.Query(ctx, `SELECT id, state, terms, rows, who, host, made_us, expires_us, decided_us, approves, decided_by, decided_on, signer, signature, because
		FROM plan `+where, args, func(r *Record) error {
		p := ledger.Plan{ID: r.Text(), State: ledger.PlanState(r.Text()), Terms: r.Text(), Rows: r.Int(), Who: r.Text(), Host: r.Text(), Made: r.Time(), Expires: r.Time()}
		d := ledger.PlanDecision{At: r.Time(), Approves: r.Bool(), Who: r.Text(), Host: r.Text(), Signer: r.Text(), Signature: r.Text(), Because: r.Text()}
		if !d.At.IsZero() {
			p.Decision = &d
		}
		all = append(all, p)
		return nil
	})
	return all, err
}

// plan reads one saved plan, or returns ledger.ErrNotFound.
func (c *Conn) plan(ctx context.Context, id string) (ledger.Plan, error) {
	all, err := c.ReadPlans(ctx, "WHERE id = ?", id)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("plan %s: %w", id, ledger.ErrNotFound)
	}
	if err != nil {
		return ledger.Plan{}, err
	}
	return all[0], nil
}

// InsertPlan writes a plan as made, with its rows.
func (c Writer) InsertPlan(ctx context.Context, p ledger.Plan, rows []ledger.PlanRow) error {
	n, err := c.ExecCount(ctx, `INSERT INTO plan (id, state, terms, rows, who, host, made_us, expires_us) VALUES (?, 'made', ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		p.ID, p.Terms, len(rows), p.Who, p.Host, Micros(p.Made), Micros(p.Expires))
	if err == nil && n == 0 {
		err = fmt.Errorf("plan %s is there already: %w", p.ID, ledger.ErrConflict)
	}
	if err != nil {
		return err
	}
	const piece = 1 << 12 // rows whose values are held at once
	total := len(rows)
	for len(rows) > 0 {
		n := min(piece, len(rows))
		args := make([]any, 0, 4*n)
		for _, r := range rows[:n] {
			args = append(args, p.ID, r.Customer[:], r.Details[:], r.Generation)
		}
		if err := c.InsertRows(ctx, "INSERT INTO plan_row (plan, customer, details, generation) VALUES ", " ON CONFLICT DO NOTHING", 4, args); err != nil {
			return err
		}
		rows = rows[n:]
	}
	var kept int
	err = c.QueryOne(ctx, "SELECT count(*) FROM plan_row WHERE plan = ?", []any{p.ID}, &kept)
	if err == nil && kept != total {
		err = fmt.Errorf("plan %s has two rows of one customer: %w", p.ID, ledger.ErrConflict)
	}
	return err
}

// DecidePlan writes the decision about a plan.
func (c Writer) DecidePlan(ctx context.Context, id string, d ledger.PlanDecision) error {
	p, err := c.plan(ctx, id)
	if err == nil {
		err = p.CheckDecision(d.At)
	}
	if err != nil {
		return err
	}
	state, approves := ledger.PlanDeclined, 0
	if d.Approves {
		state, approves = ledger.PlanApproved, 1
	}
	if err := c.Exec(ctx, `UPDATE plan SET decided_us = ?, approves = ?, decided_by = ?, decided_on = ?, signer = ?, signature = ?, because = ? WHERE id = ?`,
		Micros(d.At), approves, d.Who, d.Host, d.Signer, d.Signature, d.Because, id); err != nil {
		return err
	}
	return c.movePlans(ctx, state, "id = ?", id)
}

// BeginPlan moves a plan to running, for a run that begins at a moment.
func (c Writer) BeginPlan(ctx context.Context, id string, now time.Time) error {
	p, err := c.plan(ctx, id)
	if err == nil {
		err = p.CheckBegin(now)
	}
	if err != nil {
		return err
	}
	return c.movePlans(ctx, ledger.PlanRunning, "id = ?", id)
}

// FinishPlan makes the plan of a run used, if it has one.
func (c Writer) FinishPlan(ctx context.Context, run int64, exitCode int) error {
	if ledger.LeavesPlan(exitCode) {
		return nil
	}
	return c.movePlans(ctx, ledger.PlanUsed, "state = 'running' AND id = (SELECT plan FROM run WHERE id = ?)", run)
}

// VoidPlans makes all open plans void.
func (c Writer) VoidPlans(ctx context.Context) error {
	return c.movePlans(ctx, ledger.PlanVoid, "state IN ('made', 'approved', 'running')")
}

// movePlans gives plans another state. The rows of those that are over are removed.
func (c Writer) movePlans(ctx context.Context, to ledger.PlanState, where string, args ...any) error {
	if err := c.Exec(ctx, "UPDATE plan SET state = ? WHERE "+where, append([]any{string(to)}, args...)...); err != nil || to.IsOpen() {
		return err
	}
	return c.Exec(ctx, "DELETE FROM plan_row WHERE plan IN (SELECT id FROM plan WHERE state IN ('declined', 'used', 'void'))")
}

// ForgetPlanned removes a customer from all plans.
func (c *Reader) ForgetPlanned(ctx context.Context, identity string) error {
	d := c.Keys.PlannedCustomer(identity)
	return c.Exec(ctx, "DELETE FROM plan_row WHERE customer = ?", d[:])
}

// Unplanned returns the indexes of the rows that a plan does not allow.
func (c *Conn) Unplanned(ctx context.Context, id string, rows []ledger.PlanRow) (left []int, err error) {
	const piece = 1 << 12
	for first := 0; first < len(rows); first += piece {
		part := rows[first:min(first+piece, len(rows))]
		found := make(map[ledger.PlanDigest]ledger.PlanRow, len(part))
		customers := make([][]byte, len(part))
		for i := range part {
			customers[i] = part[i].Customer[:]
		}
		if err := QueryList(ctx, c, "SELECT plan, customer, details, generation FROM plan_row WHERE customer IN (?)", customers, func(r *Record) error {
			plan, customer, details := r.Text(), r.Blob(), r.Blob()
			if plan != id {
				return nil
			}
			if len(customer) != len(ledger.PlanDigest{}) || len(details) != len(ledger.PlanDigest{}) {
				return ErrMalformed
			}
			found[ledger.PlanDigest(customer)] = ledger.PlanRow{Customer: ledger.PlanDigest(customer), Details: ledger.PlanDigest(details), Generation: int32(r.Int64())}
			return nil
		}); err != nil {
			return nil, err
		}
		for i, r := range part {
			if planned, ok := found[r.Customer]; !ok || !planned.Allows(r) {
				left = append(left, first+i)
			}
		}
	}
	return left, nil
}
