package postgres

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

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
	var has bool // CREATE SCHEMA IF NOT EXISTS asks for the right to create one even where there is one
	if err := d.QueryOne(ctx, "SELECT to_regnamespace($1) IS NOT NULL", []any{quoteName(in)}, []any{&has}); err != nil {
		return err
	}
	if !has {
		if err := d.ExecScript(ctx, "CREATE SCHEMA "+quoteName(in), nil); err != nil {
			return err
		}
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
// holds the ledger's row. It refuses with ErrLocked while senders are living: their program
// may not know what the steps make.
func (d *database) bringForward(ctx context.Context, all []step) error {
	var version int
	if err := d.pg.QueryRow(ctx, "SELECT schema_version FROM ledger").Scan(&version); err != nil || version == baseSchema+len(all) {
		return err // mostly: the row may be locked by a long check pass
	}
	tx, err := d.pg.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after a commit it does nothing
	if err := tx.QueryRow(ctx, "SELECT schema_version FROM ledger FOR UPDATE").Scan(&version); err != nil {
		return err
	}
	if version < baseSchema || version >= baseSchema+len(all) {
		return nil // somebody else's, or brought forward meanwhile; the caller looks again
	}
	if err := d.refuseLiving(ctx); err != nil {
		return err
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

// refuseLiving returns ErrLocked, with the hosts to stop, if a sender has given a sign of life
// within its lease. The ledger's row is held, so that no other one joins.
func (d *database) refuseLiving(ctx context.Context) error {
	var hosts string
	err := d.pg.QueryRow(ctx, `SELECT coalesce(string_agg(format('%s (process %s)', host, pid), ', ' ORDER BY id), '') FROM sender
		WHERE ended_us IS NULL AND beat_us > `+nowMicros+" - lease_us").Scan(&hosts)
	if err == nil && hosts != "" {
		err = fmt.Errorf("older programs are sending from it: wait for them to end, or stop them, on %s: %w", hosts, ledger.ErrLocked)
	}
	return err
}

// Grants returns the SQL that gives a ledger its three roles:
//
//   - owner: owns the schema; ledger commands that migrate, forget or drop need it
//   - sender: runs; neither changes the schema nor deletes what was sent
//   - reader: the views, without links, answers and secrets
//
// It connects to nothing. The SQL can be run again.
func Grants(text string) (string, error) {
	a, err := parseAddress(text)
	if err != nil {
		return "", err
	}
	g := grants{schema: quoteName(a.schema)}
	for _, r := range []struct {
		into *string
		name string
	}{{&g.owner, "_owner"}, {&g.sender, "_sender"}, {&g.reader, "_reader"}} {
		*r.into = quoteName(a.schema[:min(len(a.schema), 56)] + r.name) // of the 63 bytes that a name has at most
	}
	g.makeRoles()
	g.grantOwner()
	g.grantSender()
	g.grantReader()
	return g.sql.String(), nil
}

// grants is the SQL while it is written. The names are quoted.
type grants struct {
	schema, owner, sender, reader string
	sql                           strings.Builder
}

func (g *grants) add(format string, args ...any) { fmt.Fprintf(&g.sql, format+"\n", args...) }

// objectsOf returns the names that the schema creates of a kind: TABLE, VIEW or SEQUENCE.
func objectsOf(kind string) (names []string) {
	texts := []string{schema}
	for _, s := range steps() {
		texts = append(texts, s.statements)
	}
	for _, found := range regexp.MustCompile(`(?m)^CREATE (?:OR REPLACE |UNLOGGED )?`+kind+` (?:IF NOT EXISTS )?(\w+)`).FindAllStringSubmatch(strings.Join(texts, "\n"), -1) {
		if !slices.Contains(names, found[1]) {
			names = append(names, found[1])
		}
	}
	return names
}

func (g *grants) makeRoles() {
	g.add("-- Run this after ledger create, and again after a new version has changed the schema.")
	for _, role := range []string{g.owner, g.sender, g.reader} {
		g.add("DO $$ BEGIN CREATE ROLE %s NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;", role)
	}
}

func (g *grants) grantOwner() {
	g.add("\n-- The owner creates and migrates the schema, erases customers (ledger forget) and moves the ledger (ledger rebind).")
	g.add("GRANT %s TO CURRENT_USER;", g.owner)
	g.add(`DO $$ DECLARE who name; BEGIN -- whoever made the ledger keeps it
	FOR who IN SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = '%s' AND pg_get_userbyid(nspowner) <> '%s' LOOP
		EXECUTE format('GRANT %s TO %%I', who);
	END LOOP;
END $$;`, strings.Trim(g.schema, `"`), strings.Trim(g.owner, `"`), g.owner)
	g.add("ALTER SCHEMA %s OWNER TO %s;", g.schema, g.owner)
	for _, kind := range []string{"TABLE", "VIEW", "SEQUENCE"} {
		for _, name := range objectsOf(kind) {
			g.add("ALTER %s %s.%s OWNER TO %s;", kind, g.schema, name, g.owner)
		}
	}
}

// keptTables are those from which a sender deletes nothing.
func keptTables() []string {
	return []string{"ledger", "sender", "role", "pace", "batch", "input_file", "plan", "run", "customer", "attempt", "forgotten", "kyc", "gap", "gap_user"}
}

func (g *grants) grantSender() {
	g.add("\n-- A sender runs lists. It cannot change the schema, or delete what was sent.")
	g.add("REVOKE ALL ON ALL TABLES IN SCHEMA %s FROM %s;", g.schema, g.sender)
	g.add("GRANT USAGE ON SCHEMA %s TO %s;", g.schema, g.sender)
	for _, table := range objectsOf("TABLE") {
		rights := "SELECT, INSERT, UPDATE"
		switch {
		case table == "ledger": // not what it is, or what keys its digests
			rights = "SELECT, UPDATE (account_partner, account_slug, registrations, detail_names)"
		case !slices.Contains(keptTables(), table):
			rights += ", DELETE"
		}
		g.add("GRANT %s ON %s.%s TO %s;", rights, g.schema, table, g.sender)
	}
	for _, view := range objectsOf("VIEW") {
		g.add("GRANT SELECT ON %s.%s TO %s;", g.schema, view, g.sender)
	}
	g.add("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %s TO %s;", g.schema, g.sender)
}

// shownColumns returns the columns of a view that a reader sees; nil for all. Links and
// answers of the partner are as good as passwords.
func shownColumns(view string) []string {
	switch view {
	case "customers":
		return []string{"id", "email", "first_name", "last_name", "sender_id", "status", "field", "code", "message", "manual", "service_id", "issued", "pairing", "kyc",
			"attempts", "first_sent", "decided"}
	case "attempts_of":
		return []string{"email", "status", "attempt", "customer", "run", "generation", "key", "request", "sent", "ended", "outcome", "http_status", "code"}
	}
	return nil
}

func (g *grants) grantReader() {
	g.add("\n-- A reader sees the views, without links (url) and answers of the partner (answer).")
	g.add("REVOKE ALL ON ALL TABLES IN SCHEMA %s FROM %s;", g.schema, g.reader)
	g.add("GRANT USAGE ON SCHEMA %s TO %s;", g.schema, g.reader)
	for _, view := range objectsOf("VIEW") {
		columns := ""
		if shown := shownColumns(view); shown != nil {
			columns = " (" + strings.Join(shown, ", ") + ")"
		}
		g.add("GRANT SELECT%s ON %s.%s TO %s;", columns, g.schema, view, g.reader)
	}
	g.add("\n-- Then, for each user: GRANT %s TO alice;", g.sender)
}
