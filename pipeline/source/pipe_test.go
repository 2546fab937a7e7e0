//go:build unix

package source

import (
	"path/filepath"
	"syscall"
	"testing"
)

func TestPipe(t *testing.T) { // line 1: must not wait for a writer
	path := filepath.Join(t.TempDir(), "a.csv")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	_, err := open(t, Options{}, nil, path)
	refused(t, err, Error{Reason: "a pipe", Hint: "standard input"})
}
