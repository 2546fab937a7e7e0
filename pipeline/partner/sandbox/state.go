package sandbox

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// entry is one line of the state file: something that happened.
type entry struct {
	Op     string `json:"op"`
	Key    string `json:"key,omitempty"`
	Email  string `json:"email,omitempty"`
	ID     string `json:"id,omitempty"`
	Status string `json:"status,omitempty"`
	Class  string `json:"class,omitempty"`
	At     int64  `json:"at,omitempty"` // Unix milliseconds, by the simulated clock
	Amount money  `json:"amount,omitempty"`
	User   *User  `json:"user,omitempty"`
}

const (
	opHead   = "sandbox/2" // first line: the format, and the account's name in ID
	opCall   = "call"      // a request arrived
	opKey    = "key"       // a key was registered
	opFree   = "free"      // and given back
	opUser   = "user"      // a user was created, and the fee charged with it
	opFee    = "fee"       // a fee was charged for nothing
	opTop    = "top"       // money was paid in
	opEnd    = "end"       // a create-user request was decided
	opStatus = "status"    // a KYC status changed
	opRetry  = "retry"     // KYC was begun again
	opGone   = "gone"      // a user was deleted
	opOpen   = "open"      // a user opened the verification link
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

// openJournal applies the entries of a state file and opens it for more. A last
// line without its end is what a kill in mid-write leaves: it was never
// answered, and is cut off.
func openJournal(path, account string, apply func(entry) error) (journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return journal{}, fmt.Errorf("sandbox: state file: %w", err)
	}
	size, err := readEntries(file, account, apply)
	if err == nil {
		_, err = file.Seek(size, io.SeekStart)
		err = errors.Join(err, file.Truncate(size), file.Chmod(0o600))
	}
	j := journal{file: file}
	if err == nil && size == 0 {
		err = j.appendEntry(entry{Op: opHead, ID: account})
	}
	if err != nil {
		return journal{}, fmt.Errorf("sandbox: state file %s: %w", path, errors.Join(err, file.Close()))
	}
	return j, nil
}

// readEntries applies all whole lines and returns their size in bytes.
func readEntries(file io.Reader, account string, apply func(entry) error) (size int64, err error) {
	in := bufio.NewReader(file)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return size, nil
		}
		if err != nil {
			return 0, err
		}
		var e entry
		switch err := json.Unmarshal(line, &e); {
		case err != nil || n == 1 && e.Op != opHead || e.Op == opUser && e.User == nil || e.Op == opCall && !isCall(e.Class):
			return 0, fmt.Errorf("line %d: not written by this sandbox; name another file, or remove it to start again", n)
		case n == 1 && e.ID != account:
			return 0, fmt.Errorf("line 1: holds the users of the account %q, not %q", e.ID, account)
		case n > 1:
			if err := apply(e); err != nil {
				return 0, fmt.Errorf("line %d: %w", n, err)
			}
		}
		size += int64(len(line))
	}
}
