package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// frozen is a ledger that nobody can write to, because its write lock is held.
type frozen struct{ index *os.File }

// canFreeze says that the step between answer and record can be played here.
const canFreeze = true

// writeLock is the byte of the -shm file that SQLite locks for writing in WAL
// mode (sqlite.org/walformat.html, "WAL locks").
const writeLock = 120

// freeze takes the write lock of a ledger as another program would, once
// whoever has it lets it go. SQLite itself would do for that, but the last to
// close a ledger in that way tidies up what a kill left behind. The lock belongs
// to the open file: other readers in this process do not lose it.
func freeze(ledger string) (*frozen, error) {
	f, err := os.OpenFile(ledger+"-shm", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: writeLock, Len: 1}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLKW, &lock); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("locking: %w", err)
	}
	return &frozen{f}, nil
}

func (f *frozen) thaw() { _ = f.index.Close() } // which lets the lock go

// awaitRead waits until the owner of a loopback address has read all that was
// sent to it, or has no such connection any more.
func awaitRead(address string) {
	_, port, _ := strings.Cut(address, ":")
	n, err := strconv.Atoi(port)
	if err != nil {
		return
	}
	local := fmt.Sprintf("0100007F:%04X", n) // 127.0.0.1, as the kernel writes it
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(promiseLimit); unread(local) && time.Now().Before(end); {
		<-tick.C
	}
}

// unread reports whether something waits to be read from a socket.
func unread(local string) bool {
	f, err := os.Open("/proc/net/tcp")
	if err != nil {
		return false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if at := strings.Fields(lines.Text()); len(at) > 4 && at[1] == local {
			_, waits, _ := strings.Cut(at[4], ":")
			return waits != "00000000"
		}
	}
	return false
}
