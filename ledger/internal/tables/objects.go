package tables

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"strconv"
)

// Object is an entry of sqlite_schema: a table, an index, a trigger or a view.
type Object struct {
	kind, name, table string
	text              string // the SQL that made it; "" = SQLite made it
	hasPages          bool
}

// Objects reads sqlite_schema, sorted.
func (c *Conn) Objects(ctx context.Context) ([]Object, error) {
	var all []Object
	pages := map[int64]bool{1: true} // of sqlite_schema itself
	err := c.Query(ctx, "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema", nil, func(r *Record) error {
		o := Object{kind: r.Text(), name: r.Text(), table: r.Text()}
		page := r.Int64()
		o.text = r.Text()
		o.hasPages = page > 0 && !pages[page] // two objects on one page would show each other's records
		pages[page] = true
		all = append(all, o)
		return nil
	})
	sort.Slice(all, func(i, j int) bool { return all[i].compare(all[j]) < 0 })
	return all, err
}

func (o Object) compare(p Object) int {
	return cmp.Or(cmp.Compare(o.kind, p.kind), cmp.Compare(o.name, p.name), cmp.Compare(o.table, p.table), cmp.Compare(o.text, p.text))
}

// CompareObjects says what is wrong with the objects of a file; "" = nothing.
// Both are sorted.
func CompareObjects(have, want []Object) string {
	for _, o := range have {
		at, found := slices.BinarySearchFunc(want, o, Object.compare)
		switch {
		case !found && slices.ContainsFunc(want, func(w Object) bool { return w.kind == o.kind && w.name == o.name }):
			return fmt.Sprintf("its %s %s is not as this program made it", PrintableName(o.kind), PrintableName(o.name))
		case !found:
			return fmt.Sprintf("it has a %s %s that this program did not make", PrintableName(o.kind), PrintableName(o.name))
		case o.hasPages != want[at].hasPages:
			return fmt.Sprintf("its %s %s has no records of its own", o.kind, o.name)
		}
	}
	for _, o := range want {
		if _, found := slices.BinarySearchFunc(have, o, Object.compare); !found {
			return fmt.Sprintf("its %s %s is missing", o.kind, o.name)
		}
	}
	if len(have) != len(want) {
		return "it has an object twice"
	}
	return ""
}

// PrintableName quotes a name that was read from the file.
func PrintableName(name string) string {
	const most = 60
	if len(name) > most {
		name = name[:most]
	}
	return strconv.QuoteToASCII(name)
}
