package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// A ledger of an unreleased version, or of a newer one, is refused with one sentence
// that says what to do, however it is opened, and is not written to. What else such
// a file holds is not looked at.
func TestOtherVersions(t *testing.T) {
	whole, err := os.ReadFile(wholeCopy(t))
	if err != nil {
		t.Fatal(err)
	}
	empty := bytes.Clone(whole[:4096])
	clear(empty[100:])
	empty[100] = 13                                                             // a table's page
	binary.BigEndian.PutUint16(empty[105:], 4096)                               // without records
	binary.BigEndian.PutUint32(empty[28:], 1)                                   // one page
	binary.BigEndian.PutUint32(empty[92:], binary.BigEndian.Uint32(empty[24:])) // its number is up to date
	newest := newestSchema(steps())
	for what, file := range map[string][]byte{"a ledger of ours": whole, "an empty file": empty} {
		for version, want := range map[int]error{0: ErrOlder, 1: ErrOlder, baseSchema - 1: ErrOlder, newest + 1: ledger.ErrNewer, 1 << 30: ledger.ErrNewer} {
			b := bytes.Clone(file)
			binary.BigEndian.PutUint32(b[60:], uint32(version))
			path := filepath.Join(t.TempDir(), "l.db")
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			for door, enter := range shapeDoors() {
				err := enter(t, path)
				if !errors.Is(err, want) || errors.Is(err, ledger.ErrDamaged) {
					t.Errorf("%s, schema %d, %s: %v", what, version, door, err)
					continue
				}
				words := []string{"schema", "newer program"}
				if errors.Is(want, ErrOlder) {
					words = []string{"unreleased", "ledger export", "import"}
				}
				for _, word := range words {
					if !strings.Contains(err.Error(), word) {
						t.Errorf("%s, schema %d, %s: %q is not said: %v", what, version, door, word, err)
					}
				}
				if strings.Contains(err.Error(), "\n") {
					t.Errorf("%s, schema %d, %s: more than one sentence: %v", what, version, door, err)
				}
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, b) {
				t.Errorf("%s, schema %d: it was written to (%v)", what, version, err)
			}
		}
	}
}
