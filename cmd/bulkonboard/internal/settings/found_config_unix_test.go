//go:build !windows

package settings

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Of two files that change places while they are opened, the descriptor says
// which one was read: never the one that others may write.
func TestHostileFoundConfigRace(t *testing.T) {
	dir := t.TempDir()
	ours, theirs, name := filepath.Join(dir, "ours.yaml"), filepath.Join(dir, "theirs.yaml"), filepath.Join(dir, "bulkonboard.yaml")
	if err := errors.Join(os.WriteFile(ours, []byte("rate: 5/s\n"), 0o600), os.WriteFile(theirs, []byte("rate: 6/s\n"), 0o600), os.Chmod(theirs, 0o666)); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	swapped := make(chan error, 1)
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				swapped <- nil
				return
			default:
			}
			from := []string{ours, theirs}[i%2]
			if err := os.Link(from, name+".new"); err != nil {
				swapped <- err
				return
			}
			if err := os.Rename(name+".new", name); err != nil {
				swapped <- err
				return
			}
			_ = os.Remove(name + ".new") // a rename onto the same file leaves it
		}
	}()
	for range 5000 {
		text, ignored, err := readFoundFile(name, maxConfig)
		if err == nil && ignored == "" && string(text) != "rate: 5/s\n" {
			t.Errorf("read %q", text)
			break
		}
	}
	close(stop)
	if err := <-swapped; err != nil {
		t.Fatal(err)
	}
}
