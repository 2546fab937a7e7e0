package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
)

// skippedEvents counts the webhook events that should concern the ledger and were not
// recorded, by what is to be said of them. The zero value counts none.
type skippedEvents struct {
	mu     sync.Mutex
	counts map[string]int
}

const (
	maxSkippedKinds = 100 // beyond that they are counted together
	otherSkipped    = "further events"
)

// add counts an event, and returns what to say of it: "" if that was said before.
func (s *skippedEvents) add(name string, why error) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[string]int{}
	}
	line := fmt.Sprintf("%s: not recorded: %v", name, why)
	if s.counts[line] == 0 && len(s.counts) >= maxSkippedKinds {
		line = otherSkipped
	}
	s.counts[line]++
	if s.counts[line] > 1 {
		return ""
	}
	return line
}

// tell writes a line for each kind of event, with how many there were.
func (s *skippedEvents) tell(to io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range slices.Sorted(maps.Keys(s.counts)) {
		name, why, _ := strings.Cut(line, ": ")
		fmt.Fprintln(to, strings.TrimSuffix(fmt.Sprintf("warning: %s %s: %s", eventsText(s.counts[line]), name, why), ": "))
	}
}

func eventsText(n int) string {
	if n == 1 {
		return "1 event"
	}
	return number(n) + " events"
}
