package sandbox

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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
			return fmt.Errorf("sandbox: state file %s, line %d: not written by this sandbox; name another file, or remove it to begin anew", path, n)
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
		return err // left by a kill, with whatever permissions
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
