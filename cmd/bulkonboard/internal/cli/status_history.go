package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/holder"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// readRuns looks up what the log says of the runs. One may have sent nothing,
// asked no wallet, or been of no input. run chooses one, 0 = the newest.
func (s *statusReport) readRuns(ctx context.Context, l session.Ledger, run int64) error {
	for r, err := range l.Log(ctx) {
		if err != nil {
			return err
		}
		if r.Command != "run" {
			continue
		}
		if s.run.ID == 0 {
			s.run = r
		}
		if s.lastOfBatch.ID == 0 && r.Batch == s.batch.ID && (run == 0 || run == r.ID) {
			s.lastOfBatch = r
		}
		if s.wallet.at.IsZero() && r.End != nil && r.End.WalletTo != "" {
			s.wallet = balance{r.End.WalletTo, r.End.At}
		}
		if s.lastOfBatch.ID != 0 && !s.wallet.at.IsZero() {
			break
		}
	}
	_, isHeld := holder.Read(s.info.Path)
	s.running = s.run.ID != 0 && s.run.End == nil && (isHeld || len(s.living()) > 0)
	return nil
}

// balance is what a wallet held, and when; the zero value is not known.
type balance struct {
	amount string
	at     time.Time
}

// findFee finds the fee that the last run was given, or else the measured one.
func (s *statusReport) findFee(ctx context.Context, l session.Ledger) error {
	unit, _, err := l.Fact(ctx, "currency")
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	s.unit = unit
	for _, w := range term.SplitWords(s.lastOfBatch.Settings) {
		if text, ok := strings.CutPrefix(w, "--fee="); ok {
			fee, err := pipeline.ParseAmount(text)
			s.fee, s.given = fee, true
			return err
		}
	}
	text, _, err := l.Fact(ctx, "fee")
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	if err == nil {
		s.fee, err = pipeline.ParseAmount(text)
	}
	return err
}

// perDay returns the pace from the first of them to the last, or to now while a run
// goes on; 0 if there are too few, or in too short a time.
func perDay(of sqlite.Decided, now time.Time, running bool) float64 {
	end := of.Last
	if running {
		end = now
	}
	span := end.Sub(of.First)
	if of.Rows < 10 || span < 5*time.Second {
		return 0
	}
	return float64(of.Rows-1) / span.Hours() * 24
}
