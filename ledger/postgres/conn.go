package postgres

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
	"github.com/bulkonboard/bulkonboard/ledger/internal/patientconn"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// role is what a connection is used for.
type role int

const (
	roleRead  role = iota
	roleWrite      // one transaction at a time
	roleBeat       // signs of life, and what is done for senders that have none
	rolePace       // turns, claims and what else senders agree on
)

// timeToConnect is how long a connection may take to be made, with all hosts of an address.
const timeToConnect = 10 * time.Second

// conn is one connection. It is used by one goroutine at a time.
type conn struct {
	*tables.Reader
	db *database
}

// record is one row of a query.
type record = tables.Record

// connect makes a connection.
func (a *address) connect(ctx context.Context, r role) (*database, error) {
	db := &database{texts: map[string]string{}}
	config := a.config.Copy()
	dialer := patientconn.Dialer{Dialer: net.Dialer{Timeout: timeToConnect / 2, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3}, Control: limitSilence}}
	config.DialFunc = dialer.DialContext
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if n.Code == "01000" { // "committed locally": a standby that must have it may not
			db.isOnlyLocal = true
		}
	}
	ctx, cancel := context.WithTimeout(ctx, timeToConnect)
	defer cancel()
	pg, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	db.pg = pg
	if err := db.ExecScript(ctx, sessionSettings(a.schema, r), nil); err != nil {
		_ = db.Close() // the first error counts
		return nil, err
	}
	return db, nil
}

// sessionSettings sets what this program relies on, whatever the server's defaults are.
func sessionSettings(schema string, r role) string {
	s := "SET statement_timeout = 0; SET client_encoding = 'UTF8'; SET search_path = " + quoteName(schema) + "; SET synchronous_commit = on; SET jit = off" + ownHabits
	switch r {
	case roleRead:
		s += "; SET lock_timeout = '1min'"
	case roleWrite:
		s += "; SET lock_timeout = '8s'; SET idle_in_transaction_session_timeout = '10s'" + hotPlans
	case roleBeat:
		s += "; SET lock_timeout = '2s'; SET idle_in_transaction_session_timeout = '10s'" + hotPlans
	case rolePace: // all senders wait for a row that one of them holds
		s += "; SET lock_timeout = '3s'; SET idle_in_transaction_session_timeout = '1s'" + hotPlans
	}
	return s
}

// ownHabits sets what an administrator may have set for a role or a database, and what this
// program does otherwise: it waits for what takes long, such as the registration of a million
// rows, looks again at a row that it had to wait for, and must be told what a commit lacks.
// The time-outs are those that not every version of the server has.
const ownHabits = "; SET default_transaction_isolation = 'read committed'; SET default_transaction_deferrable = off; SET client_min_messages = notice" +
	"; SELECT set_config(name, '0', false) FROM unnest(ARRAY['transaction_timeout', 'idle_session_timeout']) AS name WHERE current_setting(name, true) IS NOT NULL"

// quoteName quotes the name of a schema, in which an address allows no quotes.
func quoteName(name string) string { return `"` + name + `"` }

// Plans of the send pass never depend on what the server has counted: every statement
// finds its rows by an index, also in a table that has just been filled.
const (
	hotPlans  = "; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET plan_cache_mode = force_generic_plan"
	coldPlans = "; SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; SET LOCAL plan_cache_mode = auto"
)

// database is a connection as package tables uses it.
type database struct {
	pg          *pgx.Conn
	texts       map[string]string // statements as SQLite has them → as PostgreSQL has them
	cursors     int               // open
	isOnlyLocal bool              // a commit did not wait for the standby that must have it
}

var _ tables.Database = (*database)(nil)

func newConn(db *database, environment string, keys *keyed.Secret) *conn {
	return &conn{tables.NewReader(db, environment, keys), db}
}

// rewriteStatement returns a statement of package tables as PostgreSQL has it.
func (d *database) rewriteStatement(text string) string {
	if known, ok := d.texts[text]; ok {
		return known
	}
	var b strings.Builder
	n := 0
	for _, c := range wordsOfPostgreSQL().Replace(text) {
		if b.WriteRune(c); c == '?' {
			n++
			b.WriteString(strconv.Itoa(n))
		}
	}
	rewritten := strings.ReplaceAll(b.String(), "?", "$")
	d.texts[text] = rewritten
	return rewritten
}

// wordsOfPostgreSQL are the words of SQLite that PostgreSQL has otherwise, and the columns of
// customer that are looked up in a table of their own here.
func wordsOfPostgreSQL() *strings.Replacer {
	const inList, lookup = "IN (SELECT value FROM json_each(?))", "IN (SELECT customer FROM lookup WHERE "
	return strings.NewReplacer(
		"c.service_mark <> 0 AND c.service_mark "+inList, "c.id "+lookup+"service_mark <> 0 AND service_mark = ANY (?))",
		"c.url_mark <> 0 AND c.url_mark "+inList, "c.id "+lookup+"url_mark <> 0 AND url_mark = ANY (?))",
		"customer WHERE service_mark <> 0 AND service_mark = ?", "customer WHERE id "+lookup+"service_mark <> 0 AND service_mark = ?)",
		"WHERE c.pairing = 'unconfirmed'", "WHERE c.id "+lookup+"unconfirmed = 1)",
		"AND c.pairing = 'unconfirmed'", "AND c.id "+lookup+"unconfirmed = 1)",
		"WHERE c.status = 'in_doubt'", "WHERE c.id "+lookup+"in_doubt = 1)",
		"AND c.status = 'in_doubt'", "AND c.id "+lookup+"in_doubt = 1)",
		inList, "= ANY (?)", "IN (SELECT unhex(value) FROM json_each(?))", "= ANY (?)", "CROSS JOIN", "JOIN", "COLLATE BINARY", `COLLATE "C"`)
}

// Exec implements tables.Database.
func (d *database) Exec(ctx context.Context, text string, args []any) (int, error) {
	done, err := d.pg.Exec(ctx, d.rewriteStatement(text), storedArgs(args)...)
	return int(done.RowsAffected()), err
}

// ExecScript implements tables.Database.
func (d *database) ExecScript(ctx context.Context, text string, args []any) error {
	_, err := d.pg.Exec(ctx, d.rewriteStatement(text), append([]any{pgx.QueryExecModeSimpleProtocol}, storedArgs(args)...)...)
	return err
}

// QueryOne implements tables.Database.
func (d *database) QueryOne(ctx context.Context, text string, args, into []any) error {
	return d.pg.QueryRow(ctx, d.rewriteStatement(text), storedArgs(args)...).Scan(into...)
}

// Query implements tables.Database. A long result is read through a cursor, which needs
// a transaction.
func (d *database) Query(ctx context.Context, text string, args []any, isLong bool, read func([]any) error) error {
	if !isLong {
		rows, err := d.queryAll(ctx, d.rewriteStatement(text), storedArgs(args)...)
		return useEach(rows, err, read)
	}
	d.cursors++
	defer func() { d.cursors-- }()
	name := fmt.Sprintf("long_%d", d.cursors)
	if _, err := d.pg.Exec(ctx, "DECLARE "+name+" NO SCROLL CURSOR FOR "+d.rewriteStatement(text), storedArgs(args)...); err != nil {
		return err
	}
	const page = 512
	for {
		// The columns of a cursor of this name are others each time.
		rows, err := d.queryAll(ctx, fmt.Sprintf("FETCH %d FROM %s", page, name), pgx.QueryExecModeExec)
		if err := useEach(rows, err, read); err != nil {
			if !d.pg.IsClosed() && d.pg.PgConn().TxStatus() == 'T' {
				_, closed := d.pg.Exec(ctx, "CLOSE "+name)
				_ = closed // the transaction ends soon, and it with it
			}
			return err
		}
		if len(rows) < page {
			_, err := d.pg.Exec(ctx, "CLOSE "+name)
			return err
		}
	}
}

// queryAll reads all rows of a query.
func (d *database) queryAll(ctx context.Context, text string, args ...any) (all [][]any, err error) {
	rows, err := d.pg.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	return collectRows(rows)
}

func collectRows(rows pgx.Rows) (all [][]any, err error) {
	defer rows.Close()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return nil, err
		}
		all = append(all, readValues(values))
	}
	return all, rows.Err()
}

func useEach(rows [][]any, err error, read func([]any) error) error {
	for _, values := range rows {
		if err == nil {
			err = read(values)
		}
	}
	return err
}

// MaxList implements tables.Database: a list is one argument.
func (d *database) MaxList() int { return 0 }

// Statements implements tables.Database.
func (d *database) Statements() (all []string) {
	for _, text := range d.texts {
		all = append(all, text)
	}
	return all
}

// Close implements tables.Database. The server is told, for as long as a second.
func (d *database) Close() error {
	if d.pg.IsClosed() {
		return nil
	}
	c := d.pg.PgConn()
	if c.Conn().SetDeadline(time.Now().Add(time.Second)) == nil {
		c.Frontend().Send(&pgproto3.Terminate{})
		_ = c.Frontend().Flush() // it finds out anyway
	}
	return c.Conn().Close()
}

// escape begins a text that PostgreSQL cannot keep as it is. It is no character.
const escape = "\uFDD0"

// storedText returns a text as it is stored.
func storedText(text string) string {
	if strings.Contains(text, "\x00") || !utf8.ValidString(text) || strings.HasPrefix(text, escape) {
		return escape + hex.EncodeToString([]byte(text))
	}
	return text
}

// readText returns a stored text as it was.
func readText(text string) string {
	if hidden, ok := strings.CutPrefix(text, escape); ok {
		if b, err := hex.DecodeString(hidden); err == nil {
			return string(b)
		}
	}
	return text
}

// storedArgs changes arguments into what PostgreSQL keeps: flags are numbers.
func storedArgs(args []any) []any {
	out := make([]any, len(args))
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			arg = storedText(v)
		case []string:
			texts := make([]string, len(v))
			for i := range v {
				texts[i] = storedText(v[i])
			}
			arg = texts
		case bool:
			arg = flagValue(v)
		}
		out[i] = arg
	}
	return out
}

func flagValue(is bool) int16 {
	if is {
		return 1
	}
	return 0
}

// readValues changes what was read into what package tables expects, in place.
func readValues(values []any) []any {
	for i, value := range values {
		switch v := value.(type) {
		case int16:
			values[i] = int64(v)
		case int32:
			values[i] = int64(v)
		case string:
			values[i] = readText(v)
		}
	}
	return values
}
