package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// shapeError says what in a file this program did not make.
type shapeError string

func (e shapeError) Error() string { return string(e) }

// checkShape refuses a file that has any table, index, trigger or view that this
// program did not make, lacks one, or has one that was made otherwise. It returns
// the version of the schema. A trigger
// or a view under the name of a table changes what every statement means, and
// leaves the file whole by SQLite's own checks. It must come before any other
// look into the file: to read a view is to run it.
func (c *conn) checkShape(ctx context.Context, all []step) (version int, err error) {
	for _, p := range []struct{ pragma, want string }{{"application_id", strconv.Itoa(applicationID)}, {"encoding", "UTF-8"}} {
		var is string
		if err := c.QueryOne(ctx, "PRAGMA "+p.pragma, nil, &is); err != nil {
			return 0, err
		}
		if is != p.want {
			return 0, shapeError(fmt.Sprintf("its %s is %s, and this program writes %s", p.pragma, tables.PrintableName(is), p.want))
		}
	}
	// The header has the version of the file itself; the log may have another one.
	if err := c.QueryOne(ctx, "PRAGMA user_version", nil, &version); err != nil {
		return 0, err
	}
	if version < baseSchema || version > newestSchema(all) {
		return 0, versionError(version)
	}
	have, err := c.Objects(ctx)
	if err != nil {
		return 0, err
	}
	want, err := wantedObjects(ctx, schemaOf(version, all))
	if err != nil {
		return 0, err
	}
	if wrong := tables.CompareObjects(have, want); wrong != "" {
		return 0, shapeError(wrong)
	}
	return version, nil
}

// versionError is a schema version that is not ours.
type versionError int

func (e versionError) Error() string { return fmt.Sprintf("schema %d", int(e)) }

// wantedObjects makes an empty ledger of a schema in memory and reads what is in it.
func wantedObjects(ctx context.Context, schema string) (all []tables.Object, err error) {
	p, err := newPool(":memory:", 1)
	if err != nil {
		return nil, err
	}
	err = p.UseOnce(ctx, func(r *tables.Reader) error {
		c := &conn{r}
		if err := c.ExecScript(ctx, schema); err != nil {
			return err
		}
		all, err = c.Objects(ctx)
		return err
	})
	return all, err
}

// checkShape is conn.checkShape for a ledger that is being opened.
func (l *opening) checkShape(ctx context.Context) (int, error) {
	r, err := l.readers.Get(ctx)
	if err != nil {
		return 0, l.classify(err)
	}
	version, err := (&conn{r}).checkShape(ctx, l.steps)
	return version, errors.Join(l.classify(err), l.readers.Put(r))
}
