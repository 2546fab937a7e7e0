package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

const runColumns = `id, command, batch, who, host, version, key_print, settings, started, ended, exit_code, stop_reason,
	sent, created, wallet_from, wallet_to`

// Begin writes a run; see ledger.Runs.
func (l *Ledger) Begin(ctx context.Context, r ledger.Run) (id int64, err error) {
	err = l.write(ctx, func(ctx context.Context) error {
		return l.w.one(ctx, `INSERT INTO runs (command, batch, who, host, version, key_print, settings, started, ended, exit_code, stop_reason, sent, created, wallet_from, wallet_to)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '', 0, 0, '', '') RETURNING id`,
			[]any{r.Command, r.Batch, r.Who, r.Host, r.Version, r.KeyPrint, r.Settings, stamp(r.Started)}, &id)
	})
	return id, err
}

// Finish closes a run; see ledger.Runs.
func (l *Ledger) Finish(ctx context.Context, id int64, end ledger.RunEnd) error {
	if end.At.IsZero() {
		end.At = l.now()
	}
	return l.write(ctx, func(ctx context.Context) error {
		var batch int64
		err := l.w.one(ctx, `UPDATE runs SET ended = ?, exit_code = ?, stop_reason = ?, sent = ?, created = ?, wallet_from = ?, wallet_to = ?
			WHERE id = ? RETURNING batch`, []any{stamp(end.At), end.ExitCode, end.StopReason, end.Sent, end.Created, end.WalletFrom, end.WalletTo, id}, &batch)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("run %d: %w", id, ledger.ErrNotFound)
		}
		if err != nil || batch == 0 || end.ExitCode != 0 && end.ExitCode != 3 {
			return err
		}
		return l.tell(ctx, id, batch)
	})
}

// Log yields the runs, newest first.
func (l *Ledger) Log(ctx context.Context) iter.Seq2[ledger.Run, error] {
	return func(yield func(ledger.Run, error) bool) {
		v, end, err := l.snapshot(ctx)
		if err != nil {
			yield(ledger.Run{}, err)
			return
		}
		defer end()
		for next := int64(math.MaxInt64); ; {
			var page []ledger.Run
			err := v.each(ctx, "SELECT "+runColumns+" FROM runs WHERE id < ? ORDER BY id DESC LIMIT 100", []any{next}, func(r *sql.Rows) error {
				run, err := scanRun(r)
				page = append(page, run)
				return err
			})
			if err != nil {
				yield(ledger.Run{}, l.sick(err))
				return
			}
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
				next = r.ID
			}
			if len(page) == 0 {
				return
			}
		}
	}
}

func scanRun(r *sql.Rows) (run ledger.Run, err error) {
	var started, ended int64
	var end ledger.RunEnd
	err = r.Scan(&run.ID, &run.Command, &run.Batch, &run.Who, &run.Host, &run.Version, &run.KeyPrint, &run.Settings, &started,
		&ended, &end.ExitCode, &end.StopReason, &end.Sent, &end.Created, &end.WalletFrom, &end.WalletTo)
	run.Started = moment(started)
	if ended != 0 {
		end.At = moment(ended)
		run.End = &end
	}
	return run, err
}

// Bind ties the ledger to the partner account; see ledger.Runs.
func (l *Ledger) Bind(ctx context.Context, account ledger.Account) error {
	if account == (ledger.Account{}) {
		return nil
	}
	err := l.write(ctx, func(ctx context.Context) error {
		bound, err := l.w.account(ctx)
		if err != nil {
			return err
		}
		if bound.Differs(account) {
			return fmt.Errorf("it is bound to another account than the one this API key opens; use that account's key, or another ledger: %w", ledger.ErrAccount)
		}
		if account = bound.Learn(account); account == bound {
			return nil
		}
		return l.w.putAccount(ctx, account)
	})
	if err == nil {
		l.info.Account = l.info.Account.Learn(account)
	}
	return err
}

// RebindAccount forgets which partner account the ledger belongs to, so that
// the next run learns it: the vendor gave the account another name. ErrConflict
// if anything is in doubt. The caller records the command as a run.
func (l *Ledger) RebindAccount(ctx context.Context) error {
	if err := l.alone(); err != nil {
		return err
	}
	err := l.write(ctx, func(ctx context.Context) error {
		if err := l.nothingInDoubt(ctx); err != nil {
			return err
		}
		if err := l.w.do(ctx, "DELETE FROM learnt WHERE name = 'other_account_key'"); err != nil {
			return err
		}
		return l.w.putAccount(ctx, ledger.Account{})
	})
	if err == nil {
		l.info.Account = ledger.Account{}
	}
	return err
}

// account reads which partner account the ledger belongs to.
func (v *view) account(ctx context.Context) (a ledger.Account, err error) {
	if err = v.one(ctx, "SELECT value FROM meta WHERE name = 'account_partner'", nil, &a.Partner); err == nil {
		err = v.one(ctx, "SELECT value FROM meta WHERE name = 'account_slug'", nil, &a.Slug)
	}
	return a, err
}

func (v *view) putAccount(ctx context.Context, a ledger.Account) error {
	err := v.do(ctx, "UPDATE meta SET value = ? WHERE name = 'account_partner'", a.Partner)
	if err == nil {
		err = v.do(ctx, "UPDATE meta SET value = ? WHERE name = 'account_slug'", a.Slug)
	}
	return err
}

// Learnt reads a small fact.
func (l *Ledger) Learnt(ctx context.Context, name string) (value string, at time.Time, err error) {
	v, end, err := l.snapshot(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	defer end()
	var ns int64
	err = v.one(ctx, "SELECT value, at FROM learnt WHERE name = ?", []any{name}, &value, &ns)
	if errors.Is(err, sql.ErrNoRows) {
		return "", time.Time{}, fmt.Errorf("%s: %s: %w", l.path, name, ledger.ErrNotFound)
	}
	return value, moment(ns), l.sick(err)
}

// Learn keeps a small fact.
func (l *Ledger) Learn(ctx context.Context, name, value string, at time.Time) error {
	return l.write(ctx, func(ctx context.Context) error {
		return l.w.do(ctx, "INSERT INTO learnt VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at", name, value, stamp(at))
	})
}
