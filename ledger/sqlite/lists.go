package sqlite

import (
	"context"
	"database/sql"
	"math"
	"strings"
)

// eachOf runs a query that ends in "IN " over a list, in pieces of few lengths.
// The order of the rows is not that of the list.
func (v *view) eachOf(ctx context.Context, text string, all []any, scan func(*sql.Rows) error) error {
	for len(all) > 0 {
		size := 128
		for size > 1 && len(all) <= size/2 {
			size /= 2
		}
		st, err := v.sized(ctx, text, size, func() string { return text + "(" + marks(size) + ")" })
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		n := min(size, len(all))
		args := make([]any, size)
		copy(args, all[:n])
		for i := n; i < size; i++ {
			args[i] = all[n-1]
		}
		all = all[n:]
		if err := eachRow(context.WithoutCancel(ctx), st, args, scan); err != nil {
			return err
		}
	}
	return nil
}

// eachNear is eachOf for numbers, given once each, that mostly lie side by side,
// as the customers of neighbouring rows do. The text ends before "IN". Numbers
// between them may come, too.
func (v *view) eachNear(ctx context.Context, text string, list []int64, scan func(*sql.Rows) error) error {
	low, high := int64(math.MaxInt64), int64(math.MinInt64)
	for _, n := range list {
		low, high = min(low, n), max(high, n)
	}
	if len(list) < 8 || high-low > int64(2*len(list)) {
		all := make([]any, len(list))
		for i, n := range list {
			all[i] = n
		}
		return v.eachOf(ctx, text+"IN ", all, scan)
	}
	return v.each(ctx, text+"BETWEEN ? AND ?", []any{low, high}, scan)
}

// insertion is a statement that writes rows: head ends in "VALUES ", tail
// follows the rows.
type insertion struct{ head, tail string }

// insert writes rows of some columns each, many with each statement: most of the
// cost of a small row is that of running one.
func (v *view) insert(ctx context.Context, in insertion, columns int, args []any) error {
	for size := 64; len(args) > 0; size /= 2 {
		for len(args) >= size*columns {
			st, err := v.sized(ctx, in.head, size, func() string {
				row := "(" + marks(columns) + ")"
				return in.head + row + strings.Repeat(","+row, size-1) + in.tail
			})
			if err != nil {
				return err
			}
			if _, err := st.ExecContext(ctx, args[:size*columns]...); err != nil {
				return err
			}
			args = args[size*columns:]
		}
	}
	return nil
}

// sized is a statement over so many things, prepared once. Its whole text, which
// is long, is made once, too; of says what it is over.
func (v *view) sized(ctx context.Context, of string, n int, text func() string) (*sql.Stmt, error) {
	if st := v.lists[list{of, n}]; st != nil {
		return st, nil
	}
	st, err := v.stmt(ctx, text())
	if err == nil {
		v.lists[list{of, n}] = st
	}
	return st, err
}

// list names a statement over a list.
type list struct {
	of string
	n  int
}

// marks is n placeholders.
func marks(n int) string { return strings.Repeat(",?", n)[1:] }
