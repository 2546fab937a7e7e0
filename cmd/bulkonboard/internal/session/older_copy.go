package session

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/reportfile"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/validate"
)

// A directory that was rolled back with all of its files (a snapshot) has a
// ledger that agrees with the files beside it. The report may be outside of it,
// and then shows users whom the ledger has never sent.

// lookupGroup is how many customers are looked up at a time.
const lookupGroup = 500

// errNewerReport ends the reading of a report at the first such user.
var errNewerReport = errors.New("the report knows more")

// findOlderCopy writes a gap if a report that is about to be replaced shows that
// the ledger is an older copy. A ledger without any run is new, and none.
func (s *session) findOlderCopy(ctx context.Context) error {
	ran, err := hasEarlierRun(ctx, s.store)
	if err != nil || !ran || s.outputs == nil {
		return err
	}
	gaps, err := s.store.Gaps(ctx)
	if err != nil {
		return err
	}
	for _, g := range gaps {
		if g.IsOpen() {
			return nil
		}
	}
	s.outputs.Facts = s.store
	for _, path := range s.outputs.Reports {
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() || s.outputs.IsOwnReport(ctx, path) {
			continue
		}
		newer, err := s.knowsStrangers(ctx, path)
		if err != nil {
			return err
		}
		if !newer {
			continue
		}
		if _, err := s.store.OpenGap(ctx, ledger.Gap{Cause: ledger.GapCopy}); err != nil {
			return err
		}
		s.Sayf("warning: %s has users that this ledger never sent: the ledger is an older copy. Users created since are not reported as duplicates", path)
		s.Sayf("  to import them, stop now and run: %s", s.CommandLine("ledger", "import", path))
		return nil
	}
	return nil
}

func hasEarlierRun(ctx context.Context, l interface{ ledger.Runs }) (bool, error) {
	for r, err := range l.Log(ctx) {
		if err != nil || r.Command == "run" {
			return err == nil, err
		}
	}
	return false, nil
}

// knowsStrangers reports whether a report of this environment has a user of
// ours whom the ledger does not know as one. A file that is no report has none.
func (s *session) knowsStrangers(ctx context.Context, path string) (bool, error) {
	var waiting []string
	var failed error
	ask := func() error {
		known := map[string]bool{}
		for c, err := range s.store.Customers(ctx, ledger.Query{Identities: waiting}) {
			if err != nil {
				failed = err
				return err
			}
			switch c.Status {
			case ledger.Created, ledger.LinkMissing, ledger.InDoubt, ledger.Forgotten:
				known[c.Identity] = true
			}
		}
		for _, identity := range waiting {
			if !known[identity] {
				return errNewerReport
			}
		}
		waiting = waiting[:0]
		return nil
	}
	err := reportfile.Read(context.WithoutCancel(ctx), path, func(r reportfile.Record) error {
		if !r.IsReport() {
			return errors.New("no report")
		}
		switch ledger.Status(r.Get("status")) {
		case ledger.Created, ledger.LinkMissing:
		default:
			return nil
		}
		identity, ok := validate.Identity(r.Get("email"))
		if !ok || !r.HasKey(s.to.Environment, identity) {
			return nil
		}
		if waiting = append(waiting, identity); len(waiting) < lookupGroup {
			return nil
		}
		return ask()
	})
	if err == nil && len(waiting) > 0 {
		err = ask()
	}
	if failed != nil {
		return false, fmt.Errorf("comparing %s with the ledger: %w", path, failed)
	}
	return errors.Is(err, errNewerReport), nil // any other error: a file that cannot be read proves nothing
}
