package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

// Forget erases people, given by identity, from all batches, and returns how
// many the ledger knew. Of each there stays one keyed hash and the rows' bare
// positions, so that they are not sent again before Readmit. All pages are
// written anew and the log is folded into the file, so that no byte of theirs is
// left in either: that takes room for two more of the file while it lasts.
// Reports, backups and the partner keep theirs.
//
// ErrConflict, with nothing erased, if one of them is in doubt: what came of
// the request must be settled first. An unknown identity is barred all the same.
func (l *Ledger) Forget(ctx context.Context, identities []string) (n int, err error) {
	if err := l.alone(); err != nil {
		return 0, err
	}
	err = l.write(ctx, func(ctx context.Context) error {
		l.w.changed = true
		// So that nothing that is to be erased of them is packed or waits elsewhere.
		if err := l.land(ctx); err != nil {
			return err
		}
		if err := l.index(ctx); err != nil {
			return err
		}
		found := map[keyed.Digest]int64{}
		digests := make([]keyed.Digest, 0, len(identities))
		for _, text := range identities {
			if d := l.keys.Identity(text); d != (keyed.Digest{}) {
				digests = append(digests, d)
			}
		}
		if err := l.w.identities(ctx, digests, found); err != nil {
			return err
		}
		gone := map[int64]bool{}
		for _, id := range found {
			gone[id] = true
		}
		n = len(gone) // before those join that nobody knew
		if err := l.refuseDoubt(ctx, gone); err != nil {
			return err
		}
		if err := l.bar(ctx, digests, found); err != nil {
			return err
		}
		for _, id := range found {
			gone[id] = true
		}
		if err := l.eraseRows(ctx, gone, found); err != nil {
			return err
		}
		for _, id := range found {
			known, err := l.w.customers(ctx, []int64{id}, always)
			if err != nil {
				return err
			}
			if err := l.w.forgetKYC(ctx, &known[0]); err != nil {
				return err
			}
			if err := l.w.putCustomers(ctx, []ledger.Customer{{ID: id, Status: ledger.Forgotten}}); err != nil {
				return err
			}
		}
		list := make([]any, 0, len(found))
		for _, id := range found {
			list = append(list, id)
		}
		for _, text := range []string{"DELETE FROM marks WHERE customer IN ", "DELETE FROM services WHERE customer IN "} {
			if err := l.w.eachOf(ctx, text, list, func(*sql.Rows) error { return nil }); err != nil {
				return err
			}
		}
		if err := l.w.forgetGaps(ctx, digests); err != nil {
			return err
		}
		return l.w.do(ctx, "DELETE FROM tallies") // they count causes that may have been theirs alone
	})
	if err != nil {
		return 0, err
	}
	return n, l.scrub(ctx)
}

// bar gives digests that lead nowhere a customer, so that they are known.
func (l *Ledger) bar(ctx context.Context, digests []keyed.Digest, found map[keyed.Digest]int64) error {
	var next int64
	err := l.w.one(ctx, "SELECT max(coalesce((SELECT max(customer) FROM places), 0), coalesce((SELECT max(id) FROM customers), 0))", nil, &next)
	for _, d := range digests {
		if err != nil {
			return err
		}
		if _, ok := found[d]; !ok {
			next++
			found[d] = next
			err = l.w.do(ctx, "INSERT INTO identities VALUES (?, ?)", d[:], next)
		}
	}
	return err
}

func (l *Ledger) refuseDoubt(ctx context.Context, gone map[int64]bool) error {
	ids := make([]int64, 0, len(gone))
	for id := range gone {
		ids = append(ids, id)
	}
	all, err := l.w.customers(ctx, ids, nil)
	for _, c := range all {
		if c.Status == ledger.InDoubt {
			return fmt.Errorf("customer %d is in doubt; settle it first (bulkonboard run, or ledger resolve): %w", c.ID, ledger.ErrConflict)
		}
	}
	return err
}

// eraseRows packs every chunk anew that has a row of theirs.
func (l *Ledger) eraseRows(ctx context.Context, gone map[int64]bool, found map[keyed.Digest]int64) error {
	var pack packer
	for next := int64(0); ; {
		id, rows, err := l.w.nextChunk(ctx, next, 1<<62)
		if err != nil || len(rows) == 0 {
			l.w.chunks.forget()
			return err
		}
		next = id + 1
		hit := false
		var lines []ledger.Reported
		for i := range rows {
			owner := rows[i].customer
			if owner == 0 { // registered before its customer
				owner = found[l.keys.Identity(rows[i].Identity)]
			}
			if rows[i].erased || !gone[owner] {
				continue
			}
			if lines == nil {
				if lines, err = l.linesOf(ctx, rows); err != nil {
					return err
				}
			}
			if rows[i].recall != 0 {
				if err := l.w.do(ctx, "DELETE FROM told WHERE digest = ?", l.told(rows[i].recall, lines[i])); err != nil {
					return err
				}
			}
			hit = true
			rows[i].erase()
			rows[i].customer = owner // so that it still says what became of the person
		}
		if !hit {
			continue
		}
		for i := range rows {
			pack.add(&rows[i])
		}
		if err := l.w.do(ctx, "UPDATE chunks SET data = ? WHERE id = ?", pack.seal(chunkFormat), id); err != nil {
			return err
		}
	}
}

// linesOf are the report lines of a chunk, none left out.
func (l *Ledger) linesOf(ctx context.Context, rows []packed) ([]ledger.Reported, error) {
	ids, err := l.owners(ctx, l.w, rows)
	if err != nil {
		return nil, err
	}
	customers, err := l.w.customers(ctx, ids, nil)
	lines := make([]ledger.Reported, len(rows))
	for i := range customers {
		lines[i] = ledger.NewReported(rows[i].Row, rows[i].details, customers[i])
	}
	return lines, err
}

// scrub writes every page anew, folds the log into the file and cuts it off.
// SQLite overwrites what is deleted, but not what it leaves behind when it moves
// a record to another page, as it does with folders that grow.
func (l *Ledger) scrub(ctx context.Context) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	defer l.leave()
	if err := l.w.run(context.WithoutCancel(ctx), "VACUUM"); err != nil {
		return fmt.Errorf("they are erased, but old pages may hold something of theirs still; make room for another two of %s, and end other programs that write to it, then run the same command again: %w: %w", l.path, l.sick(err), ledger.ErrWrite)
	}
	var busy, logged, moved int
	err := l.w.one(context.WithoutCancel(ctx), "PRAGMA wal_checkpoint(TRUNCATE)", nil, &busy, &logged, &moved)
	if err != nil {
		return l.fail(err)
	}
	if busy != 0 {
		return fmt.Errorf("%s: they are erased, but another program that reads the ledger keeps the old pages in %s-wal alive; end it and run the same command again", l.path, l.path)
	}
	return nil
}

// Readmit lifts what Forget barred: a later input with these people makes new
// customers of them. It returns how many were barred.
func (l *Ledger) Readmit(ctx context.Context, identities []string) (n int, err error) {
	if err := l.alone(); err != nil {
		return 0, err
	}
	err = l.write(ctx, func(ctx context.Context) error {
		n, l.w.changed = 0, true
		for _, text := range identities {
			d := l.keys.Identity(text)
			var id int64
			err := l.w.one(ctx, "SELECT customer FROM identities JOIN customers ON id = customer WHERE digest = ? AND status = 'forgotten'", []any{d[:]}, &id)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err == nil {
				err = l.w.do(ctx, "DELETE FROM identities WHERE digest = ?", d[:])
			}
			if err == nil {
				err = l.w.do(ctx, "DELETE FROM places WHERE customer = ?", id)
			}
			if err != nil {
				return err
			}
			n++
		}
		if n == 0 {
			return nil
		}
		// Rows of theirs may stand in any input that was checked meanwhile, and
		// say no longer whose they are: every input is checked anew.
		return l.w.do(ctx, "UPDATE batches SET fingerprint = 'readmitted ' || id || ' ' || fingerprint WHERE fingerprint NOT LIKE ? || '%'", prunedMark)
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// Rebind moves the ledger to another environment, for a host that was renamed.
// ErrConflict if anything is in doubt: its keys belong to the old name. The
// caller records the command as a run.
func (l *Ledger) Rebind(ctx context.Context, environment string) error {
	if err := l.alone(); err != nil {
		return err
	}
	if strings.TrimSpace(environment) == "" {
		return fmt.Errorf("%s: no environment given: %w", l.path, ledger.ErrEnvironment)
	}
	err := l.write(ctx, func(ctx context.Context) error {
		if err := l.nothingInDoubt(ctx); err != nil {
			return err
		}
		var from string
		if err := l.w.one(ctx, "SELECT value FROM meta WHERE name = 'environment'", nil, &from); err != nil {
			return err
		}
		if err := l.w.do(ctx, "UPDATE meta SET value = ? WHERE name = 'environment'", environment); err != nil {
			return err
		}
		return l.w.do(ctx, "INSERT INTO learnt VALUES ('rebound', ?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value || '; ' || learnt.value, at = excluded.at",
			from+" -> "+environment, stamp(l.now()))
	})
	if err == nil {
		l.info.Environment = environment
	}
	return err
}

// nothingInDoubt refuses with ErrConflict while anybody is in doubt.
func (l *Ledger) nothingInDoubt(ctx context.Context) error {
	var doubt int
	if err := l.w.one(ctx, "SELECT count(*) FROM customers WHERE status = 'in_doubt'", nil, &doubt); err != nil {
		return err
	}
	if doubt += len(l.w.under); doubt > 0 {
		return fmt.Errorf("%d customers are in doubt; settle them first (bulkonboard run, or ledger resolve): %w", doubt, ledger.ErrConflict)
	}
	return nil
}
