package tables

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
)

const batchColumns = "id, fingerprint, settings, carried, rows, registered_us"

// batch reads batchColumns. Its files are read by conn.batches.
func (r *Record) Batch() (b ledger.Batch) {
	b.ID, b.Fingerprint, b.Settings = r.Int64(), r.Text(), r.Text()
	r.JSON(&b.Carried)
	b.Rows, b.Registered = r.Int(), r.Time()
	return b
}

// json reads a text that is empty or JSON.
func (r *Record) JSON(into any) {
	if text := r.Text(); text != "" && json.Unmarshal([]byte(text), into) != nil {
		r.isMalformed = true
	}
}

// Batches reads batches with their files; where ends the statement.
func (c *Conn) Batches(ctx context.Context, where string, args ...any) (all []ledger.Batch, err error) {
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

const RunColumns = `id, command, batch, who, host, version, key_print, settings, started_us, ended_us, exit_code, stop_reason, sent, created, wallet_from, wallet_to`

// run reads RunColumns.
func (r *Record) Run() (run ledger.Run) {
	run.ID, run.Command, run.Batch, run.Who, run.Host = r.Int64(), r.Text(), r.Int64(), r.Text(), r.Text()
	run.Version, run.KeyPrint, run.Settings, run.Started = r.Text(), r.Text(), r.Text(), r.Time()
	end := ledger.RunEnd{At: r.Time(), ExitCode: r.Int(), StopReason: r.Text(), Sent: r.Int(), Created: r.Int(), WalletFrom: r.Text(), WalletTo: r.Text()}
	if !end.At.IsZero() {
		run.End = &end
	}
	return run
}

// KYCColumns are read by record.kyc.
const KYCColumns = "k.status, k.since_us, k.seen_us, k.retries, k.retry_count, k.retry_open, k.reasons, k.denied_us, k.linked_us, k.resubmitted_us"

// kyc reads KYCColumns; all NULL is the zero value.
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
