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
	what := ""
	switch {
	case errors.As(err, &wrongName):
		what = "the server's certificate is not one of the name in the address: use the name that the certificate has"
	case errors.As(err, &untrusted), errors.As(err, &unknown):
		what = "the server's certificate cannot be verified: name the file of its certificate authority with sslrootcert=FILE in the address, or in PGSSLROOTCERT"
	case strings.Contains(err.Error(), "server refused TLS connection"):
		what = "the server offers no TLS: run ALTER SYSTEM SET ssl = on there"
	case errors.As(err, &e) && strings.HasPrefix(e.Code, "28"):
		what = "the server refused the user or the password, which comes from PGPASSFILE (~/.pgpass), a service file or PGPASSWORD"
	case errors.As(err, &e) && e.Code == "3D000":
		what = "the server has no such database: create it, or name another"
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
	err = d.pg.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid)
	return pid, err
}
