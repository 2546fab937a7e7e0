package sandbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"time"
	"unique"
)

// User is one user of the partner account, as tests see it.
type User struct {
	ServiceID       string // default for Preexisting: made up
	Email           string
	FirstName       string
	LastName        string
	Program         string    // default for Preexisting: custodial
	Status          string    // KYC status; default for Preexisting: approved
	CreatedAt       time.Time // milliseconds, by the simulated clock; default for Preexisting: a day ago
	VerificationURL string    // set by the server
	Origin          string    // FromAPI, FromBefore or FromOthers; set by the server
}

// Where a user came from.
const (
	FromAPI    = "api"         // created by a request
	FromBefore = "preexisting" // Config.Preexisting
	FromOthers = "others"      // came with list-churn
)

// person is a user in memory; a million of them should cost little.
type person struct {
	email, first, last      string
	program, status, origin string // shared constants
	id                      string
	created                 int64 // Unix milliseconds, by the simulated clock
	before                  int32 // the person before with the same e-mail but for case, gone or not; -1 = none
	retries                 uint8
	silent                  uint8 // retries that brought no new link
	gone                    bool
}

// store is everything that the partner knows, in memory, with the journal
// behind it. Each change is written before it is made.
type store struct {
	cfg settings

	mu      sync.Mutex
	journal journal
	people  []person         // in the order of creation; never shrinks
	byEmail map[string]int32 // e-mail in lower case → newest person with it
	byID    map[string]int32
	live    []int32 // those that list-users shows, oldest first
	sorted  []int32 // live by serviceId, nil when it has to be made again
	paid    map[string]bool
	keys    keyring
	tries   map[uint64]uint32 // hash of the folded e-mail → POSTs
	charged money
	topped  money
	count   Counters
	others  int
}

func openStore(cfg settings) (*store, error) {
	st := &store{cfg: cfg, byEmail: map[string]int32{}, byID: map[string]int32{}, paid: map[string]bool{},
		tries: map[uint64]uint32{}, keys: keyring{ttl: cfg.KeyTTL, at: map[string]int64{}}}
	st.count.Classes = map[string]int{}
	st.count.Faults = map[string]int{}
	if cfg.StateFile != "" {
		if err := readStateFile(cfg.StateFile, st.applyEntry); err != nil {
			return nil, err
		}
		now := st.now()
		st.keys.dropExpired(now.UnixMilli())
		file, err := rewriteStateFile(cfg.StateFile, st.writeEntries)
		if err != nil {
			return nil, err
		}
		st.journal.file = file
	}
	for _, u := range cfg.Preexisting {
		if err := st.addPreexisting(u); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(st.live, func(a, b int32) int { return cmp.Compare(st.people[a].created, st.people[b].created) })
	return st, nil
}

func (st *store) now() time.Time { return st.cfg.Now().Add(st.cfg.Skew) }

// isTaken reports whether a user with this e-mail exists.
func (st *store) isTaken(email string, caseMatters bool) bool {
	i, ok := st.byEmail[strings.ToLower(email)]
	for ok && i >= 0 {
		p := &st.people[i]
		if !p.gone && (!caseMatters || p.email == email) {
			return true
		}
		i = p.before
	}
	return false
}

func (st *store) addPreexisting(u User) error {
	if u.Email == "" || st.isTaken(u.Email, st.cfg.EmailsCase) {
		return nil
	}
	at := u.CreatedAt
	if at.IsZero() {
		at = st.now().Add(-24 * time.Hour)
	}
	return st.addEntry(entry{Op: opUser, Email: u.Email, First: u.FirstName, Last: u.LastName, ID: cmp.Or(u.ServiceID, st.newID(u.Email, chosen{})),
		Program: cmp.Or(u.Program, "custodial"), Status: cmp.Or(u.Status, "approved"), Origin: FromBefore, At: at.UnixMilli()})
}

// addEntry writes an entry and then does what it says.
func (st *store) addEntry(e entry) error {
	if err := st.journal.appendEntry(e); err != nil {
		return err
	}
	return st.applyEntry(e)
}

// createUser creates the user with a KYC status, unless e-mail or wallet are
// against it. The look-up, the charge and the new user are one step.
func (st *store) createUser(b *createBody, status string, picked chosen) (reply, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	balance, fee := st.balance(), st.cfg.fee
	if st.paid[strings.ToLower(b.Email)] {
		fee = 0
	}
	mayRepeat := st.cfg.EmailsRepeat || picked.hasFault("email-twice")
	if !mayRepeat && st.isTaken(b.Email, st.cfg.EmailsCase || picked.hasFault("email-case")) {
		if picked.hasFault("dup-after-fee") && balance >= fee {
			if err := st.addEntry(entry{Op: opFee, Fee: fee}); err != nil {
				return reply{}, err
			}
		}
		return dupUser(), nil
	}
	if balance < fee {
		return noFunds(), nil
	}
	e := entry{Op: opUser, Email: b.Email, First: b.FirstName, Last: b.LastName, ID: st.newID(b.Email, picked),
		Program: b.Program, Status: status, Origin: FromAPI, At: st.now().UnixMilli(), Fee: fee}
	if err := st.addEntry(e); err != nil {
		return reply{}, err
	}
	if f := picked.faultNamed("others-spend"); f != nil {
		if err := st.addEntry(entry{Op: opTop, Fee: -f.amount}); err != nil {
			return reply{}, err
		}
	}
	return createdReply(e.ID, st.linkOf(&st.people[len(st.people)-1])), nil
}

func (st *store) balance() money { return st.cfg.balance + st.topped - st.charged }

// newID returns an id that looks random and depends only on the seed, the e-mail
// and how often it was created: two rehearsals of one file give the same report.
func (st *store) newID(email string, picked chosen) string {
	head, number := st.cfg.Account, len(st.people)+1
	if f := picked.forUser("id-slug", st.cfg.Seed, number, email); f != nil {
		head = f.text
	}
	head += "-rain-user-"
	if f := picked.forUser("id-form", st.cfg.Seed, number, email); f != nil {
		switch f.text {
		case "user":
			head = strings.TrimSuffix(head, "rain-user-") + "user-"
		case "bare":
			head = ""
		}
	}
	for n := 0; ; n++ {
		id := head + deriveText(15, st.cfg.Seed, "user", email, n)
		if _, taken := st.byID[id]; !taken {
			return id
		}
	}
}

func (st *store) linkOf(p *person) string {
	return "https://withpersona.com/verify?inquiry-id=inq_" + deriveText(24, st.cfg.Seed, "inquiry", p.id, int(p.retries-p.silent))
}

func (st *store) userOf(p *person) User {
	return User{ServiceID: p.id, Email: p.email, FirstName: p.first, LastName: p.last, Program: p.program, Status: p.status,
		CreatedAt: time.UnixMilli(p.created).UTC(), VerificationURL: st.linkOf(p), Origin: p.origin}
}

func (st *store) findUser(id string) (*person, int32) {
	i, ok := st.byID[id]
	if !ok || st.people[i].gone {
		return nil, 0
	}
	return &st.people[i], i
}

// countPost counts a POST. It returns its number, and which try of its e-mail it is.
func (st *store) countPost(email string) (n, try int, err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	err = st.addEntry(entry{Op: opPost, Email: email})
	return st.count.Posts, int(st.tries[hashEmail(email)]), err
}

func (st *store) countClass(class string) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.addEntry(entry{Op: opEnd, Class: class})
}

// hashEmail keys the tries: 8 bytes each instead of a second copy of a
// million e-mails. That two collide costs a fault that strikes another try.
func hashEmail(email string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(strings.ToLower(email)))
	return h.Sum64()
}

const lowerAlnum = "abcdefghijklmnopqrstuvwxyz0123456789"

// deriveText makes n lower-case letters and digits out of its arguments.
func deriveText(n int, seed uint64, what, of string, again int) string {
	head := binary.BigEndian.AppendUint64(nil, seed)
	head = binary.BigEndian.AppendUint64(head, uint64(again))
	sum := sha256.Sum256(append(append(append(head, what...), 0), of...))
	out := make([]byte, n)
	for i := range out {
		out[i] = lowerAlnum[int(sum[i])%len(lowerAlnum)]
	}
	return string(out)
}

// KYC statuses that the simulated partner gives or asks for.
const (
	pendingKYC = "pending_kyc"
	pending    = "pending"
	approved   = "approved"
	denied     = "denied"
	needs      = "needsVerification"

	manualReview = "manualReview"
)

// sharedWord returns a word that a million users repeat, in one copy.
func sharedWord(word string) string { return unique.Make(word).Value() }

func (st *store) insertUser(p person) {
	i, folded := int32(len(st.people)), strings.ToLower(p.email)
	p.before = -1
	if before, ok := st.byEmail[folded]; ok {
		p.before = before
	}
	st.people = append(st.people, p)
	st.byEmail[folded] = i
	st.byID[p.id] = i
	st.live = append(st.live, i)
	st.sorted = nil
	st.count.Users++
}

func (st *store) removeUser(p *person, i int32) {
	if folded := strings.ToLower(p.email); p.status == approved {
		delete(st.paid, folded)
	} else {
		st.paid[folded] = true
	}
	p.gone = true
	if at := slices.Index(st.live, i); at >= 0 {
		st.live = slices.Delete(st.live, at, at+1)
	}
	st.sorted = nil
	st.count.Users--
}
