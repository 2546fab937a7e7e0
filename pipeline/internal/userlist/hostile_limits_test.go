package userlist

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// endlessPartner lists users without an end. total is what it says of their
// number.
type endlessPartner struct {
	total int
	users []partner.Listed
	pages int
}

func (e *endlessPartner) ListUsers(_ context.Context, skip, _ int) (partner.Page, error) {
	const size = 100_000
	if e.pages++; e.users == nil {
		e.users = make([]partner.Listed, size)
	}
	for i := range e.users {
		e.users[i] = partner.Listed{ServiceID: strconv.Itoa(skip + i)}
	}
	return partner.Page{Skip: skip, Limit: size, Total: e.total, Users: e.users}, nil
}

// TestHostileLimitsEndlessList: hostile.md, row 4, a list of users without an end.
func TestHostileLimitsEndlessList(t *testing.T) {
	for name, l := range map[string]*endlessPartner{
		"says nothing of its length":       {total: -1}, // the one that has to be read to the limit
		"says that it is longer than read": {total: limits.Users + 1},
		"says that it is very long":        {total: 1 << 60},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scanOf(t, l, Search{Wanted: map[string]bool{"a@example.com": true}, Since: listEpoch()})
			if !errors.Is(err, errEndless) {
				t.Errorf("after %d pages: %v", l.pages, err)
			}
			if most := limits.Users/len(l.users) + 2; l.pages > most {
				t.Errorf("read %d pages, want at most %d", l.pages, most)
			}
		})
	}
}
