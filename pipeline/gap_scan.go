package pipeline

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// This file asks the partner's list, once for each gap, who was created while
// the ledger's memory is missing.

// due is when every key of the gaps is dead, by our clock; zero without gaps.
func (g *gaps) due(t timing, c *clock) time.Time {
	if g == nil {
		return time.Time{}
	}
	var until time.Time
	for _, gap := range g.all {
		_, to := gapEnds(gap, t)
		until = later(until, to.Add(t.ttl+t.margin()))
	}
	return c.ours(until).Add(dateResolution)
}

// anyOpen reports whether the list must still be read for some gap.
func (g *gaps) anyOpen() bool { return g != nil && slices.ContainsFunc(g.all, ledger.Gap.IsOpen) }

// closeGaps waits until every key of the ledger's gaps is dead, and reads the
// partner's list for those that were not scanned. Before it returns nil nothing
// may be sent. The wait is shown, and ends with ctx.
func (r *run) closeGaps(ctx context.Context) error {
	if r.gaps == nil {
		return nil
	}
	if at := r.gaps.due(r.timing(), r.clock); at.After(wall()) {
		if d := r.cfg.Bounds.MaxDuration; d > 0 && at.Sub(wall()) > d {
			return stopf(MaxDuration, "the ledger was put back from a copy: nothing is sent before %s, and --max-duration ends earlier. Nothing was sent", at.UTC().Format(time.RFC3339))
		}
		r.cfg.Log.Info("the ledger was put back from a copy; nothing is sent while keys of the time that it lacks may be alive", "until", at.UTC().Format(time.RFC3339))
		r.book.pause("the ledger was put back from a copy, waiting for the keys of the time that it lacks", at)
		if err := sleepUntil(ctx, at); err != nil {
			return err
		}
		r.book.pause("", time.Time{})
	}
	if !r.gaps.anyOpen() {
		return nil
	}
	patience := wall().Add(r.cfg.Pace.Patience)
	for try := 0; ; try++ {
		err := r.scanGaps(ctx)
		if s := refusal(err); s != nil {
			return s
		}
		var stop *Stop
		if err == nil || ctx.Err() != nil || errors.As(err, &stop) {
			return errors.Join(err, ctx.Err())
		}
		if errors.Is(err, errWrongAccount) {
			return &Stop{Reason: Refused, Err: err}
		}
		pause := wall().Add(backoff(try, firstBackoff, mostBackoff))
		if pause.After(patience) {
			return &Stop{Reason: PartnerDown, Err: err,
				Detail: "the ledger was put back from a copy, and without the partner's list nothing is sent. If the list cannot be read for good: bulkonboard ledger resolve --gap"}
		}
		r.cfg.Log.Warn("the partner's list of users cannot be used yet", "error", err.Error())
		r.book.pause("the partner's list cannot be used yet, asking again", pause)
		if err := sleepUntil(ctx, pause); err != nil {
			return err
		}
	}
}

// errGapList says that a list does not show the users that it must.
var errGapList = errors.New("the partner's list does not show the users that the ledger knows under their e-mails")

// scanGaps reads the list once and notes who was created inside a gap without
// being known to the ledger. Where createdAt is missing, that is everyone unknown.
func (r *run) scanGaps(ctx context.Context) error {
	r.book.pause("the ledger was put back from a copy, reading the partner's list", time.Time{})
	defer r.book.pause("", time.Time{})
	known, err := r.gapWitnesses(ctx)
	if err != nil {
		return err
	}
	ids := make(map[string]bool, len(known.before))
	for _, k := range known.before {
		ids[k.serviceID] = true
	}
	t := r.timing()
	var since, to, ended time.Time // of all gaps that are open, as widely as can be, and their end
	for _, g := range r.gaps.all {
		if w := gapWindow(g, calibration{}, t); g.IsOpen() {
			if since.IsZero() || w.from.Before(since) {
				since = w.from
			}
			_, end := gapEnds(g, t)
			to, ended = later(to, w.to), later(ended, end)
		}
	}
	strangers := map[string]partner.Listed{}
	began := wall()
	turn := func(ctx context.Context) error { _, err := r.pace.wait(ctx); return err }
	list, err := r.scan(ctx, search{known: ids, reach: ids, slug: r.account.slug(), since: since, turn: turn, each: func(u partner.Listed) {
		if !ids[u.ServiceID] && !u.IsDeleted() && (u.CreatedAt.IsZero() || !u.CreatedAt.Before(since) && !u.CreatedAt.After(to)) {
			strangers[u.ServiceID] = u
		}
	}})
	if err != nil {
		return err
	}
	if !showsEveryone(list, known, strangers, ended, r.lag(), t) {
		return errGapList
	}
	r.gaps.clock = calibrate(measuresOf(known, list.known))
	if err := r.cfg.Ledger.Learn(ctx, learntGapClock, calibrationText(r.gaps.clock), began); err != nil {
		return ledgerStop("noting the clock of the list", err)
	}
	return r.noteStrangers(ctx, strangers, t, began)
}

// gapWitnesses are users that the list must show: the newest ones.
func (r *run) gapWitnesses(ctx context.Context) (known neighbours, err error) {
	q := ledger.Query{Status: []ledger.Status{ledger.Created}, Newest: 2 * maxNeighbours, History: true}
	for c, err := range r.cfg.Ledger.Customers(ctx, q) {
		if err != nil {
			return known, ledgerStop("reading the newest users", err)
		}
		if k := newNeighbour(c); k != nil {
			known.before = append(known.before, k)
		}
	}
	return known, nil
}

// showsEveryone reports whether a list is one that would have shown a user of
// ours, by the rules of absence. Where the ledger knows nobody, each stranger must
// at least have an e-mail by which a row can be found.
func showsEveryone(list listing, known neighbours, strangers map[string]partner.Listed, ended time.Time, lag time.Duration, t timing) bool {
	if len(known.before) > 0 {
		proved := prove(witnesses{began: list.began, near: known, listed: list.known, empty: list.empty, unread: list.unread, lag: lag, settled: ended}, t)
		return proved.kind == absenceProved
	}
	for _, u := range strangers {
		if identityOf(u.Email) == "" {
			return false
		}
	}
	return !list.unread
}

// noteStrangers writes who was created inside which gap, and marks the gaps as
// scanned.
func (r *run) noteStrangers(ctx context.Context, strangers map[string]partner.Listed, t timing, began time.Time) error {
	const group = 500
	var ids []string
	for id := range strangers {
		ids = append(ids, id)
	}
	own := map[string]bool{}
	for part := range slices.Chunk(ids, group) {
		taken, err := r.taken(ctx, part)
		if err != nil {
			return ledgerStop("looking up users by serviceId", err)
		}
		for id := range taken {
			own[id] = true
		}
	}
	for i := range r.gaps.all {
		g := &r.gaps.all[i]
		if !g.IsOpen() {
			continue
		}
		w := gapWindow(*g, r.gaps.clock, t)
		var inside []string
		for id, u := range strangers {
			identity := identityOf(u.Email)
			if identity != "" && !own[id] && (u.CreatedAt.IsZero() || w.contains(u)) {
				inside = append(inside, identity)
			}
		}
		for part := range slices.Chunk(inside, group) {
			if err := r.gaps.store.AddToGap(ctx, g.ID, part); err != nil {
				return ledgerStop("noting who was created inside a gap", err)
			}
		}
		if err := r.gaps.store.CloseGap(ctx, g.ID, began, ""); err != nil {
			return ledgerStop("closing a gap", err)
		}
		g.Scanned = began
		r.cfg.Log.Info("the partner's list was read for the time that the ledger lacks", "users unknown to the ledger", len(inside))
	}
	return nil
}
