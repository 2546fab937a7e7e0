package userlist

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// listPartner serves a list that a hook may change between pages.
type listPartner struct {
	users   []partner.Listed
	most    int // the largest page granted
	noTotal bool
	stale   int // total that it states instead of the true one; 0 = the true one
	change  func(l *listPartner, page int)
	pages   int
}

func (l *listPartner) ListUsers(_ context.Context, skip, limit int) (partner.Page, error) {
	l.pages++
	if l.change != nil {
		l.change(l, l.pages)
	}
	limit = min(limit, l.most)
	p := partner.Page{Skip: skip, Limit: limit, Total: len(l.users)}
	if l.stale > 0 {
		p.Total = l.stale
	}
	if l.noTotal {
		p.Total = -1
	}
	if skip < len(l.users) {
		p.Users = slices.Clone(l.users[skip:min(len(l.users), skip+limit)])
	}
	return p, nil
}

func listUser(n int) partner.Listed {
	return partner.Listed{ServiceID: fmt.Sprintf("id-%06d", n), Email: fmt.Sprintf("person%d@example.com", n), CreatedAt: listEpoch().Add(time.Duration(n) * time.Second)}
}

func listUsers(n int) []partner.Listed {
	users := make([]partner.Listed, n)
	for i := range users {
		users[i] = listUser(i)
	}
	return users
}

// lister is the partner as far as its list goes.
type lister interface {
	ListUsers(ctx context.Context, skip, limit int) (partner.Page, error)
}

func scanOf(t *testing.T, l lister, s Search) (Listing, error) {
	t.Helper()
	ready := func(ctx context.Context) error { return ctx.Err() }
	s.AwaitTurn = ready
	list := &Reader{Partner: l, Clock: &pacing.Clock{}, Patience: time.Minute, AwaitPause: ready, OnError: func(error) {}, Log: slog.New(slog.DiscardHandler)}
	return list.ScanUsers(t.Context(), s)
}

// Users are looked for by e-mail, mailbox and name, letter case aside.
func TestScanKeeps(t *testing.T) {
	s := Search{Wanted: map[string]bool{"jane.doe@example.com": true}, Mailboxes: map[string]bool{"janedoe@example.com": true}, Names: map[string]bool{"jane doe": true}}
	for _, tt := range []struct {
		name                    string
		user                    partner.Listed
		users, mailboxes, names int
	}{
		{"the e-mail in other letters", partner.Listed{ServiceID: "s", Email: "Jane.Doe@Example.COM", FirstName: "J"}, 1, 1, 0},
		{"the mailbox", partner.Listed{ServiceID: "s", Email: "janedoe+1@example.com", FirstName: "J"}, 0, 1, 0},
		{"the name", partner.Listed{ServiceID: "s", Email: "j***@example.com", FirstName: " JANE", LastName: "Doe"}, 0, 0, 1},
		{"another name", partner.Listed{ServiceID: "s", Email: "jim@example.com", FirstName: "Jim", LastName: "Doe"}, 0, 0, 0},
	} {
		got, err := scanOf(t, &listPartner{users: []partner.Listed{tt.user}, most: 10}, s)
		if err != nil || len(got.Users) != tt.users || len(got.Mailboxes) != tt.mailboxes || len(got.Names) != tt.names {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
}

// TestListInPart: one user who cannot be read costs neither the page nor the
// others, and no user counts as absent from such a list.
func TestListInPart(t *testing.T) {
	for _, tt := range []struct {
		name   string
		odd    partner.Listed
		unread bool
	}{
		{"without an e-mail", partner.Listed{ServiceID: "odd", Odd: "email"}, true},
		{"without a serviceId", partner.Listed{Email: "odd@example.com", Odd: "serviceId"}, true},
		{"with nothing", partner.Listed{Odd: "user"}, true},
		{"deleted, the e-mail erased", partner.Listed{ServiceID: "odd", Status: "deleted"}, false},
		{"with an odd time", partner.Listed{ServiceID: "odd", Email: "odd@example.com", Odd: "createdAt"}, false},
	} {
		for _, at := range []int{0, 9, 10, 24, 25} { // at the ends of pages, and of the list
			l := &listPartner{users: slices.Insert(listUsers(25), at, tt.odd), most: 10}
			got, err := scanOf(t, l, Search{Wanted: identities(0, 24, 77)})
			if err != nil {
				t.Errorf("%s, at %d: %v", tt.name, at, err)
				continue
			}
			if got.HasUnread != tt.unread || got.IsEmpty || len(got.Users) != 2 || got.Total != 26 || l.pages > 8 {
				t.Errorf("%s, at %d: unread %t, %d found of %d, %d pages", tt.name, at, got.HasUnread, len(got.Users), got.Total, l.pages)
			}
		}
	}
}

// notFoundPartner answers every page with a 404 in an envelope.
type notFoundPartner struct{}

func (notFoundPartner) ListUsers(_ context.Context, skip, _ int) (partner.Page, error) {
	return partner.Page{Skip: skip, Total: -1, NotFound: true}, nil
}

// TestNotFoundIsNoEmptyList: a 404 in an envelope is read, and proves nothing; an
// empty list does.
func TestNotFoundIsNoEmptyList(t *testing.T) {
	for _, tt := range []struct {
		partner lister
		empty   bool
	}{{notFoundPartner{}, false}, {&listPartner{most: 10}, true}, {&listPartner{most: 10, noTotal: true}, true}} {
		got, err := scanOf(t, tt.partner, Search{Wanted: identities(1)})
		if err != nil || got.IsEmpty != tt.empty || got.HasUnread || got.Total != 0 {
			t.Errorf("%T: %+v, %v", tt.partner, got, err)
		}
	}
}

func identities(users ...int) map[string]bool {
	out := map[string]bool{}
	for _, n := range users {
		id, _ := validate.Identity(fmt.Sprintf("person%d@example.com", n))
		out[id] = true
	}
	return out
}

func TestScanFindsEverybody(t *testing.T) {
	for _, c := range []struct {
		name    string
		users   int
		most    int
		noTotal bool
	}{
		{"no user", 0, 50, false}, {"one", 1, 50, false}, {"one page exactly", 50, 50, false}, {"one more", 51, 50, false},
		{"many pages", 517, 50, false}, {"no total", 517, 50, true}, {"pages of two", 21, 2, false},
	} {
		l := &listPartner{users: listUsers(c.users), most: c.most, noTotal: c.noTotal}
		all := make([]int, c.users)
		for i := range all {
			all[i] = i
		}
		got, err := scanOf(t, l, Search{Wanted: identities(all...)})
		if err != nil || got.Total != c.users || len(got.Users) != c.users {
			t.Errorf("%s: %d users, %d wanted ones: %v", c.name, got.Total, len(got.Users), err)
		}
	}
}

// TestScanOfAListThatMoves plays users of others who appear and vanish while
// the list is read: no user that was there all the time may be missed.
func TestScanOfAListThatMoves(t *testing.T) {
	for name, change := range map[string]func(l *listPartner, page int){
		"users appear at the front": func(l *listPartner, page int) {
			l.users = slices.Insert(l.users, 0, listUser(10_000+page))
		},
		"users appear at the end": func(l *listPartner, page int) {
			if page < 30 {
				l.users = append(l.users, listUser(10_000+page))
			}
		},
		"users at the front vanish": func(l *listPartner, page int) {
			if page < 8 {
				l.users = slices.Delete(l.users, 0, 1) // those wanted are further back
			}
		},
	} {
		l := &listPartner{users: listUsers(300), most: 20, change: change}
		got, err := scanOf(t, l, Search{Wanted: identities(50, 150, 299)})
		if err != nil || len(got.Users) != 3 {
			// A vanished user can make the total unreachable: that is refused,
			// never mistaken for absence.
			if !errors.Is(err, ErrUnsteady) {
				t.Errorf("%s: found %d of 3: %v", name, len(got.Users), err)
			}
		}
	}
}

// A list in which with each look two users appear and one vanishes, for as long
// as it is read: the scan ends all the same, and has every user that was there all
// the time. Once it went on for ever.
func TestScanOfAListThatNeverRests(t *testing.T) {
	const others, ours = 300, 40
	var wanted []int
	for i := range ours {
		wanted = append(wanted, others+i)
	}
	for _, most := range []int{20, 1000} {
		for _, noTotal := range []bool{false, true} {
			l := &listPartner{users: listUsers(others + ours), most: most, noTotal: noTotal}
			l.change = func(l *listPartner, page int) {
				l.users = append(l.users[1:], listUser(10_000+2*page), listUser(10_001+2*page))
				if page == others {
					t.Fatalf("pages of %d, no total %v: no end", most, noTotal)
				}
			}
			got, err := scanOf(t, l, Search{Wanted: identities(wanted...)})
			if err != nil || len(got.Users) != ours {
				t.Errorf("pages of %d, no total %v: found %d of %d: %v", most, noTotal, len(got.Users), ours, err)
			}
		}
	}
	l := &listPartner{users: listUsers(10), most: 3, change: func(l *listPartner, page int) {
		l.users = append(l.users, listUser(1000+3*page), listUser(1001+3*page), listUser(1002+3*page))
	}}
	if _, err := scanOf(t, l, Search{Wanted: identities(1)}); !errors.Is(err, ErrUnsteady) {
		t.Errorf("a list that grows faster than it is read: %v", err)
	}
}

func TestScanRefusesWhatDoesNotFit(t *testing.T) {
	shuffled := &listPartner{users: listUsers(300), most: 20, change: func(l *listPartner, page int) {
		slices.Reverse(l.users[:len(l.users)-page])
	}}
	if _, err := scanOf(t, shuffled, Search{Wanted: identities(150)}); !errors.Is(err, ErrUnsteady) {
		t.Errorf("a list in another order on each page: %v", err)
	}
	foreign := &listPartner{users: listUsers(100), most: 20}
	foreign.users[99].ServiceID = "other-user-aaaaaaaaaaaaaaa"
	if _, err := scanOf(t, foreign, Search{Slug: "acme"}); !errors.Is(err, ErrOtherAccount) {
		t.Errorf("a list of another account: %v", err)
	}
	foreign.users[50].ServiceID = "acme-rain-user-bbbbbbbbbbbbbbb"
	if _, err := scanOf(t, foreign, Search{Slug: "acme"}); err != nil {
		t.Errorf("a list with users of the account: %v", err)
	}
	short := &listPartner{users: listUsers(100), most: 20, change: func(l *listPartner, page int) {
		if page == 3 {
			l.users = l.users[:50]
		}
	}}
	if _, err := scanOf(t, short, Search{}); !errors.Is(err, ErrUnsteady) {
		t.Errorf("a list that ends before what it promised: %v", err)
	}
}

// The short cut has an end as well, if users come with each look.
func TestNewestEndOfAListThatGrows(t *testing.T) {
	l := &listPartner{users: listUsers(5000), most: 50, change: func(l *listPartner, page int) {
		l.users = append(l.users, listUser(10_000+2*page), listUser(10_001+2*page))
		if page == 1000 {
			t.Fatal("no end")
		}
	}}
	got, err := scanOf(t, l, Search{Wanted: identities(4850, 4999), Since: listUser(4800).CreatedAt, Known: map[string]bool{"id-004990": true}})
	if err != nil || len(got.Users) != 2 || l.pages > 30 {
		t.Errorf("found %d of 2 in %d pages: %v", len(got.Users), l.pages, err)
	}
}

// Nor does it end early where the partner's total is an old one, or where it
// grants less than before: users behind it would be mistaken for absent.
func TestNewestEndIsTheEnd(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(l *listPartner, page int)
	}{
		{"an old total", func(l *listPartner, page int) {
			if page == 1 {
				l.stale = len(l.users) - 30
			}
		}},
		{"smaller pages", func(l *listPartner, page int) {
			if page > probes {
				l.most = 20
			}
		}},
	} {
		for _, since := range []time.Time{listUser(4975).CreatedAt, {}} { // the short cut, and the whole list
			l := &listPartner{users: listUsers(5000), most: 50, change: c.change}
			got, err := scanOf(t, l, Search{Wanted: identities(4999), Since: since, Known: map[string]bool{"id-004955": true}})
			if err != nil || len(got.Users) != 1 {
				t.Errorf("%s: found %d of 1 in %d pages: %v", c.name, len(got.Users), l.pages, err)
			}
		}
	}
}

func TestNewestEndSuffices(t *testing.T) {
	reversed := listUsers(5000)
	slices.Reverse(reversed)
	unsorted := listUsers(5000)
	unsorted[2500], unsorted[100] = unsorted[100], unsorted[2500]
	slices.Reverse(unsorted[1000:2000])
	undated := listUsers(5000)
	for i := range undated {
		undated[i].CreatedAt = time.Time{}
	}
	since := listUser(4800).CreatedAt
	for _, c := range []struct {
		name  string
		users []partner.Listed
		pages int // at most
	}{
		{"newest last", listUsers(5000), 30},
		{"newest first", reversed, 30},
		{"unsorted", unsorted, 1 << 30},
		{"without times", undated, 1 << 30},
	} {
		l := &listPartner{users: c.users, most: 50}
		got, err := scanOf(t, l, Search{Wanted: identities(4850, 4999), Since: since, Known: map[string]bool{"id-004990": true}})
		if err != nil || len(got.Users) != 2 || l.pages > c.pages {
			t.Errorf("%s: found %d of 2 with %d pages: %v", c.name, len(got.Users), l.pages, err)
		}
		if c.pages == 1<<30 && got.Total != 5000 {
			t.Errorf("%s: read %d users, must read all", c.name, got.Total)
		}
	}
}

func listEpoch() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
