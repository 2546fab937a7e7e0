package sqlite

import (
	_ "embed"
	"errors"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/datafile"
)

// applicationID marks the file as ours: "BOLG" as a number, at offset 68 of
// the SQLite header.
const applicationID = 0x424f4c47

//go:embed schema.sql
var schema string

// ErrOlder says that a ledger was made by a version before the first release.
var ErrOlder = errors.New("ledger was made by an unreleased version")

// checkFile refuses a file that is not safely ours, before SQLite opens it. The
// notices are for the operator.
func checkFile(path string, isWritten bool) (notices []string, err error) {
	found, err := datafile.Check(path, applicationID, isWritten)
	return found.Notices, err
}

// otherVersion is the refusal of a ledger that a newer program made, or an
// unreleased one.
func otherVersion(path string, version, newest int) error {
	if version > newest {
		return fmt.Errorf("%s has schema %d and this program knows %d; use the newer program: %w", path, version, newest, ledger.ErrNewer)
	}
	return fmt.Errorf("%s was made by an unreleased version of this program (schema %d, now %d): export its users with that version (`bulkonboard ledger export`), and import them into a new ledger: %w",
		path, version, newest, ErrOlder)
}
