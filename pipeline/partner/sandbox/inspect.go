package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"sort"
	"sync"
	"time"
)

// Post is one create-user request as it arrived.
type Post struct {
	Seq       int    // order of arrival among all requests, from 1, of this process
	N         int    // number of the POST, from 1, over the life of the state file
	Try       int    // which POST of its e-mail it is, from 1
	Key       string // idempotency key
	Email     string // as sent
	Arrived   time.Time
	Completed time.Time // when it was answered or given up; zero while in progress
	Class     string    // what was decided, even if a fault kept it from the client; "" while undecided
	Status    int       // HTTP status that was sent; 0 if none
	Fault     string    // name of the answer fault that struck, "" if none
	ServiceID string    // of the user that it created, "" if none
	BodyHash  [32]byte  // SHA-256 of the body
	Remote    string    // the client's address
}

// List is one list-users request that was let in or refused.
type List struct {
	Seq         int // as Post.Seq
	Skip, Limit int // as asked; Limit 0 if it was not said
	Users       int // users on the page
	Status      int // HTTP status decided
	Arrived     time.Time
	Decided     time.Time // when the page was made, before it was sent
}

// Counters are totals over the life of the state file.
type Counters struct {
	Posts   int // create-user requests
	Lists   int
	Wallets int
	Deletes int
	Retries int
	Users   int            // that exist now
	Classes map[string]int // create-user requests by what was decided
	Faults  map[string]int // answer faults by how often they were chosen; of this process only
}

// Users returns the users that exist, oldest first.
func (s *Server) Users() []User {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return s.store.members.listLive()
}

// Posts returns the newest Config.KeepPosts create-user requests of this
// process in order of arrival, those in progress included.
func (s *Server) Posts() []Post {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	posts := make([]Post, len(s.record.posts))
	for i, p := range s.record.posts {
		posts[i] = *p
	}
	return posts
}

// Lists returns the newest list-users requests likewise, once decided.
func (s *Server) Lists() []List {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	lists := slices.Clone(s.record.lists)
	sort.Slice(lists, func(i, j int) bool { return lists[i].Seq < lists[j].Seq })
	return lists
}

// Counters returns a copy.
func (s *Server) Counters() Counters {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	c := s.store.count
	c.Users = len(s.store.members.live)
	c.Classes, c.Faults = maps.Clone(c.Classes), maps.Clone(c.Faults)
	return c
}

// Charged returns the sum of all fees as an exact decimal.
func (s *Server) Charged() string {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return s.store.wallet.charged.String()
}

// Balance returns what the wallet holds as an exact decimal.
func (s *Server) Balance() string {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return s.store.wallet.balance().String()
}

func (c *Counters) counterOf(call string) *int {
	return map[string]*int{callCreate: &c.Posts, callList: &c.Lists, callWallet: &c.Wallets, callDelete: &c.Deletes, callRetry: &c.Retries}[call]
}

// record keeps the newest requests for tests.
type record struct {
	mu    sync.Mutex
	keep  int // requests of each kind
	seq   int
	posts []*Post // in the order of Seq
	lists []List
}

// update changes the record, or a Post in it, under its lock.
func (r *record) update(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

// nextSeq numbers a request in the order of arrival. The caller holds mu.
func (r *record) nextSeq() int {
	r.seq++
	return r.seq
}

// newest returns the last n items.
func newest[T any](items []T, n int) []T { return items[max(0, len(items)-n):] }

// addList adds a list-users request with what was decided.
func (r *record) addList(l List, req *http.Request, rep reply) {
	l.Status = rep.status
	l.Skip, _ = queryNumber(req, "skip", 0)
	l.Limit, _ = queryNumber(req, "limit", 0)
	if data, ok := rep.data.(listData); ok {
		l.Users = len(data.Users)
	}
	r.update(func() { r.lists = newest(append(r.lists, l), r.keep) })
}

// PassTime makes everything that the partner remembers older, as if that time had passed.
// What is due by then happens at once. The state file does not learn of it.
func (s *Server) PassTime(d time.Duration) {
	s.store.mu.Lock()
	for _, m := range s.store.members.all {
		m.CreatedAt, m.issued = m.CreatedAt.Add(-d), m.issued.Add(-d)
	}
	for key := range s.store.keys.at {
		s.store.keys.at[key] -= d.Milliseconds()
	}
	s.store.mu.Unlock()
	s.checks.mu.Lock()
	for i := range s.checks.due {
		s.checks.due[i].at = s.checks.due[i].at.Add(-d)
	}
	s.checks.mu.Unlock()
	s.checks.wakeUp()
}
