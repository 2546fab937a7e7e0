package postgres

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

var (
	//go:embed schema.sql
	schema string
	//go:embed schema_2.sql
	stepTo2 string
)

// step brings the schema forward by one version.
type step struct {
	statements   string
	oldestReader int // the oldest schema version whose program may still use the ledger; 0 = as before
}

// steps are the changes of the schema since baseSchema, oldest first. A new ledger is
// made by schema.sql and all of them.
func steps() []step { return []step{{stepTo2, 2}} }

// baseSchema is the version of schema.sql.
const baseSchema = 1

// newestSchema is the version that this program writes.
func newestSchema() int { return baseSchema + len(steps()) }

// fillLookup fills the table lookup, after customers were copied into an empty ledger.
const fillLookup = `INSERT INTO lookup SELECT id, (status = 'in_doubt')::int, (pairing = 'unconfirmed')::int, service_mark, url_mark FROM customer
	WHERE status = 'in_doubt' OR pairing = 'unconfirmed' OR service_mark <> 0 OR url_mark <> 0`

// nowMicros is the present by the database's clock, inside a transaction, too.
const nowMicros = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

// hasLedger reports whether the schema has a ledger.
func (d *database) hasLedger(ctx context.Context, in string) (has bool, err error) {
	err = d.QueryOne(ctx, "SELECT to_regclass($1) IS NOT NULL", []any{quoteName(in) + ".ledger"}, []any{&has})
	return has, err
}

// createLedger makes the schema and the ledger in it, in one transaction.
func (d *database) createLedger(ctx context.Context, in, environment string, createdMicros int64) error {
	if environment == "" {
		return fmt.Errorf("a new ledger needs an environment: %w", ledger.ErrEnvironment)
	}
	secret := keyed.NewSecret()
	tx, err := d.pg.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after a commit it does nothing
	if err := d.createTables(ctx, in); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO ledger (one, id, environment, secret, created_us, schema_version, oldest_reader) VALUES (1, $1, $2, $3, $4, $5, $6)",
		rand.Text(), environment, hex.EncodeToString(secret[:]), createdMicros, newestSchema(), oldestReader(steps())); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// createTables makes the schema and its tables, within the caller's transaction.
func (d *database) createTables(ctx context.Context, in string) error {
	if err := d.ExecScript(ctx, "CREATE SCHEMA IF NOT EXISTS "+quoteName(in), nil); err != nil {
		return err
	}
	texts := []string{schema}
	for _, s := range steps() {
		texts = append(texts, s.statements)
	}
	for _, text := range texts {
		if _, err := d.pg.Exec(ctx, text, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	return nil
}

// oldestReader is the oldest version whose program may use a ledger of the newest one.
func oldestReader(all []step) int {
	oldest := baseSchema
	for _, s := range all {
		oldest = max(oldest, s.oldestReader)
	}
	return oldest
}

// bringForward applies all steps behind the ledger's version, in one transaction that
// holds the ledger's row.
func (d *database) bringForward(ctx context.Context, all []step) error {
	tx, err := d.pg.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after a commit it does nothing
	var version int
	if err := tx.QueryRow(ctx, "SELECT schema_version FROM ledger FOR UPDATE").Scan(&version); err != nil {
		return err
	}
	if version < baseSchema || version > baseSchema+len(all) {
		return nil // somebody else's; the caller looks again
	}
	for _, s := range all[version-baseSchema:] {
		if _, err := tx.Exec(ctx, s.statements, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, "UPDATE ledger SET schema_version = $1, oldest_reader = greatest(oldest_reader, $2)", baseSchema+len(all), oldestReader(all)); err != nil {
		return err
	}
	return tx.Commit(ctx)
}
