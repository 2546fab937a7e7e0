package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/userlist"
)

// factGapClock is the name under which the clock of createdAt is kept.
const factGapClock = "gap_clock"

// loadGaps reads the ledger's gaps.
func (r *run) loadGaps(ctx context.Context) error {
	store, ok := r.cfg.Ledger.(ledger.Gaps)
	if !ok {
		return nil
	}
	all, err := store.Gaps(ctx)
	if err != nil {
		return ledgerStop("reading the gaps", err)
	}
	if len(all) == 0 {
		return nil
	}
	text, _, err := r.facts.read(ctx, factGapClock)
	r.gapStore, r.gaps = store, &decide.Gaps{All: all, AreOurs: r.cfg.Doubt.GapOurs, Clock: decide.ParseCalibration(text)}
	return err
}

// inGap returns which of the customers the list showed as created inside a gap.
func (r *run) inGap(ctx context.Context, identities []string) (map[string]bool, error) {
	if r.gaps == nil || len(identities) == 0 {
		return nil, nil
	}
	in, err := r.gapStore.InGap(ctx, identities)
	if err != nil {
		return nil, ledgerStop("reading the gaps", err)
	}
	return in, nil
}

// gapsDue returns when sending may begin, by our clock: when every key of the
// gaps is dead. It is the zero time without gaps.
func (r *run) gapsDue() time.Time {
	if r.gaps == nil {
		return time.Time{}
	}
	return r.clock.LocalTime(r.gaps.KeysDeadAt(r.timing())).Add(decide.DateResolution)
}

// gapCloser reads the partner's list for the time that the ledger does not
// remember, before anything is sent.
type gapCloser struct{ *run }

// closeGaps waits until every key of the ledger's gaps is dead, and reads the
// partner's list for those that were not scanned. Before it returns nil nothing
// may be sent. The wait is shown, and ends with ctx.
func (r gapCloser) closeGaps(ctx context.Context) error {
	if r.gaps == nil {
		return nil
	}
	if at := r.gapsDue(); at.After(pacing.WallTime()) {
		if d := r.cfg.Bounds.MaxDuration; d > 0 && at.Sub(pacing.WallTime()) > d {
			return stopf(MaxDuration, "the ledger was restored from a copy, so nothing may be sent before %s, which is after --max-duration ends. Nothing was sent", at.UTC().Format(time.RFC3339))
		}
		r.cfg.Log.Info("the ledger was restored from a copy; nothing is sent while idempotency keys of the missing time may still be valid", "until", at.UTC().Format(time.RFC3339))
		r.counters.showPause("the ledger was restored from a copy, waiting for the idempotency keys of the missing time to expire", at)
		if err := pacing.SleepUntil(ctx, at); err != nil {
			return err
		}
		r.counters.showPause("", time.Time{})
	}
	if !r.gaps.HasOpen() {
		return nil
	}
	patience := pacing.WallTime().Add(r.cfg.Pace.Patience)
	for try := 0; ; try++ {
		err := r.scanGaps(ctx)
		if s := refusalStop(err); s != nil {
			return s
		}
		var stop *Stop
		if err == nil || ctx.Err() != nil || errors.As(err, &stop) {
			return errors.Join(err, ctx.Err())
		}
		pause := pacing.WallTime().Add(pacing.BackoffAfter(try, pacing.FirstBackoff, pacing.MaxBackoff))
		if pause.After(patience) {
			return &Stop{Reason: PartnerDown, Err: err,
				Detail: "the ledger was restored from a copy, and nothing is sent without the partner's list. If the list can never be read: bulkonboard ledger resolve --gap"}
		}
		r.cfg.Log.Warn("the partner's list of users cannot be used yet", "error", err.Error())
		r.counters.showPause("the partner's list cannot be used yet, asking again", pause)
		if err := pacing.SleepUntil(ctx, pause); err != nil {
			return err
		}
	}
}

// scanGaps reads the list once and notes who was created inside a gap without
// being known to the ledger.
func (r gapCloser) scanGaps(ctx context.Context) error {
	r.counters.showPause("the ledger was restored from a copy, reading the partner's list", time.Time{})
	defer r.counters.showPause("", time.Time{})
	newest, err := r.readWitnesses(ctx, ledger.Query{Status: []ledger.Status{ledger.Created}, Newest: 2 * decide.MaxWitnesses})
	if err != nil {
		return err
	}
	t := r.timing()
	began := pacing.WallTime()
	found, err := r.reader.ScanGaps(ctx, r.gaps, decide.Witnesses{Before: newest}, userlist.GapScan{Slug: r.account.boundAccount().Slug, Lag: r.listLag, AwaitTurn: r.pace.WaitTurn, Timing: t})
	if err != nil {
		return err
	}
	r.gaps.Clock = found.Clock
	if err := r.facts.saveAt(ctx, factGapClock, decide.FormatCalibration(r.gaps.Clock), began); err != nil {
		return err
	}
	return r.noteStrangers(ctx, found.Strangers, t, began)
}

// noteStrangers writes who was created inside which gap, and marks the gaps as
// scanned.
func (r gapCloser) noteStrangers(ctx context.Context, strangers []decide.User, t decide.Timing, began time.Time) error {
	var ids []string
	for _, u := range strangers {
		ids = append(ids, u.ServiceID)
	}
	own, err := r.usersTaken(ctx, ids)
	if err != nil {
		return ledgerStop("looking up users by serviceId", err)
	}
	for i := range r.gaps.All {
		g := &r.gaps.All[i]
		if !g.IsOpen() {
			continue
		}
		w := decide.GapWindow(*g, r.gaps.Clock, t)
		var inside []string
		for _, u := range strangers {
			if u.Identity != "" && own[u.ServiceID] == 0 && (u.CreatedAt.IsZero() || w.Contains(u)) {
				inside = append(inside, u.Identity)
			}
		}
		if err := r.gapStore.AddToGap(ctx, g.ID, inside); err != nil {
			return ledgerStop("noting who was created inside a gap", err)
		}
		if err := r.gapStore.CloseGap(ctx, g.ID, began, ""); err != nil {
			return ledgerStop("closing a gap", err)
		}
		g.Scanned = began
		r.cfg.Log.Info("the partner's list was read for the time missing from the ledger", "users unknown to the ledger", len(inside))
	}
	return nil
}
