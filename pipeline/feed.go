package pipeline

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/validate"
)

// chunkRows is how many rows are handled together.
const chunkRows = 256

// chunk is some neighbouring rows on their way through the checkers.
type chunk struct {
	rows   []checked
	drafts []ledger.Row  // in the check pass: what is registered of each row, without what the ledger knows
	done   chan struct{} // closed when all are checked
}

// rowPicker chooses the rows of the send pass: it is given the ordinal of the first
// row and fills in what the ledger plans for each. Rows without a plan are
// dropped before they are checked.
type rowPicker func(ctx context.Context, first int, rows []checked) ([]checked, error)

// checkedRows reads all rows, validates them on all cores and hands them on in
// input order, a chunk at a time. Without choose, this is the
// check pass: the chunk is drafted, too.
func checkedRows(ctx context.Context, rows Rows, rules *validate.Rules, choose rowPicker, take func(*chunk) error) error {
	group, ctx := errgroup.WithContext(ctx)
	order := make(chan *chunk, 2*runtime.GOMAXPROCS(0)) // so many are checked at the same time
	group.Go(func() error {
		defer close(order)
		return readChunks(ctx, rows, choose, func(c *chunk) error {
			select {
			case order <- c:
			case <-ctx.Done():
				return ctx.Err()
			}
			group.Go(func() error { c.checkRows(rules, choose == nil); return nil })
			return nil
		})
	})
	group.Go(func() error {
		for c := range order {
			select {
			case <-c.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := take(c); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}

// readChunks gives all rows to begin, a chunk at a time.
func readChunks(ctx context.Context, rows Rows, choose rowPicker, begin func(*chunk) error) error {
	buf := make([]Row, chunkRows)
	for first := 0; ; {
		n, err := rows.Read(buf)
		if n > 0 {
			c := &chunk{rows: make([]checked, n), done: make(chan struct{})}
			for i := range buf[:n] {
				c.rows[i].row = buf[i]
			}
			if choose != nil {
				var err error
				if c.rows, err = choose(ctx, first, c.rows); err != nil {
					return err
				}
			}
			first += n
			if err := begin(c); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &Stop{Reason: InputFault, Err: err}
		}
	}
}

// checkRows checks the rows of the chunk, and drafts them in the check pass.
func (c *chunk) checkRows(rules *validate.Rules, isCheckPass bool) {
	defer close(c.done)
	fields := validate.Fields()
	if isCheckPass {
		c.drafts = make([]ledger.Row, 0, len(c.rows))
	}
	for i := range c.rows {
		c.rows[i].result = checkRow(rules, c.rows[i].row)
		if isCheckPass {
			c.drafts = append(c.drafts, draftRow(&c.rows[i], fields))
		}
	}
}

// checkRow validates one row. Problems that the reader found count as well, but each cell
// has only one problem: if the reader could not read a cell, the rules' problem is
// dropped, and if the rules reject it, the reader's warning is. A row that holds no
// customer, such as repeated headers, has no problems of cells.
func checkRow(rules *validate.Rules, row Row) validate.Result {
	res := rules.Check(row.Raw)
	if p, found := validate.CustomerNumberProblem(row.ID); found {
		res.Problems = append([]validate.Problem{p}, res.Problems...)
	}
	if len(row.Issues) == 0 {
		return res
	}
	useless := make(map[string]bool)
	for _, i := range row.Issues {
		if !i.Warning {
			useless[i.Field] = true
		}
	}
	problems := make([]validate.Problem, 0, len(row.Issues)+len(res.Problems))
	for _, i := range row.Issues {
		hasProblem := func(p validate.Problem) bool { return p.Field == i.Field && !p.Warning }
		if !i.Warning || !useless[""] && !useless[i.Field] && !slices.ContainsFunc(res.Problems, hasProblem) {
			problems = append(problems, i)
		}
	}
	for _, p := range res.Problems {
		// A row whose cells could not be read only looks empty to the rules.
		unread := useless[p.Field] || p.Field == "" && len(useless) > 0
		if !useless[""] && !unread {
			problems = append(problems, p)
		}
	}
	res.Problems = problems
	return res
}

// feedRows runs the reading half of the send pass: the same input again, for the
// bodies, which are never stored. It hands on the rows that the ledger does not
// count as settled, in input order, and closes out when it ends.
func (r *run) feedRows(ctx context.Context, out chan<- *chunk) error {
	defer close(out)
	rows, err := r.cfg.Input.Rows(ctx)
	if err != nil {
		return &Stop{Reason: InputFault, Err: err}
	}
	err = checkedRows(ctx, rows, r.cfg.Rules, r.unsettled, func(c *chunk) error {
		if len(c.rows) == 0 {
			return nil
		}
		select {
		case out <- c:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return errors.Join(err, rows.Close())
}

// unsettled picks the rows that may have to be sent.
func (r *run) unsettled(ctx context.Context, first int, rows []checked) ([]checked, error) {
	return pickUnsettled(ctx, r.cfg, r.batch.ID, first, rows)
}

// pickUnsettled picks the rows of a batch that may have to be sent.
func pickUnsettled(ctx context.Context, cfg Config, batch int64, first int, rows []checked) ([]checked, error) {
	planned, err := cfg.Ledger.Plan(ctx, batch, first, len(rows))
	if err != nil {
		return nil, ledgerStop("reading the plan", err)
	}
	if len(planned) != len(rows) {
		return nil, stopf(InputFault, "the input has more rows than were registered: it changed during the run. Run again")
	}
	kept := rows[:0]
	for i := range planned {
		plan := &planned[i]
		isWanted := maySend(cfg, plan.Customer) && (cfg.Filter == nil || cfg.Filter(plan.Customer)) || cfg.Recreate.has(plan.Customer.ID)
		if plan.Verdict != "" || !plan.Claims || !isWanted {
			continue
		}
		rows[i].planned = plan
		kept = append(kept, rows[i])
	}
	return kept, nil
}

// maySend reports whether a customer of this status may still have to be sent.
// Rejected ones are looked at closer by the planner, who sees their details.
func maySend(cfg Config, c ledger.Customer) bool {
	switch c.Status {
	case ledger.Pending, ledger.InsufficientBalance, ledger.InDoubt, ledger.Rejected:
		return true
	default:
		return slices.Contains(cfg.Resend.Statuses, c.Status)
	}
}
