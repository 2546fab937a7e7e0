package plans

import (
	"fmt"
	"os"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
)

// ReadFile reads a plan from a file.
func ReadFile(path string) (ledger.Plan, error) {
	text, err := settings.ReadPlanFile(path)
	if err != nil {
		return ledger.Plan{}, err
	}
	p, _, err := approval.ParseFile(text)
	if err != nil {
		return ledger.Plan{}, exit.UsageErrorf("%s: %w", path, err)
	}
	return p, nil
}

// WriteFile writes a plan to a file, for another machine.
func WriteFile(path string, p ledger.Plan) error {
	text, err := approval.EncodeFile(p)
	if err != nil {
		return err
	}
	_, err = atomicfile.Writer{}.Replace(path, func(name string) (bool, error) { return name == path, nil }, func(f *os.File) error {
		_, err := f.Write(text)
		return err
	})
	if err != nil {
		return fmt.Errorf("plan %s: %w", path, err)
	}
	return nil
}
