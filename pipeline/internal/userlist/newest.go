package userlist

import (
	"context"
	"slices"

	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

const (
	shortCutPages = 10 // lists of fewer pages are simply read
	probes        = 8  // pages, spread over the list, that must prove its order
)

// order is how a list is sorted by creation time.
type order int

const (
	unordered   order = 0
	newestLast  order = 1
	newestFirst order = -1
)

// readNewestEnd reads only the newest users, back to s.since, if the list proves
// ordered by creation time: pages spread over all of it, and every page read
// after them, must be in order. It reports false, and nothing it read counts,
// where the list is short, unordered or does not hold still.
func (s *pageReader) readNewestEnd(ctx context.Context, first partner.Page) (bool, error) {
	size := len(first.Users)
	if size < 2 || first.Total < shortCutPages*size {
		return false, nil
	}
	if d := first.Date; !d.IsZero() && d.Before(s.out.Began) {
		s.out.Began = d
	}
	sample := slices.Clone(first.Users)
	for i := 1; i < probes; i++ {
		p, err := s.readPage(ctx, i*(first.Total-size)/(probes-1))
		if err != nil {
			return false, err
		}
		sample = append(sample, p.Users...)
	}
	switch sortOrder(sample) {
	case newestFirst:
		err := s.readForward(ctx, first, s.Since)
		return err == nil, ctx.Err()
	case newestLast:
		return s.readBackward(ctx, first.Total, size)
	default:
		return false, nil
	}
}

// readBackward reads a list whose newest users come last: its end first, then page
// by page towards the front until all users of a page are older than s.since.
func (s *pageReader) readBackward(ctx context.Context, total, size int) (bool, error) {
	skip := max(0, total-size)
	page, err := s.readPage(ctx, skip)
	if err != nil || len(page.Users) == 0 {
		return false, err
	}
	front := page.Users[0]
	for end := page; ; { // to the very end: users may have come since
		if sortOrder(end.Users) != newestLast && len(end.Users) > 1 {
			return false, nil
		}
		s.addPage(end.Users)
		// However many come with each look, behind a page that is not full and
		// reaches as far as it says itself, there is no user.
		if full := min(size, s.size); len(end.Users) == 1 || len(end.Users) < full && end.Total > 0 && skip+len(end.Users) >= end.Total {
			break
		}
		last := end.Users[len(end.Users)-1]
		at := skip + len(end.Users) - 1
		if end, err = s.readPage(ctx, at); err != nil {
			return false, err
		}
		if len(end.Users) == 0 || end.Users[0].Ref() != last.Ref() {
			return false, nil
		}
		skip = at
	}
	for skip = max(0, total-size); skip > 0 && !s.isFarEnough(front.CreatedAt); {
		next := max(0, skip-size+1)
		if page, err = s.readPage(ctx, next); err != nil {
			return false, err
		}
		at := findRef(page.Users, front.Ref())
		if at != skip-next || sortOrder(page.Users) != newestLast && len(page.Users) > 1 {
			return false, nil
		}
		s.addPage(page.Users)
		front, skip = page.Users[0], next
	}
	return true, nil
}

// sortOrder returns how users are sorted. Without a creation time for each, or with
// one time for all, they are not.
func sortOrder(users []partner.Listed) order {
	up, down := true, true
	for i, u := range users {
		if u.CreatedAt.IsZero() {
			return unordered
		}
		if i > 0 {
			d := u.CreatedAt.Compare(users[i-1].CreatedAt)
			up, down = up && d >= 0, down && d <= 0
		}
	}
	switch {
	case up == down:
		return unordered
	case up:
		return newestLast
	default:
		return newestFirst
	}
}
