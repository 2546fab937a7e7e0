package kyccmd

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// skippedEvents counts the webhook events that should concern the ledger and were not
// recorded, by name and reason. The zero value counts none. It may be used by any
// number of goroutines.
type skippedEvents struct {
	mu     sync.Mutex
	counts map[skippedKind]int
}

type skippedKind struct{ name, why string }

// maxSkippedKinds are counted one by one, all others together: names are the sender's.
const maxSkippedKinds = 100

// add counts an event, and returns what to say of it: "" if that was said before.
func (s *skippedEvents) add(name string, why error) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[skippedKind]int{}
	}
	kind := skippedKind{name, why.Error()}
	if s.counts[kind] == 0 && len(s.counts) >= maxSkippedKinds {
		kind = skippedKind{"other events", "see above"}
	}
	s.counts[kind]++
	if s.counts[kind] > 1 {
		return ""
	}
	return fmt.Sprintf("%s not recorded: %s", kind.name, kind.why)
}

// report writes a line for each kind of event, with how many there were.
func (s *skippedEvents) report(to io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kinds := slices.SortedFunc(maps.Keys(s.counts), func(a, b skippedKind) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.why, b.why))
	})
	for _, k := range kinds {
		fmt.Fprintf(to, "warning: %s: %s not recorded: %s\n", k.name, term.Count(s.counts[k], "event"), k.why)
	}
}
