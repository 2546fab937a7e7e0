package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
)

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
