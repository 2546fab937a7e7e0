package tables

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

const batchColumns = "id, fingerprint, settings, carried, rows, registered_us"

// Batch reads batchColumns. Batches reads its files.
func (r *Record) Batch() (b ledger.Batch) {
	b.ID, b.Fingerprint, b.Settings = r.Int64(), r.Text(), r.Text()
	r.JSON(&b.Carried)
	b.Rows, b.Registered = r.Int(), r.Time()
	return b
}

// JSON reads a text that is empty or JSON.
func (r *Record) JSON(into any) {
	if text := r.Text(); text != "" && json.Unmarshal([]byte(text), into) != nil {
		r.isMalformed = true
	}
}

// ReadBatches reads batches with their files; where ends the statement.
func (c *Conn) ReadBatches(ctx context.Context, where string, args ...any) (all []ledger.Batch, err error) {
	err = c.Query(ctx, "SELECT "+batchColumns+" FROM batch "+where, args, func(r *Record) error {
		all = append(all, r.Batch())
		return nil
	})
	for i := range all {
		b := &all[i]
		if err == nil {
			err = c.Query(ctx, "SELECT name, sheet, sha256, rows FROM input_file WHERE batch = ? ORDER BY number", []any{b.ID}, func(r *Record) error {
				b.Files = append(b.Files, ledger.File{Name: r.Text(), Sheet: r.Text(), SHA256: r.Text(), Rows: r.Int()})
				return nil
			})
		}
	}
	return all, err
}

const RunColumns = `id, command, batch, who, host, version, key_print, settings, plan, started_us, ended_us, exit_code, stop_reason, sent, created, wallet_from, wallet_to`

// Run reads RunColumns.
func (r *Record) Run() (run ledger.Run) {
	run.ID, run.Command, run.Batch, run.Who, run.Host = r.Int64(), r.Text(), r.Int64(), r.Text(), r.Text()
	run.Version, run.KeyPrint, run.Settings, run.Plan, run.Started = r.Text(), r.Text(), r.Text(), r.Text(), r.Time()
	end := ledger.RunEnd{At: r.Time(), ExitCode: r.Int(), StopReason: r.Text(), Sent: r.Int(), Created: r.Int(), WalletFrom: r.Text(), WalletTo: r.Text()}
	if !end.At.IsZero() {
		run.End = &end
	}
	return run
}

// ReadRuns calls use for every run; order ends the statement.
func (c *Conn) ReadRuns(ctx context.Context, order string, use func(ledger.Run) error) error {
	return c.Query(ctx, "SELECT "+RunColumns+" FROM run "+order, nil, func(r *Record) error {
		run := r.Run()
		if err := r.Err(); err != nil {
			return err
		}
		return use(run)
	})
}

// KYCColumns are read by record.kyc.
const KYCColumns = "k.status, k.since_us, k.seen_us, k.retries, k.retry_count, k.retry_open, k.reasons, k.denied_us, k.linked_us, k.resubmitted_us"

// Kyc reads KYCColumns; all NULL is the zero value.
func (r *Record) Kyc() (k ledger.KYC) {
	k.Status, k.At, k.Seen = ledger.KYCStatus(r.Text()), r.Time(), r.Time()
	k.Retries, k.RetryCount, k.RetryOpen = r.Int(), r.Int(), r.Bool()
	if reasons := r.Text(); reasons != "" {
		k.Reasons = strings.Split(reasons, "\n") // a reason is one line
	}
	k.Denied, k.Linked, k.Resubmitted = r.Time(), r.Time(), r.Time()
	return k
}

// Check runs quick_check or integrity_check; no problem gives an empty list.
func (c *Conn) Check(ctx context.Context, kind string) ([]string, error) {
	var problems []string
	err := c.QueryLong(ctx, "PRAGMA "+kind+"(20)", nil, func(r *Record) error {
		if text := r.Text(); text != "ok" {
			problems = append(problems, text)
		}
		return nil
	})
	return problems, err
}

// Header is the row of the table ledger.
type Header struct {
	Info               ledger.Info
	Keys               keyed.Secret
	ID                 string
	Writes             int64
	Openings, Closings int64
	Copy               ledger.GapCause
	Token, Place       string
}

func (c *Conn) ReadHeader(ctx context.Context) (h Header, err error) {
	err = c.Query(ctx, `SELECT id, environment, account_partner, account_slug, secret, created_us, writes, openings, closings, copy, token, place, detail_names FROM ledger`, nil, func(r *Record) error {
		h.ID, h.Info.Environment, h.Info.Account.Partner, h.Info.Account.Slug = r.Text(), r.Text(), r.Text(), r.Text()
		secret, err := hex.DecodeString(r.Text())
		if err != nil || len(secret) != len(h.Keys) || len(h.ID) < 16 {
			return ErrMalformed
		}
		h.Keys = keyed.Secret(secret)
		h.Info.Created, h.Writes, h.Openings, h.Closings = r.Time(), r.Int64(), r.Int64(), r.Int64()
		h.Copy, h.Token, h.Place = ledger.GapCause(r.Text()), r.Text(), r.Text()
		r.JSON(&h.Info.DetailNames)
		return nil
	})
	if err == nil && h.ID == "" {
		err = ErrMalformed
	}
	if err == nil {
		err = c.QueryOne(ctx, "PRAGMA user_version", nil, &h.Info.Schema)
	}
	return h, err
}

// KYCOf reads what is known of a user's identity check.
func (c *Conn) KYCOf(ctx context.Context, serviceID string) (k ledger.KYC, err error) {
	err = c.Query(ctx, "SELECT "+KYCColumns+" FROM kyc k WHERE k.service_id = ?", []any{serviceID}, func(r *Record) error {
		k = r.Kyc()
		return nil
	})
	return k, err
}

// HasKYC reports whether any identity check of a user of a batch is known, 0 = of
// any user at all.
func (c *Conn) HasKYC(ctx context.Context, batch int64) (has bool, err error) {
	text, args := "SELECT EXISTS (SELECT 1 FROM kyc WHERE status <> '')", []any(nil)
	if batch != 0 {
		text = `SELECT EXISTS (SELECT 1 FROM customer c CROSS JOIN kyc k ON k.service_id = c.service_id WHERE c.service_id <> '' AND k.status <> ''
			AND c.id IN (SELECT customer FROM input_row WHERE batch = ? AND claims = 1 AND customer IS NOT NULL))`
		args = []any{batch}
	}
	err = c.QueryOne(ctx, text, args, &has)
	return has, err
}

// ReadFact reads a small fact; isKnown says whether there is one of this name.
func (c *Conn) ReadFact(ctx context.Context, name string) (value string, at time.Time, isKnown bool, err error) {
	err = c.Query(ctx, "SELECT value, at_us FROM fact WHERE name = ?", []any{name}, func(r *Record) error {
		value, at, isKnown = r.Text(), r.Time(), true
		return nil
	})
	return value, at, isKnown, err
}

// FactNames lists the names of small facts that begin with prefix, sorted.
func (c *Conn) FactNames(ctx context.Context, prefix string) (names []string, err error) {
	err = c.Query(ctx, "SELECT name FROM fact WHERE substr(name, 1, length(?)) = ? ORDER BY name", []any{prefix, prefix}, func(r *Record) error {
		names = append(names, r.Text())
		return nil
	})
	return names, err
}
