//go:build !windows

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// More than one ledger for the same people: a copy that was put back, a second
// one at the same time. The keys are equal, so that the partner itself keeps
// anybody from being created twice, even if it takes an e-mail any number of times.

// keyLife is far longer than any of these tests takes.
const keyLife = 10 * time.Minute

// A backup beside a run that sends is whole, and holds the intent of every
// request that had arrived when it was begun. Fault 44: put back later, it sends
// nobody a second time, and nobody at all while a key may be alive.
func TestPromiseBackup(t *testing.T) {
	long(t)
	t.Parallel()
	names := []string{"key alive, e-mails repeat", "key alive, list asked first", "key dead, e-mails unique"}
	strands(t, names, 3, func(i int, t strand) {
		const n = 60
		copied := make(chan struct{})
		release := sync.OnceFunc(func() { close(copied) })
		defer release()
		untilCopied := func(stage sandbox.Stage, _, email string) {
			if stage == sandbox.Arrived && email == fmt.Sprintf("person%d@example.org", n-1) {
				<-copied
			}
		}
		cfg := sandbox.Config{Latency: 15 * time.Millisecond, LatencyMax: 40 * time.Millisecond, KeyTTL: keyLife, EmailsRepeat: true, Barrier: untilCopied}
		s := newScene(t, cfg, people(n))
		switch i {
		case 0:
			s.flags = append(s.flags, "--check-existing", "never")
		case 2:
			s = newScene(t, sandbox.Config{Latency: cfg.Latency, LatencyMax: cfg.LatencyMax, Barrier: untilCopied}, people(n))
		}
		var copies []string
		p := s.start(s.runArgs(patient()...)...)
		for p.running() && (len(copies) == 0 || len(copies) < 2 && len(s.posts()) < n-10) {
			before := s.posts()
			if len(before) < 20 { // some of them are answered, so that the copy has users to compare clocks by
				continue
			}
			path := s.path(fmt.Sprintf("copy%d.db", len(copies)))
			s.run("ledger", "backup", "--base-url", s.base, "--ledger", s.ledger, path).ends(0)
			copies = append(copies, path)
			holds(s, path, before)
			release()
		}
		p.ends(0)
		s.all(ledger.Created, n)
		if len(copies) == 0 {
			t.Fatal("no backup was made beside the run: the test proves nothing")
		}
		first := statuses(s.rows())
		if having(s.customersOf(copies[0]), ledger.Created) == len(first) {
			t.Fatal("the backup was made when all was done: the test proves nothing")
		}

		// In the ledger's place, with what belongs to the newer one beside it.
		text, err := os.ReadFile(copies[0])
		if err != nil {
			t.Fatal(err)
		}
		s.write(s.ledger, string(text))
		posts := len(s.posts())
		s.run(s.runArgs()...).ends(9)
		if more := len(s.posts()) - posts; more != 0 {
			t.Errorf("%d requests by an older ledger that was put back", more)
		}
		// As the message says: with nothing else of the same name.
		for _, end := range []string{"-wal", "-shm", ".emergency", ".lock"} {
			if err := os.Remove(s.ledger + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
		if i < 2 { // nothing is sent while the keys of what it lacks may be alive
			p := s.start(s.runArgs()...)
			p.until("nothing else is sent before")
			p.signal(syscall.SIGTERM)
			p.ends(143)
			if more := len(s.posts()) - posts; more != 0 {
				t.Errorf("%d requests while keys are alive", more)
			}
		} else {
			s.run(s.runArgs(append(unhurried(), "--gap", "ours")...)...).ends(3)
			truthful(s, s.rows())
		}
		if users := len(s.users()); users != n {
			t.Errorf("%d users for %d people\n%s", users, n, describe(s))
		}
	})
}

// holds fails unless a backup is whole and has the intents of these requests.
func holds(s *scene, path string, posts []sandbox.Post) {
	s.Helper()
	s.run("ledger", "verify", "--base-url", s.base, "--ledger", path).ends(0)
	keys := map[string]bool{}
	for _, r := range s.customersOf(path) {
		keys[r.Customer.Key] = true
	}
	for _, p := range posts {
		if !keys[p.Key] {
			s.Errorf("a backup that was begun after the request of %s arrived does not have its intent", p.Email)
		}
	}
}

// customersOf are the report lines of another ledger.
func (s *scene) customersOf(path string) (rows []ledger.Reported) {
	s.Helper()
	l, err := sqlite.Open(context.Background(), sqlite.Options{Path: path, ReadOnly: true})
	if err != nil {
		s.Fatalf("%s: %v", path, err)
	}
	defer closing(s, l)
	for r, err := range l.Rows(context.Background(), ledger.Selection{}) {
		if err != nil {
			s.Fatalf("%s: %v", path, err)
		}
		rows = append(rows, r)
	}
	return rows
}

// truthful fails unless each row says of its person what the partner knows:
// created and link_missing with the partner's own data, and only of a user that
// was made through the API. It returns the e-mails of the created ones.
func truthful(s *scene, rows []ledger.Reported) (created map[string]bool) {
	s.Helper()
	created = map[string]bool{}
	users := map[string]sandbox.User{}
	measures := 0 // a ledger that created fewer than three users cannot tell whose another one is
	for _, r := range rows {
		if r.Status == ledger.Created {
			measures++
		}
	}
	for _, u := range s.users() {
		if _, twice := users[u.Email]; twice {
			s.Errorf("created twice: %s", u.Email)
		}
		users[u.Email] = u
	}
	for _, r := range rows {
		u, found := users[r.Customer.Email]
		switch r.Status {
		case ledger.Created:
			created[r.Customer.Email] = true
			if u.VerificationURL != r.Customer.URL || u.ServiceID != r.Customer.ServiceID || u.Origin != sandbox.FromAPI {
				s.Errorf("row %d is created with other data than the partner's: %+v, partner %+v", r.Number, r.Customer, u)
			}
		case ledger.LinkMissing:
			if u.ServiceID != r.Customer.ServiceID || u.Origin != sandbox.FromAPI {
				s.Errorf("row %d is link_missing with another user: %+v, partner %+v", r.Number, r.Customer, u)
			}
		case ledger.Duplicate:
			if !found {
				s.Errorf("row %d is a duplicate of nobody", r.Number)
			}
		case ledger.InDoubt:
			if r.Customer.Code != "created_at_unproved" || measures >= 3 {
				s.Errorf("row %d is in doubt (%s), and %d users tell the partner's time", r.Number, r.Customer.Code, measures)
			}
		default:
			s.Errorf("row %d is %s (%s)", r.Number, r.Status, r.Customer.Code)
		}
	}
	return created
}

// Fault 46: two processes, one file, two ledgers, at the same time: one user
// each, whose link is in one of the two ledgers.
func TestPromiseTwoLedgers(t *testing.T) {
	long(t)
	t.Parallel()
	names := []string{"e-mails repeat", "e-mails unique", "keys known at completion only"}
	strands(t, names, 3, func(i int, t strand) {
		const n = 40
		cfg := sandbox.Config{Latency: 5 * time.Millisecond, LatencyMax: 25 * time.Millisecond, KeyTTL: keyLife, EmailsRepeat: i == 0,
			Preexisting: []sandbox.User{{Email: "known@example.org", CreatedAt: time.Now().Add(-time.Hour)}}}
		if i == 2 {
			var err error
			if cfg.Faults, err = parseFaults([]string{"key-at-completion"}); err != nil {
				t.Fatal(err)
			}
		}
		input := people(n)
		if i > 0 {
			input += person(n, "known@example.org")
		}
		s := newScene(t, cfg, input)
		s.flags = append(s.flags, "--check-existing", "never", "--timeout", "4s", "--settle", "4s")
		second := s.runElsewhere("second")
		var both sync.WaitGroup // neither sends before the other is ready to
		both.Add(2)
		s.before = func(call string, n int) {
			if call == "wallet" && n <= 2 {
				both.Done()
				both.Wait()
			}
		}
		s.instead = newHandicap().holdBack
		a := s.start(s.runArgs()...)
		s.env = []string{"BULKONBOARD_API_KEY=" + promiseKey + "2"}
		b := s.start(second...)
		a.ends(0, 3)
		b.ends(0, 3)
		mine, theirs := s.rows(), s.customersOf(s.path("second.db"))
		one, two := truthful(s, mine), truthful(s, theirs)
		for _, u := range s.users() {
			if u.Origin == sandbox.FromAPI && one[u.Email] == two[u.Email] {
				t.Errorf("the link of %s is in one ledger: %v, in the other: %v\n%s", u.Email, one[u.Email], two[u.Email], describe(s))
			}
		}
		if len(one) == 0 || len(two) == 0 {
			t.Errorf("%d were created by one process and %d by the other: they did not meet", len(one), len(two))
		}
		for _, rows := range [][]ledger.Reported{mine, theirs} {
			for _, r := range rows {
				if known := strings.HasPrefix(r.Customer.Email, "known"); r.Status != ledger.InDoubt && known != (r.Status == ledger.Duplicate) && (known || i != 2) {
					t.Errorf("row %d (%s) is %s", r.Number, r.Customer.Email, r.Status)
				}
			}
		}
	})
}

// handicap lets the slower of two processes catch up: the one that came first has
// its first user before the other one sends anything, and waits until that one has
// some, too. Until its first user a process sends one row at a time, and so would
// meet nothing but used keys.
type handicap struct {
	mu     sync.Mutex
	leader string         // API key of the process that came first
	came   map[string]int // create-user requests, by API key
	first  chan struct{}  // closed when the leader has its first user
	enough chan struct{}  // closed when the other one has some users
}

func newHandicap() *handicap {
	return &handicap{came: map[string]int{}, first: make(chan struct{}), enough: make(chan struct{})}
}

// holdBack keeps the leader's requests but the first, and the other one's until the
// leader's first was answered. It answers none itself.
func (h *handicap) holdBack(_ http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodPost {
		return false
	}
	who := r.Header.Get("Authorization")
	h.mu.Lock()
	if h.leader == "" {
		h.leader = who
	}
	h.came[who]++
	n, leads := h.came[who], who == h.leader
	h.mu.Unlock()
	until := h.first
	switch {
	case leads && n == 1:
		return false
	case leads && n == 2:
		close(h.first)
		until = h.enough
	case leads:
		until = h.enough
	case n == 6:
		close(h.enough)
	}
	select {
	case <-until:
	case <-r.Context().Done():
	}
	return false
}

// runElsewhere is the everyday command with another ledger and report.
func (s *scene) runElsewhere(name string) []string {
	other := scene{base: s.base, input: s.input, flags: s.flags, dir: s.dir, ledger: s.path(name + ".db"), report: s.path(name + ".csv")}
	return other.runArgs("--rejects", s.path(name+".rejects.csv"))
}
