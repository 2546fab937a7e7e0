package plans

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// bookName is the name of the book in its folder.
const bookName = "plans.jsonl"

// entry says of which list a plan is. The ledger has the rest.
type entry struct {
	Plan     string    `json:"plan"`
	List     string    `json:"list"`
	Name     string    `json:"name"` // of the sender's file
	Revision int       `json:"revision"`
	Limit    int       `json:"limit,omitempty"`
	Fee      string    `json:"fee,omitempty"`    // as typed; "" = known otherwise
	Origin   int64     `json:"origin,omitempty"` // of the list
	Made     time.Time `json:"madeAt"`

	Overlaps []api.Overlap `json:"overlaps,omitempty"` // when it was made
	Warnings []string      `json:"warnings,omitempty"` // likewise
}

// book keeps which plan is of which list. Lines are only appended: a line that a kill
// cut short belongs to a plan that nobody was shown. It is safe for any number of
// goroutines.
type book struct {
	mu   sync.Mutex
	file *os.File
	byID map[string]entry
	last map[string]string // newest plan of each list
}

func openBook(folder string) (*book, error) {
	file, err := os.OpenFile(filepath.Join(folder, bookName), os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the list of plans: %w", err)
	}
	b := &book{file: file, byID: map[string]entry{}, last: map[string]string{}}
	for lines := bufio.NewReader(file); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, errors.Join(err, file.Close())
		}
		var e entry
		if json.Unmarshal(line, &e) == nil && e.Plan != "" {
			b.keep(e)
		}
		if err == nil {
			continue
		}
		if len(line) > 0 { // torn
			_, err = file.WriteString("\n")
			return b, err
		}
		return b, nil
	}
}

func (b *book) keep(e entry) {
	b.byID[e.Plan] = e
	b.last[e.List] = e.Plan
}

// add notes a plan. It is on the disk when add returns.
func (b *book) add(e entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, err := b.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("noting plan %s: %w", e.Plan, err)
	}
	if err := b.file.Sync(); err != nil {
		return fmt.Errorf("noting plan %s: %w", e.Plan, err)
	}
	b.keep(e)
	return nil
}

func (b *book) find(plan string) (entry, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, isKnown := b.byID[plan]
	return e, isKnown
}

// newest returns the newest plan of a list, "" if it has none.
func (b *book) newest(list string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last[list]
}
