package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// connectFirst makes the first connection of a command. What a change of the address or of
// the server's settings would mend is an error of its own here; later it is an outage.
func (a *address) connectFirst(ctx context.Context) (*database, error) {
	db, err := a.connect(ctx, roleRead)
	if err != nil {
		return nil, a.explainConnect(err)
	}
	if err := a.refuseSharedSessions(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// explainConnect returns ErrAddress, with what to change, for a connection that will fail
// again, and else ErrUnavailable.
func (a *address) explainConnect(err error) error {
	var e *pgconn.PgError
	var untrusted *tls.CertificateVerificationError
	var wrongName x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var what string
	switch {
	case errors.As(err, &wrongName):
		what = "the server's certificate is not one of the name in the address: use the name that the certificate has"
	case errors.As(err, &untrusted), errors.As(err, &unknown):
		what = "the server's certificate cannot be verified: name the file of its certificate authority with sslrootcert=FILE in the address, or in PGSSLROOTCERT"
	case errors.As(err, &e) && strings.HasPrefix(e.Code, "28"):
		what = "the server refused the user or the password, which comes from PGPASSFILE (~/.pgpass), a service file or PGPASSWORD"
	case errors.As(err, &e) && e.Code == "3D000":
		what = "the server has no such database: create it, or name another"
	case strings.Contains(err.Error(), "server refused TLS connection"):
		what = "the server offers no TLS: run ALTER SYSTEM SET ssl = on there"
	default:
		return fmt.Errorf("%s: %w: %w", a.text, plainError(err), ledger.ErrUnavailable)
	}
	return fmt.Errorf("%s: %s (%w): %w", a.text, what, plainError(err), ErrAddress)
}

// refuseSharedSessions refuses a connection pooler that gives one session of the server to
// several clients: this program's settings, such as the schema, would reach others, and
// theirs would reach it.
func (a *address) refuseSharedSessions(ctx context.Context, db *database) error {
	pid, err := db.backendPID(ctx)
	if err != nil {
		return a.explainConnect(err)
	}
	if pid == int64(db.pg.PgConn().PID()) {
		return nil // a pooler makes numbers of its own
	}
	other, err := a.connect(ctx, roleRead)
	if err != nil {
		return a.explainConnect(err)
	}
	defer func() { _ = other.Close() }() // it has changed nothing
	otherPID, err := other.backendPID(ctx)
	if err == nil {
		var again int64
		if again, err = db.backendPID(ctx); err == nil && otherPID != pid && again == pid {
			return nil
		}
	}
	if err != nil {
		return a.explainConnect(err)
	}
	return fmt.Errorf("%s: a connection pooler in front of the server shares its sessions: set pool_mode = session for this database in pgbouncer.ini, or name the server itself: %w", a.text, ledger.ErrUnsafe)
}

// backendPID returns the number of the server's process that answers.
func (d *database) backendPID(ctx context.Context) (pid int64, err error) {
	err = d.pg.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeExec).Scan(&pid)
	return pid, err
}

// server is what a server says of itself.
type server struct {
	isInRecovery, isReadOnly                 bool
	encoding, fsync, fullPageWrites, standby string
}

func (d *database) readServer(ctx context.Context) (s server, err error) {
	err = d.QueryOne(ctx, `SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on', current_setting('server_encoding'),
		current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_standby_names')`, nil,
		[]any{&s.isInRecovery, &s.isReadOnly, &s.encoding, &s.fsync, &s.fullPageWrites, &s.standby})
	return s, err
}

// check refuses a server on which a commit would not be what the promise needs. Each
// refusal says why, and what to change.
func (s server) check(toWrite bool) error {
	refuse := func(what string) error { return fmt.Errorf("%s: %w", what, ledger.ErrUnsafe) }
	switch {
	case s.encoding != "UTF8":
		return refuse("the database is encoded in " + s.encoding + " and cannot keep every name; make one with: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0")
	case !toWrite:
		return nil
	case s.isInRecovery:
		return refuse("the server is a standby in recovery and accepts no writes; name the primary in --ledger, or all servers with a comma between them")
	case s.isReadOnly:
		return refuse("the server accepts no writes (transaction_read_only is on); name the primary in --ledger, or set default_transaction_read_only = off")
	case s.fsync != "on":
		return refuse("fsync is off: a power failure would lose commits, and their customers would be sent twice; run ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf()")
	case s.fullPageWrites != "on":
		return refuse("full_page_writes is off: a power failure could damage the tables; run ALTER SYSTEM SET full_page_writes = on; SELECT pg_reload_conf()")
	}
	return nil
}

// noticeOfStandby says what an empty synchronous_standby_names means.
func (s server) noticeOfStandby() string {
	if s.standby != "" {
		return ""
	}
	return "synchronous_standby_names is empty: unless the service replicates below PostgreSQL, as managed ones do, a failover can lose the last commits"
}

// errOtherSchema is what a schema version that this program does not use comes to.
func errOtherSchema(version, oldestReader int) error {
	switch {
	case version > newestSchema() && oldestReader <= newestSchema():
		return nil
	case version > newestSchema():
		return fmt.Errorf("it has schema %d and this program knows %d; use the newer program: %w", version, newestSchema(), ledger.ErrNewer)
	}
	return fmt.Errorf("it has schema %d and this program needs %d; bulkonboard run, or any other command that holds the ledger alone, changes it: %w", version, newestSchema(), ErrOlder)
}

// ErrOlder says that a ledger has an older schema, which a command that holds it brings
// forward.
var ErrOlder = errors.New("ledger has an older schema")
