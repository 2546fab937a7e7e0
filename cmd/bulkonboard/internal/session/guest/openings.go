package guest

import "sync"

// Openings counts how often a process has the file of its ledger open. Where several
// commands of one process open it, only the first may open the file beside SQLite, and
// no other one meanwhile: when such a file is closed, the system drops all locks that
// the process has on it. The zero value is ready to use. It is safe for any number of
// goroutines.
type Openings struct {
	mu    sync.Mutex
	count int
}

// Open opens the ledger once more. open is told whether it is open already.
func (o *Openings) Open(open func(isOpen bool) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	err := open(o.count > 0)
	if err == nil {
		o.count++
	}
	return err
}

// Close closes what Open has opened.
func (o *Openings) Close(end func() error) error {
	err := end()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.count--
	return err
}
