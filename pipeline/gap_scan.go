package pipeline

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// errGapList says that a list does not show the users that it must.
var errGapList = errors.New("the partner's list does not show the users that the ledger knows under their e-mails")

// gapScan is what is known when the list is read for the gaps of a ledger.
type gapScan struct {
	slug   string        // of the ledger's account; "" = not known
	lag    time.Duration // the longest that the list was seen to lag behind lately
	turn   func(context.Context) error
	timing timing
}

// gapUsers is what the list shows for the gaps of a ledger.
type gapUsers struct {
	strangers []listedUser // created inside a gap, and not among the known users
	clock     calibration
}

// scanGaps reads the list once for everyone created inside a gap that is open.
// A user without createdAt may have been created in any. The known users are
// those that the list must show; where it does not, it cannot be used.
func (l *userList) scanGaps(ctx context.Context, g *gaps, known neighbours, scan gapScan) (gapUsers, error) {
	ids := make(map[string]bool, len(known.before))
	for _, k := range known.before {
		ids[k.serviceID] = true
	}
	from, to, ended := g.span(scan.timing)
	byID := map[string]listedUser{}
	list, err := l.scan(ctx, search{known: ids, reach: ids, slug: scan.slug, since: from, turn: scan.turn, each: func(u listedUser) {
		if !ids[u.ServiceID] && !u.Deleted && (u.CreatedAt.IsZero() || !u.CreatedAt.Before(from) && !u.CreatedAt.After(to)) {
			byID[u.ServiceID] = u
		}
	}})
	if err != nil {
		return gapUsers{}, err
	}
	strangers := slices.Collect(maps.Values(byID))
	if !showsEveryone(list, known, strangers, ended, scan.lag, scan.timing) {
		return gapUsers{}, errGapList
	}
	return gapUsers{strangers: strangers, clock: calibrate(measuresOf(known, list.known))}, nil
}

// showsEveryone reports whether a list is one that would have shown a user of
// ours, by the rules of absence. Where the ledger knows nobody, each stranger must
// at least have an e-mail by which a row can be found.
func showsEveryone(list listing, known neighbours, strangers []listedUser, ended time.Time, lag time.Duration, t timing) bool {
	if len(known.before) > 0 {
		proved := prove(witnesses{began: list.began, near: known, listed: list.known, empty: list.empty, unread: list.unread, lag: lag, settled: ended}, t)
		return proved.kind == absenceProved
	}
	for _, u := range strangers {
		if u.Identity == "" {
			return false
		}
	}
	return !list.unread
}
