// Package holder says which process holds the lock of a ledger.
package holder

import (
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// Process is the process that holds the lock of a ledger in a file.
type Process struct {
	PID     int
	Host    string
	Command string
	Since   time.Time // zero if it is not known
}

// Read returns the process that signed the lock of a ledger, if it is alive on
// this machine. A lock that was let go has no signature.
func Read(path string) (Process, bool) {
	f, err := os.Open(path + ".lock")
	if err != nil {
		return Process{}, false
	}
	defer f.Close()
	text, err := limits.ReadAll(f, limits.Lock)
	if err != nil {
		return Process{}, false
	}
	signed := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		signed[name] = value
	}
	h := Process{Host: signed["host"], Command: signed["command"]}
	if h.Since, err = time.Parse(time.RFC3339, signed["started"]); err != nil {
		h.Since = time.Time{}
	}
	host, err := os.Hostname()
	if err != nil || h.Host != host {
		return h, false
	}
	h.PID, err = strconv.Atoi(signed["pid"])
	return h, err == nil && isAlive(h.PID)
}

// isAlive reports whether a process of this machine runs.
func isAlive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil || pid <= 0 {
		return false
	}
	err = p.Signal(syscall.Signal(0)) // Windows has found a process only if it runs, and has no such signal
	return err == nil || errors.Is(err, os.ErrPermission) || runtime.GOOS == "windows"
}
