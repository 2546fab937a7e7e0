package sandbox

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strconv"
	"strings"
)

// entry is one line of the state file: something that happened. Fields are
// short because there are several lines for each request.
type entry struct {
	Op      string            `json:"o"`
	Key     string            `json:"k,omitempty"`
	Email   string            `json:"e,omitempty"`
	First   string            `json:"f,omitempty"`
	Last    string            `json:"l,omitempty"`
	ID      string            `json:"id,omitempty"`
	Program string            `json:"p,omitempty"`
	Status  string            `json:"s,omitempty"`
	Origin  string            `json:"from,omitempty"`
	At      int64             `json:"at,omitempty"` // Unix milliseconds, by the simulated clock
	Fee     money             `json:"fee,omitempty"`
	N       int               `json:"n,omitempty"`
	Silent  int               `json:"q,omitempty"` // retries that brought no new link
	Class   string            `json:"c,omitempty"`
	Tries   map[string]uint32 `json:"t,omitempty"`
	Count   *Counters         `json:"count,omitempty"`
}

const (
	opHead   = "sandbox/1" // first line: the format, the account's name in ID, the counters
	opTries  = "tries"     // how often e-mails were sent, by hash
	opPost   = "post"      // a create-user request arrived
	opKey    = "key"       // a key was registered
	opFree   = "free"      // and given back
	opUser   = "user"      // a user was created, and the fee charged with it
	opFee    = "fee"       // a fee was charged for nothing
	opTop    = "top"       // money was paid in
	opEnd    = "end"       // a request was decided
	opCall   = "call"      // another call arrived
	opStatus = "status"    // a KYC status changed
	opRetry  = "retry"     // KYC was begun again
	opGone   = "gone"      // a user was deleted
	opPaid   = "paid"      // the KYC of this e-mail is paid for, though its user was deleted
)

// journal appends entries to the state file. Each is one write, so that what
// was answered survives kill -9 of this process; it is not fsynced, since a
// simulated partner need not survive a power cut. The zero value keeps nothing.
type journal struct {
	file *os.File
	err  error // the first failure; nothing is written after it
}

func (j *journal) appendEntry(e entry) error {
	if j.file == nil || j.err != nil {
		return j.err
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = j.file.Write(append(line, '\n'))
	}
	if err != nil {
		j.err = fmt.Errorf("sandbox: state file cannot be written, so nothing more is done: %w", err)
	}
	return j.err
}

func (j *journal) closeFile() error {
	if j.file == nil {
		return j.err
	}
	return errors.Join(j.err, j.file.Close())
}

// readStateFile reads a state file. A last line without its end is what a kill in
// mid-write leaves; it was never answered, and is passed over.
func readStateFile(path string, apply func(entry) error) error {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sandbox: state file: %w", err)
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<20)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("sandbox: state file: %w", err)
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil || n == 1 && e.Op != opHead {
			return fmt.Errorf("sandbox: state file %s, line %d: not written by this sandbox; name another file, or remove it to start again", path, n)
		}
		if err := apply(e); err != nil {
			return fmt.Errorf("sandbox: state file %s, line %d: %w", path, n, err)
		}
	}
}

// rewriteStateFile replaces the state file by one that holds only what still matters,
// and opens it for appending. A kill at any moment leaves the old file or the
// new one.
func rewriteStateFile(path string, entries func(write func(entry) error) error) (*os.File, error) {
	fresh := path + ".new"
	if err := writeNewFile(fresh, entries); err != nil {
		return nil, fmt.Errorf("sandbox: state file: %w", errors.Join(err, os.Remove(fresh)))
	}
	if err := os.Rename(fresh, path); err != nil {
		return nil, fmt.Errorf("sandbox: state file: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("sandbox: state file: %w", err)
	}
	return file, nil
}

func writeNewFile(path string, entries func(write func(entry) error) error) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err // left by a kill, perhaps with other permissions
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(file, 1<<20)
	encoder := json.NewEncoder(out)
	err = entries(func(e entry) error { return encoder.Encode(e) })
	return errors.Join(err, out.Flush(), file.Sync(), file.Close())
}

// applyEntry does what an entry says, be it new or read back.
func (st *store) applyEntry(e entry) error {
	switch e.Op {
	case opHead:
		if e.ID != st.cfg.Account {
			return fmt.Errorf("holds the users of the account %q, not %q", e.ID, st.cfg.Account)
		}
		classes, faults := st.count.Classes, st.count.Faults
		if e.Count != nil {
			st.count = *e.Count
			maps.Copy(classes, e.Count.Classes)
			maps.Copy(faults, e.Count.Faults)
		}
		st.count.Classes, st.count.Faults = classes, faults
		st.count.Users = 0 // counted again as they are read
		st.charged, st.topped = e.Fee, money(e.At)
	case opTries:
		for hash, n := range e.Tries {
			if h, err := strconv.ParseUint(hash, 16, 64); err == nil {
				st.tries[h] = n
			}
		}
	case opPost:
		st.count.Posts++
		st.tries[hashEmail(e.Email)]++
	case opKey:
		st.keys.addKey(e.Key, e.At)
	case opFree:
		delete(st.keys.at, e.Key)
	case opUser:
		st.insertUser(person{email: e.Email, first: e.First, last: e.Last, id: e.ID, created: e.At, retries: uint8(e.N), silent: uint8(e.Silent),
			program: sharedWord(e.Program), status: sharedWord(e.Status), origin: sharedWord(e.Origin)})
		st.charged += e.Fee
	case opFee:
		st.charged += e.Fee
	case opTop:
		st.topped += e.Fee
	case opEnd:
		st.count.Classes[e.Class]++
	case opCall:
		*st.count.counterOf(e.Class)++
	case opPaid:
		st.paid[strings.ToLower(e.Email)] = true
	case opStatus, opRetry, opGone:
		p, i := st.findUser(e.ID)
		if p == nil {
			return nil // one of list-churn's, which are not kept
		}
		switch e.Op {
		case opStatus:
			p.status = sharedWord(e.Status)
		case opRetry:
			p.retries++
			p.status = pendingKYC
			if e.Status == pending {
				p.silent++
				p.status = pending
			}
		case opGone:
			st.removeUser(p, i)
		}
	default:
		return fmt.Errorf("written by a newer version: %q", e.Op)
	}
	return nil
}

// writeEntries writes the shortest state file that says what the store knows.
func (st *store) writeEntries(write func(entry) error) error {
	head := entry{Op: opHead, ID: st.cfg.Account, Fee: st.charged, At: int64(st.topped), Count: &st.count}
	if err := write(head); err != nil {
		return err
	}
	tries := make(map[string]uint32, len(st.tries))
	for hash, n := range st.tries {
		tries[strconv.FormatUint(hash, 16)] = n
	}
	if err := write(entry{Op: opTries, Tries: tries}); err != nil {
		return err
	}
	for email := range st.paid {
		if err := write(entry{Op: opPaid, Email: email}); err != nil {
			return err
		}
	}
	for i := range st.people {
		p := &st.people[i]
		if p.origin == FromOthers || p.gone {
			continue
		}
		e := entry{Op: opUser, Email: p.email, First: p.first, Last: p.last, ID: p.id, Program: p.program,
			Status: p.status, Origin: p.origin, At: p.created, N: int(p.retries), Silent: int(p.silent)}
		if err := write(e); err != nil {
			return err
		}
	}
	for _, k := range st.keys.queue {
		if at, ok := st.keys.at[k.key]; ok && at == k.at {
			if err := write(entry{Op: opKey, Key: k.key, At: k.at}); err != nil {
				return err
			}
		}
	}
	return nil
}
