package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// store is everything that the partner knows, in memory, with the journal
// behind it. Each change is written before it is made.
type store struct {
	cfg settings

	mu      sync.Mutex // guards all that follows
	journal journal
	members members
	keys    keyring
	wallet  wallet
	tries   map[string]int // e-mail in lower case → POSTs
	count   Counters
	others  int // users whom list-churn brought
}

func openStore(cfg settings) (*store, error) {
	st := &store{cfg: cfg, members: newMembers(cfg.Seed), keys: keyring{ttl: cfg.KeyTTL, at: map[string]int64{}}, wallet: wallet{start: cfg.balance},
		tries: map[string]int{}, count: Counters{Classes: map[string]int{}, Faults: map[string]int{}}}
	if cfg.StateFile != "" {
		var err error
		if st.journal, err = openJournal(cfg.StateFile, cfg.Account, st.applyEntry); err != nil {
			return nil, err
		}
	}
	for _, u := range cfg.Preexisting {
		if err := st.addPreexisting(u); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(st.members.live, compareCreation)
	return st, nil
}

func (st *store) addPreexisting(u User) error {
	if u.Email == "" || st.members.isTaken(u.Email, st.cfg.EmailsCase) {
		return nil
	}
	if u.CreatedAt.IsZero() {
		u.CreatedAt = st.cfg.now().Add(-24 * time.Hour)
	}
	u.ServiceID = cmp.Or(u.ServiceID, st.members.newID(st.cfg.Account, u.Email, chosen{}))
	u.Program, u.Status, u.Origin = cmp.Or(u.Program, "custodial"), cmp.Or(u.Status, approved), FromBefore
	return st.addEntry(entry{Op: opUser, User: &u})
}

// addEntry writes an entry and then does what it says. The caller holds mu.
func (st *store) addEntry(e entry) error {
	if err := st.journal.appendEntry(e); err != nil {
		return err
	}
	return st.applyEntry(e)
}

// saveEntry is addEntry for callers without the lock.
func (st *store) saveEntry(e entry) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.addEntry(e)
}

// applyEntry does what an entry says, be it new or read back.
func (st *store) applyEntry(e entry) error {
	switch e.Op {
	case opKey:
		st.keys.at[e.Key] = e.At
	case opFree:
		delete(st.keys.at, e.Key)
	case opUser:
		u := *e.User
		u.CreatedAt = u.CreatedAt.UTC().Truncate(time.Millisecond)
		st.members.addMember(u)
		st.wallet.charged += e.Amount
	case opFee:
		st.wallet.charged += e.Amount
	case opTop:
		st.wallet.topped += e.Amount
	case opEnd:
		st.count.Classes[e.Class]++
	case opCall:
		*st.count.counterOf(e.Class)++
		if e.Class == callCreate {
			st.tries[strings.ToLower(e.Email)]++
		}
	case opStatus, opRetry, opGone, opOpen:
		if m := st.members.findMember(e.ID); m != nil { // else one of list-churn's, which are not kept
			st.changeMember(m, e)
		}
	default:
		return fmt.Errorf("written by a newer version: %q", e.Op)
	}
	return nil
}

func (st *store) changeMember(m *member, e entry) {
	switch e.Op {
	case opStatus:
		m.Status = e.Status
	case opRetry:
		m.retries++
		m.Status = e.Status
		if e.Status == pendingKYC {
			m.links++
			m.opened = false
			if e.At != 0 {
				m.issued = time.UnixMilli(e.At)
			}
		}
	case opOpen:
		m.opened = true
	case opGone:
		st.members.removeMember(m)
	}
}

// createUser creates the user with a KYC status, unless e-mail or wallet are
// against it. The look-up, the charge and the new user are one step.
func (st *store) createUser(b *createBody, status string, picked chosen) (reply, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	ms, fee := &st.members, st.cfg.fee
	if ms.paid[strings.ToLower(b.Email)] {
		fee = 0
	}
	hasFunds := st.wallet.balance() >= fee
	mayRepeat := st.cfg.EmailsRepeat || picked.hasFault(faultEmailTwice)
	if !mayRepeat && ms.isTaken(b.Email, st.cfg.EmailsCase || picked.hasFault(faultEmailCase)) {
		var err error
		if picked.hasFault(faultDupAfterFee) && hasFunds {
			err = st.addEntry(entry{Op: opFee, Amount: fee})
		}
		return errorReply(http.StatusBadRequest, ClassDupUser, "DUP_USER", "A user with this email already exists"), err
	}
	if !hasFunds {
		return noFunds(), nil
	}
	u := User{Email: b.Email, FirstName: b.FirstName, LastName: b.LastName, ServiceID: ms.newID(st.cfg.Account, b.Email, picked),
		Program: b.Program, Status: status, Origin: FromAPI, CreatedAt: st.cfg.now()}
	if err := st.addEntry(entry{Op: opUser, User: &u, Amount: fee}); err != nil {
		return reply{}, err
	}
	if spent := picked.faultNamed(faultOthersSpend).amount; spent != 0 {
		if err := st.addEntry(entry{Op: opTop, Amount: -spent}); err != nil {
			return reply{}, err
		}
	}
	rep := successReply(http.StatusCreated, "User created successfully", createdData{u.ServiceID, ms.linkOf(u.ServiceID, 0)})
	rep.id = u.ServiceID
	return rep, nil
}

// countUsers returns how many users an e-mail has had, deleted ones included.
func (st *store) countUsers(email string) (n int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for m := st.members.byEmail[strings.ToLower(email)]; m != nil; m = m.before {
		n++
	}
	return n
}

// countCall counts a request. It returns its number among those of its call, and
// which POST of its e-mail it is.
func (st *store) countCall(call, email string) (n, try int, err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	err = st.addEntry(entry{Op: opCall, Class: call, Email: email})
	return *st.count.counterOf(call), st.tries[strings.ToLower(email)], err
}

func (st *store) countFault(picked chosen) {
	if picked.answer.Name == "" {
		return
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.count.Faults[picked.answer.Name]++
}

// keyring remembers idempotency keys for their time to live. What it answered
// is not kept: a repeated key is refused, the first answer is not replayed.
type keyring struct {
	ttl time.Duration
	at  map[string]int64 // key → when it was registered, Unix milliseconds by the simulated clock
}

func (k *keyring) isKnown(key string, now time.Time) bool {
	at, ok := k.at[key]
	return ok && now.UnixMilli()-at < k.ttl.Milliseconds()
}

// takeKey registers a key unless it is known. It reports whether it did.
func (st *store) takeKey(key string) (bool, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	now := st.cfg.now()
	if st.keys.isKnown(key, now) {
		return false, nil
	}
	return true, st.addEntry(entry{Op: opKey, Key: key, At: now.UnixMilli()})
}

func (st *store) knowsKey(key string) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.keys.isKnown(key, st.cfg.now())
}
