package tables

import (
	"context"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// The functions of this file run within the caller's transaction.

// FinishRun closes a run, and its plan. With exit code 0 or 3 noteReported notes what the
// run has reported.
func (c Writer) FinishRun(ctx context.Context, id int64, end ledger.RunEnd, noteReported func(ctx context.Context, run int64) error) error {
	n, err := c.ExecCount(ctx, `UPDATE run SET ended_us = ?, exit_code = ?, stop_reason = ?, sent = ?, created = ?, wallet_from = ?, wallet_to = ? WHERE id = ?`,
		Micros(end.At), end.ExitCode, end.StopReason, end.Sent, end.Created, end.WalletFrom, end.WalletTo, id)
	if err == nil && n == 0 {
		err = fmt.Errorf("run %d: %w", id, ledger.ErrNotFound)
	}
	if err == nil {
		err = c.FinishPlan(ctx, id, end.ExitCode)
	}
	if err != nil || end.ExitCode != 0 && end.ExitCode != 3 {
		return err
	}
	return noteReported(ctx, id)
}

// BindAccount ties the ledger to a partner account; see ledger.Runs.
func (c Writer) BindAccount(ctx context.Context, account ledger.Account) error {
	i, err := c.ReadIdentity(ctx)
	if err != nil {
		return err
	}
	bound := ledger.Account{Partner: i.Partner, Slug: i.Slug}
	if bound.Differs(account) {
		return fmt.Errorf("it belongs to another account than this API key; use that account's key, or another ledger: %w", ledger.ErrAccount)
	}
	if learnt := bound.Merge(account); learnt != bound {
		return c.Exec(ctx, "UPDATE ledger SET account_partner = ?, account_slug = ?", learnt.Partner, learnt.Slug)
	}
	return nil
}

// ForgetAccount forgets which partner account the ledger belongs to. ErrConflict if
// anything is in doubt.
func (c Writer) ForgetAccount(ctx context.Context) error {
	if err := c.RefuseDoubts(ctx); err != nil {
		return err
	}
	if err := c.Exec(ctx, "DELETE FROM fact WHERE name = 'other_account_key'"); err != nil {
		return err
	}
	return c.Exec(ctx, "UPDATE ledger SET account_partner = '', account_slug = ''")
}

// MoveEnvironment moves the ledger to another environment. Keys that are not stored, because
// they follow from the environment, are stored first. ErrConflict if anything is in doubt.
func (c Writer) MoveEnvironment(ctx context.Context, to string, at time.Time) error {
	if err := c.RefuseDoubts(ctx); err != nil {
		return err
	}
	i, err := c.ReadIdentity(ctx)
	if err != nil {
		return err
	}
	if err := c.Exec(ctx, "UPDATE customer SET key = (SELECT key FROM attempt WHERE customer = customer.id AND removes = '' ORDER BY id DESC LIMIT 1) WHERE key IS NULL"); err != nil {
		return err
	}
	if err := c.Exec(ctx, "UPDATE ledger SET environment = ?", to); err != nil {
		return err
	}
	return c.Exec(ctx, "INSERT INTO fact (name, value, at_us) VALUES ('rebound', ?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value || '; ' || fact.value, at_us = excluded.at_us",
		i.Environment+" -> "+to, Micros(at))
}

// RefuseDoubts refuses with ErrConflict while any customer is in doubt.
func (c Writer) RefuseDoubts(ctx context.Context) error {
	return c.refuseIfAny(ctx, "SELECT count(*) FROM customer WHERE status = 'in_doubt'")
}

// RefuseUnsettled is RefuseDoubts, and counts open attempts as well.
func (c Writer) RefuseUnsettled(ctx context.Context) error {
	return c.refuseIfAny(ctx, "SELECT (SELECT count(*) FROM customer WHERE status = 'in_doubt') + (SELECT count(*) FROM attempt WHERE class = '')")
}

func (c Writer) refuseIfAny(ctx context.Context, count string) error {
	var doubts int
	err := c.QueryOne(ctx, count, nil, &doubts)
	if err == nil && doubts > 0 {
		err = fmt.Errorf("%d customers are in doubt; settle them first (bulkonboard run, or ledger resolve): %w", doubts, ledger.ErrConflict)
	}
	return err
}

// PutFact writes a small fact.
func (c Writer) PutFact(ctx context.Context, name, value string, at time.Time) error {
	return c.Exec(ctx, "INSERT INTO fact (name, value, at_us) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value, at_us = excluded.at_us", name, value, Micros(at))
}
