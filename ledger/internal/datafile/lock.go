package datafile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/fileperm"
)

// Lock is the right to send, held as an advisory lock on <ledger>.lock. The
// file remains when the lock is released: if it were removed, two processes could hold it.
type Lock struct{ f *os.File }

// TakeLock acquires the lock of a ledger, and waits for it at most as long as wait.
// Processes that are refused show command. ErrLocked names the holder.
func TakeLock(ctx context.Context, path string, wait time.Duration, command string, now time.Time) (*Lock, error) {
	name := path + ".lock"
	f, err := fileperm.OpenOrCreate(name, os.O_RDWR)
	if errors.Is(err, fileperm.ErrNotPrivate) {
		return nil, notOwn(name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be made or opened: %w; make the ledger's directory writable, or move the ledger: %w", name, reasonOf(err), ledger.ErrWrite)
	}
	until := time.Now().Add(wait)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err = flock(f)
		if err == nil || !errors.Is(err, ledger.ErrLocked) || !time.Now().Before(until) {
			break
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		case <-tick.C:
		}
	}
	if errors.Is(err, ledger.ErrLocked) {
		err = fmt.Errorf("%s is in use by %s; wait until it ends, or pass --lock-timeout: %w", path, holder(f), ledger.ErrLocked)
	}
	l := &Lock{f}
	if err == nil {
		err = l.sign(command, now)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return l, nil
}

// sign writes who holds the lock: one "name value" a line.
func (l *Lock) sign(command string, now time.Time) error {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	text := fmt.Sprintf("pid %d\nhost %s\ncommand %s\nstarted %s\n", os.Getpid(), oneLine(host), oneLine(command), now.UTC().Format(time.RFC3339))
	if err := l.f.Truncate(0); err != nil {
		return fmt.Errorf("%s: %w: %w", l.f.Name(), err, ledger.ErrWrite)
	}
	if _, err := l.f.WriteAt([]byte(text), 0); err != nil {
		return fmt.Errorf("%s: %w: %w", l.f.Name(), err, ledger.ErrWrite)
	}
	return nil
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// holder returns the signature in printable form; it may be half written or hostile.
func holder(f *os.File) string {
	var buf [1024]byte
	n, _ := f.ReadAt(buf[:], 0) // a short read is the normal case, an unreadable one gives the words below
	parts := map[string]string{}
	for line := range strings.Lines(string(buf[:n])) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		parts[name] = oneLine(strings.ToValidUTF8(value, ""))
	}
	if parts["pid"] == "" {
		return "another run"
	}
	return fmt.Sprintf("%q, process %s on %s, since %s", parts["command"], parts["pid"], parts["host"], parts["started"])
}

// Release releases the lock.
func (l *Lock) Release() error {
	return errors.Join(l.f.Truncate(0), l.f.Close())
}
