package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// failure is what an error means for a call.
type failure int

const (
	failureRefusal     failure = iota // by a rule: nothing was written, and the ledger is fit for use
	failureRace                       // with another transaction: nothing was written, make it again
	failureUnavailable                // the server or its answer is away: make it again, it finds what it did
	failureFatal                      // no write may follow
)

// failureOf classifies an error of a transaction. hasConn says whether the connection
// can still be used.
func failureOf(err error, hasConn bool) failure {
	if isRefusal(err) {
		return failureRefusal
	}
	if errors.Is(err, ledger.ErrUnavailable) {
		return failureUnavailable
	}
	var e *pgconn.PgError
	if errors.As(err, &e) {
		if e.Code == "23505" && e.ConstraintName == "attempt_pkey" { // after a failover: draw other numbers
			return failureRace
		}
		return failureOfCode(e.Code)
	}
	if errors.Is(err, tables.ErrMalformed) || errors.Is(err, errFenced) || errors.Is(err, errLostCommits) || hasConn {
		return failureFatal
	}
	return failureUnavailable
}

// failureOfCode classifies an error that the server gave, by its SQLSTATE.
func failureOfCode(code string) failure {
	switch code {
	case "40001", "40P01", "55P03": // a snapshot that is too old, a deadlock, a lock time-out
		return failureRace
	case "25006", // read-only: a primary that was demoted
		"57P01", "57P02", "57P03", "57P05", // shut down, crashed, not yet up, idle
		"25P03", "57014", // idle in a transaction; cancelled
		"53300": // no connection free
		return failureUnavailable
	}
	if strings.HasPrefix(code, "08") {
		return failureUnavailable
	}
	return failureFatal
}

// isRefusal reports whether an error is a refusal by rule.
func isRefusal(err error) bool {
	return errors.Is(err, ledger.ErrConflict) || errors.Is(err, ledger.ErrNotFound) || errors.Is(err, ledger.ErrAccount) || errors.Is(err, ledger.ErrMoved)
}

// classify names the ledger, and says what kind an error of reading is. hasConn says
// whether the connection can still be used.
func (l *core) classify(err error, hasConn bool) error {
	var e *pgconn.PgError
	isOfServer := errors.As(err, &e)
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, tables.ErrMalformed), isOfServer && slices.Contains([]string{"XX001", "XX002", "42P01", "42703"}, e.Code): // bad pages; a table or column is gone
		return fmt.Errorf("%s: %w: %w", l.address.text, plainError(err), ledger.ErrDamaged)
	case isOfServer && e.Code == "42501":
		return fmt.Errorf("%s: %w: %w", l.address.text, plainError(err), ErrAddress)
	case failureOf(err, hasConn) == failureRefusal:
		return fmt.Errorf("%s: %w", l.address.text, err)
	case failureOf(err, hasConn) == failureFatal:
		return fmt.Errorf("%s: %w", l.address.text, plainError(err))
	}
	return fmt.Errorf("%s: %w: %w", l.address.text, plainError(err), ledger.ErrUnavailable)
}

// plainError returns an error of the server without what may quote a customer: its detail
// names values.
func plainError(err error) error {
	var e *pgconn.PgError
	if c := (*pgconn.ConnectError)(nil); errors.As(err, &c) {
		return errors.New(strings.Join(plainCauses(c.Unwrap()), "; "))
	}
	if !errors.As(err, &e) {
		return err
	}
	if strings.HasPrefix(e.Code, "22") { // a value that it cannot read
		return fmt.Errorf("PostgreSQL refused a value (SQLSTATE %s)", e.Code)
	}
	if e.Code == "42501" {
		return fmt.Errorf("PostgreSQL: %s (SQLSTATE %s); use a role that may do it, such as the owner of the schema (bulkonboard ledger grants)", e.Message, e.Code)
	}
	return fmt.Errorf("PostgreSQL: %s (SQLSTATE %s)", e.Message, e.Code)
}

// plainCauses returns why each host of an address could not be connected to. The driver's
// text names each host three times.
func plainCauses(err error) (causes []string) {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range all.Unwrap() {
			causes = append(causes, plainCauses(one)...)
		}
		return causes
	}
	var dialled *net.OpError
	if errors.As(err, &dialled) && dialled.Addr != nil {
		return []string{dialled.Addr.String() + ": " + dialled.Err.Error()}
	}
	return []string{strings.Join(strings.Fields(err.Error()), " ")}
}
