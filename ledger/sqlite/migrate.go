package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// migration is one step: statements, and then what needs more than these.
type migration struct {
	text string
	then func(context.Context, *view) error
}

// migrations bring a ledger from version i+1 to i+2, each in one transaction.
// Nothing ever leads back. What they make must be what schema makes: a test
// compares the two.
func migrations() []migration {
	return []migration{{text: `
ALTER TABLE attempts ADD COLUMN removes TEXT NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN issued INTEGER NOT NULL DEFAULT 0;
UPDATE customers SET issued = decided WHERE url <> '';
` + kycTable}, {text: underwayTables + `
INSERT INTO services SELECT service_id, id FROM customers WHERE service_id <> '';
DROP INDEX customers_service;
ALTER TABLE state ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
UPDATE state SET indexed = (SELECT coalesce(max(id), 0) FROM attempts)`}, {text: `
DROP INDEX customers_in_doubt;
DROP INDEX customers_forgotten;
DROP INDEX customers_decided;
ALTER TABLE customers RENAME TO old_customers;
` + customersTable, then: fileAll}}
}

// older reports whether a ledger must be brought forward before it is used.
func (l *Ledger) older() bool { return l.info.Schema < schemaVersion }

// migrate brings the ledger to the version of this program, step by step. The
// lock is held, so that no older program is at work on it.
func (l *Ledger) migrate(ctx context.Context) error {
	all := migrations()
	for l.older() {
		from := l.info.Schema
		if from < 1 || from > len(all) {
			return damaged(l.path, fmt.Sprintf("it has schema %d, which there never was", from))
		}
		step := all[from-1]
		err := l.w.run(ctx, "BEGIN IMMEDIATE; "+step.text)
		if err == nil && step.then != nil {
			err = step.then(ctx, l.w)
		}
		if err == nil {
			err = l.w.run(ctx, fmt.Sprintf("PRAGMA user_version = %d; UPDATE state SET seq = seq + 1; COMMIT", from+1))
		}
		if err != nil {
			return errors.Join(fmt.Errorf("%s cannot be brought to version %d: %w: %w", l.path, from+1, l.sick(err), ledger.ErrWrite), l.w.run(ctx, "ROLLBACK"))
		}
		l.info.Schema = from + 1
		l.notices = append(l.notices, fmt.Sprintf("the ledger was brought from version %d to %d; an older program does not open it any more", from, from+1))
	}
	return nil
}

// tooOld is the refusal of a ledger that would have to be brought forward first.
func (l *Ledger) tooOld() error {
	return fmt.Errorf("%s was written by an older version of this program (schema %d, now %d); `bulkonboard run` without a file brings it forward: %w",
		l.path, l.info.Schema, schemaVersion, ErrOlder)
}

// ErrOlder says that a ledger must be opened alone and for writing once, which
// brings it to this program's version.
var ErrOlder = errors.New("ledger is of an older version")
