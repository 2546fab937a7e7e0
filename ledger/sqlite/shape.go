package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// object is an entry of sqlite_schema: a table, an index, a trigger or a view.
type object struct {
	kind, name, table string
	text              string // the SQL that made it; "" = SQLite made it
	hasPages          bool
}

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
			return 0, shapeError(fmt.Sprintf("its %s is %s, and this program writes %s", p.pragma, printableName(is), p.want))
		}
	}
	// The header tells it of the file itself, and the log may hold another one.
	if err := c.QueryOne(ctx, "PRAGMA user_version", nil, &version); err != nil {
		return 0, err
	}
	if version < baseSchema || version > newestSchema(all) {
		return 0, versionError(version)
	}
	have, err := c.objects(ctx)
	if err != nil {
		return 0, err
	}
	want, err := wantedObjects(ctx, schemaOf(version, all))
	if err != nil {
		return 0, err
	}
	if wrong := compareObjects(have, want); wrong != "" {
		return 0, shapeError(wrong)
	}
	return version, nil
}

// versionError is a schema version that is not ours.
type versionError int

func (e versionError) Error() string { return fmt.Sprintf("schema %d", int(e)) }

// objects reads sqlite_schema, sorted.
func (c *conn) objects(ctx context.Context) ([]object, error) {
	var all []object
	pages := map[int64]bool{1: true} // of sqlite_schema itself
	err := c.Query(ctx, "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema", nil, func(r *record) error {
		o := object{kind: r.Text(), name: r.Text(), table: r.Text()}
		page := r.Int64()
		o.text = r.Text()
		o.hasPages = page > 0 && !pages[page] // two objects on one page would show each other's records
		pages[page] = true
		all = append(all, o)
		return nil
	})
	slices.SortFunc(all, object.compare)
	return all, err
}

func (o object) compare(p object) int {
	return cmp.Or(cmp.Compare(o.kind, p.kind), cmp.Compare(o.name, p.name), cmp.Compare(o.table, p.table), cmp.Compare(o.text, p.text))
}

// wantedObjects makes an empty ledger of a schema in memory and reads what is in it.
func wantedObjects(ctx context.Context, schema string) (all []object, err error) {
	p, err := newPool(":memory:", 1)
	if err != nil {
		return nil, err
	}
	err = p.useOnce(ctx, func(c *conn) error {
		if err := c.ExecScript(ctx, schema); err != nil {
			return err
		}
		all, err = c.objects(ctx)
		return err
	})
	return all, err
}

// compareObjects says what is wrong with the objects of a file; "" = nothing.
// Both are sorted.
func compareObjects(have, want []object) string {
	for _, o := range have {
		at, found := slices.BinarySearchFunc(want, o, object.compare)
		switch {
		case !found && slices.ContainsFunc(want, func(w object) bool { return w.kind == o.kind && w.name == o.name }):
			return fmt.Sprintf("its %s %s is not as this program made it", printableName(o.kind), printableName(o.name))
		case !found:
			return fmt.Sprintf("it has a %s %s that this program did not make", printableName(o.kind), printableName(o.name))
		case o.hasPages != want[at].hasPages:
			return fmt.Sprintf("its %s %s has no records of its own", o.kind, o.name)
		}
	}
	for _, o := range want {
		if _, found := slices.BinarySearchFunc(have, o, object.compare); !found {
			return fmt.Sprintf("its %s %s is missing", o.kind, o.name)
		}
	}
	if len(have) != len(want) {
		return "it has an object twice"
	}
	return ""
}

// printableName quotes a name that somebody else has chosen.
func printableName(name string) string {
	const most = 60
	if len(name) > most {
		name = name[:most]
	}
	return strconv.QuoteToASCII(name)
}

// checkShape is conn.checkShape for a ledger that is being opened.
func (l *Ledger) checkShape(ctx context.Context) (int, error) {
	c, err := l.readers.get(ctx)
	if err != nil {
		return 0, l.classify(err)
	}
	version, err := c.checkShape(ctx, l.steps)
	return version, errors.Join(l.classify(err), l.readers.put(c))
}
