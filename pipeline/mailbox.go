package pipeline

import "sync"

// mailbox hands values from many goroutines to one without ever blocking the
// givers, so that no cycle of full channels can arise. What lies in it is
// bounded by the jobs under way, not by the mailbox. The zero value is not
// usable; see newMailbox.
type mailbox[T any] struct {
	mu    sync.Mutex
	items []T
	notify  chan struct{} // rings when there is something to take
}

func newMailbox[T any]() *mailbox[T] { return &mailbox[T]{notify: make(chan struct{}, 1)} }

func (m *mailbox[T]) putAll(items ...T) {
	if len(items) == 0 {
		return
	}
	m.mu.Lock()
	m.items = append(m.items, items...)
	m.mu.Unlock()
	m.wake()
}

// wake wakes the taker even if there is nothing new.
func (m *mailbox[T]) wake() {
	select {
	case m.notify <- struct{}{}:
	default:
	}
}

// takeAll returns everything that was put since the last call.
func (m *mailbox[T]) takeAll() []T {
	m.mu.Lock()
	defer m.mu.Unlock()
	items := m.items
	m.items = nil
	return items
}
