package userlist

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
)

// errUnusable says that a list does not show the users that it must.
var errUnusable = errors.New("the partner's list does not show the users that the ledger knows under their e-mails")

// GapScan is what is known when the list is read for the gaps of a ledger.
type GapScan struct {
	Slug      string        // of the ledger's account; "" = not known
	Lag       time.Duration // the longest that the list was seen to lag behind lately
	AwaitTurn func(context.Context) error
	Timing    decide.Timing
}

// gapUsers is what the list shows for the gaps of a ledger.
type gapUsers struct {
	Strangers []decide.User // created inside a gap, and not among the known users
	Clock     decide.Calibration
}

// ScanGaps reads the list once for everyone created inside a gap that is open.
// A user without createdAt may have been created in any. The known users are
// those that the list must show; where it does not, it cannot be used.
func (l *Reader) ScanGaps(ctx context.Context, g *decide.Gaps, known decide.Witnesses, scan GapScan) (gapUsers, error) {
	ids := make(map[string]bool, len(known.Before))
	for _, k := range known.Before {
		ids[k.ServiceID] = true
	}
	from, to, ended := g.OpenSpan(scan.Timing)
	byID := map[string]decide.User{}
	list, err := l.ScanUsers(ctx, Search{Known: ids, Reach: ids, Slug: scan.Slug, Since: from, AwaitTurn: scan.AwaitTurn, each: func(u decide.User) {
		if !ids[u.ServiceID] && !u.Deleted && (u.CreatedAt.IsZero() || !u.CreatedAt.Before(from) && !u.CreatedAt.After(to)) {
			byID[u.ServiceID] = u
		}
	}})
	if err != nil {
		return gapUsers{}, err
	}
	strangers := slices.Collect(maps.Values(byID))
	if !showsEveryone(list, known, strangers, ended, scan.Lag, scan.Timing) {
		return gapUsers{}, errUnusable
	}
	return gapUsers{Strangers: strangers, Clock: decide.Calibrate(decide.CollectMeasures(known, list.Known))}, nil
}

// showsEveryone reports whether a list is one that would have shown a user of
// ours, by the rules of absence. Where the ledger knows no user, each stranger must
// at least have an e-mail by which a row can be found.
func showsEveryone(list Listing, known decide.Witnesses, strangers []decide.User, ended time.Time, lag time.Duration, t decide.Timing) bool {
	if len(known.Before) > 0 {
		proved := decide.ProveAbsence(decide.AbsenceEvidence{Began: list.Began, Near: known, Listed: list.Known, Empty: list.IsEmpty, Unread: list.HasUnread, Lag: lag, Settled: ended}, t)
		return proved.Kind == decide.AbsenceProved
	}
	return !list.HasUnread && !slices.ContainsFunc(strangers, func(u decide.User) bool { return u.Identity == "" })
}
