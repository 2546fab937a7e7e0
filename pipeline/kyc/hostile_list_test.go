package kyc

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// oddList is a list that a function answers, request by request.
type oddList struct {
	page  func(skip, limit, request int) partner.Page
	asked int
}

func (o *oddList) ListUsers(_ context.Context, skip, limit int) (partner.Page, error) {
	o.asked++
	p := o.page(skip, limit, o.asked)
	p.Date = moment().Add(time.Hour)
	return p, nil
}

// usersFrom are n users, the first one of that number, each a second younger than
// the one before.
func usersFrom(first, n int) (list []partner.Listed) {
	for i := first; i < first+n; i++ {
		list = append(list, partner.Listed{ServiceID: fmt.Sprint("s", i), Status: "pending", CreatedAt: moment().Add(time.Duration(i) * time.Second)})
	}
	return list
}

func undated(list []partner.Listed) []partner.Listed {
	for i := range list {
		list[i].CreatedAt = time.Time{}
	}
	return list
}

// A walk ends whatever the list does, and keeps what it saw: the user s0 is in every
// list but the empty one, and another user of the ledger in none.
func TestSyncEndsOnAnyList(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for _, test := range []struct {
		name string
		page func(skip, limit, request int) partner.Page
		most int // requests
		cut  error
	}{
		{"skip is ignored", func(int, int, int) partner.Page { return partner.Page{Total: 1000, Users: usersFrom(0, 50)} }, 2, ErrRepeats},
		{"skip is ignored, no total", func(int, int, int) partner.Page { return partner.Page{Total: -1, Users: usersFrom(0, 50)} }, 2, ErrRepeats},
		{"skip is ignored, in any order", func(int, int, int) partner.Page {
			users := usersFrom(0, 50)
			random.Shuffle(len(users), func(i, j int) { users[i], users[j] = users[j], users[i] })
			return partner.Page{Total: 1000, Users: users}
		}, 2, ErrRepeats},
		{"two pages for ever", func(_, _, request int) partner.Page {
			return partner.Page{Total: 1000, Users: usersFrom(50*((request+1)%2), 50)}
		}, 3, ErrRepeats},
		{"newest last, and no end", func(skip, _, _ int) partner.Page { return partner.Page{Total: 100, Users: usersFrom(skip, 50)} }, 4, nil},
		{"no end", func(skip, _, _ int) partner.Page {
			return partner.Page{Total: 100, Users: undated(usersFrom(skip, 50))}
		}, 210, ErrEndless},
		{"one user a page, no end", func(_, _, request int) partner.Page {
			return partner.Page{Total: 100, Users: usersFrom(request-1, 1)}
		}, 210, ErrEndless},
		{"growing as it is read", func(skip, _, request int) partner.Page {
			return partner.Page{Total: 100 * request, Users: undated(usersFrom(skip, 50))}
		}, 210, ErrEndless},
		{"far shorter than it says", func(skip, _, _ int) partner.Page {
			if skip >= 100 {
				return partner.Page{Total: 1 << 40}
			}
			return partner.Page{Total: 1 << 40, Users: usersFrom(skip, 50)}
		}, 5, nil},
		{"newest last, and shorter at the second look", func(skip, _, request int) partner.Page {
			if request > 3 {
				return partner.Page{Total: 1000}
			}
			return partner.Page{Total: 1000, Users: usersFrom(skip, 50)}
		}, 4, nil},
		{"the last page for whatever lies beyond", func(skip, _, _ int) partner.Page {
			return partner.Page{Total: -1, Users: usersFrom(min(skip, 100), 50)}
		}, 4, ErrRepeats},
		{"empty", func(int, int, int) partner.Page { return partner.Page{Total: 0} }, 1, nil},
		{"a user who comes twice a page", func(skip, _, _ int) partner.Page {
			if skip > 0 {
				return partner.Page{Total: 2}
			}
			return partner.Page{Total: 2, Users: append(usersFrom(0, 1), usersFrom(0, 1)...)}
		}, 2, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := created(t, ledger.Created, 2, []sandbox.User{{ServiceID: "s0"}, {ServiceID: "gone"}})
			list := &oddList{page: test.page}
			out, err := Sync(t.Context(), SyncConfig{Ledger: l, Partner: list, Pace: quick()})
			if err != nil || !errors.Is(out.Cut, test.cut) || (out.Cut == nil) != (test.cut == nil) || list.asked > test.most || out.Wanted != 2 {
				t.Errorf("%+v after %d requests: %v", out, list.asked, err)
			}
			want := ledger.KYCPending
			if test.name == "empty" {
				want = ledger.KYCUnknown
			}
			if c := customers(t, l)[0]; c.KYC.Status != want || out.Seen > 1 {
				t.Errorf("%+v, seen %d", c.KYC, out.Seen)
			}
			if text, _, err := l.Fact(t.Context(), progressKey); err != nil && !errors.Is(err, ledger.ErrNotFound) || text != "" {
				t.Errorf("a walk that ended is gone on with: %q, %v", text, err)
			}
		})
	}
}
