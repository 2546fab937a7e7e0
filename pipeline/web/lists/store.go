package lists

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// MaxRows is how many rows one answer has at most.
const MaxRows = 500

const (
	defaultMaxLists  = 100
	defaultKeepBytes = 4 << 30
	// maxLoadedRows is how many rows of all lists are kept in memory. The list that was
	// used longest ago is dropped first, and checked again when it is asked for.
	maxLoadedRows = 1_000_000
)

// Options say how all lists are read and checked. The zero value is that of a rehearsal.
type Options struct {
	Live      bool              // the rules of a target that a real wallet pays for
	Strict    bool              // as --strict
	Defaults  map[string]string // as --default
	MaxLists  int               // kept at the same time; 0 = 100
	KeepBytes int64             // of all uploads together; 0 = 4 GiB
	MapFiles  MapFiles          // for mappings that are kept; nil = none are
}

// Editor is who changes which state of a list.
type Editor struct {
	Name     string
	Revision int
}

// Store keeps all lists. It is safe for any number of goroutines.
type Store struct {
	folder string
	// mappings is the folder of the map files that are kept.
	mappings string
	opt      Options
	log      *slog.Logger
	ctx      context.Context //nolint:containedctx // checks end with Close
	cancel   context.CancelFunc
	checks   sync.WaitGroup
	turns    chan struct{} // one for each check that may run at the same time
	locked   *os.File      // held as long as the store is open
	most     int           // findings of a list that are kept one by one
	// removeAll removes a folder, as os.RemoveAll.
	removeAll func(folder string) error

	mu    sync.Mutex
	lists map[string]*list
}

// Open reads the lists that an earlier process kept in a folder.
func Open(folder string, opt Options, log *slog.Logger) (*Store, error) {
	opt.MaxLists, opt.KeepBytes = cmp.Or(opt.MaxLists, defaultMaxLists), cmp.Or(opt.KeepBytes, defaultKeepBytes)
	s := &Store{folder: filepath.Join(folder, "lists"), mappings: filepath.Join(folder, "mappings"), opt: opt, log: log, turns: make(chan struct{}, 1), most: maxFindings, removeAll: os.RemoveAll, lists: map[string]*list{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		return nil, fmt.Errorf("the folder of the lists: %w", err)
	}
	if err := s.lockFolder(); err != nil {
		return nil, err
	}
	dirs, err := os.ReadDir(s.folder)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the folder of the lists: %w", err), s.Close())
	}
	for _, d := range dirs {
		dir := filepath.Join(s.folder, d.Name())
		l, err := s.loadList(d.Name(), dir)
		switch {
		case errors.Is(err, errUnfinished): // a kill during an upload
			err = os.RemoveAll(dir)
		case err == nil:
			s.lists[l.id] = l
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("list %s: %w", d.Name(), err), s.Close())
		}
	}
	return s, nil
}

// ErrOpen means that another process has the lists open.
var ErrOpen = errors.New("the finance page of this ledger is open in another process: use that one, or end it first")

// lockFolder makes sure that no other process changes the lists.
func (s *Store) lockFolder() error {
	f, err := os.OpenFile(filepath.Join(filepath.Dir(s.folder), "lists.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("the folder of the lists: %w", err)
	}
	if err := lockFile(f); err != nil {
		return errors.Join(ErrOpen, f.Close())
	}
	s.locked = f
	return nil
}

// Close ends all checks and waits for them. Everything that was answered for is kept.
func (s *Store) Close() error {
	s.cancel()
	s.checks.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for _, l := range s.lists {
		l.mu.Lock()
		if !l.isGone { // else it is being removed
			err = errors.Join(err, l.unload(), l.events.close())
		}
		l.mu.Unlock()
	}
	clear(s.lists)
	return errors.Join(err, s.locked.Close())
}

// Wait waits until no check is under way. None may begin meanwhile.
func (s *Store) Wait() { s.checks.Wait() }

// IsBusy reports whether a check is under way.
func (s *Store) IsBusy() bool {
	for _, l := range s.allLists() {
		l.mu.Lock()
		isBusy := l.job != nil
		l.mu.Unlock()
		if isBusy {
			return true
		}
	}
	return false
}

func (s *Store) allLists() []*list {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*list
	for _, l := range s.lists {
		all = append(all, l)
	}
	return all
}

// All returns all lists, newest first.
func (s *Store) All(reader string) []api.ListSummary {
	all := []api.ListSummary{}
	for _, l := range s.allLists() {
		l.mu.Lock()
		if !l.isGone {
			if l.counts == nil {
				l.ensureCheck()
			}
			all = append(all, l.summary(reader))
		}
		l.mu.Unlock()
	}
	sort.Slice(all, func(i, j int) bool {
		a, b := &all[i], &all[j]
		return cmp.Or(b.Made.Compare(a.Made), cmp.Compare(a.ID, b.ID)) < 0
	})
	return all
}

// lock returns a list, locked; the caller unlocks it.
func (s *Store) lock(id string) (*list, error) {
	s.mu.Lock()
	l := s.lists[id]
	s.mu.Unlock()
	if l != nil {
		l.mu.Lock()
		if !l.isGone {
			l.used = time.Now()
			return l, nil
		}
		l.mu.Unlock()
	}
	return nil, api.Refuse(http.StatusNotFound, "not_found")
}

// lockFor returns a list, locked, for a change by its owner of the state that the
// editor saw.
func (s *Store) lockFor(e Editor, id string) (*list, error) {
	l, err := s.lock(id)
	if err != nil {
		return nil, err
	}
	if err := l.checkEditor(e); err != nil {
		l.mu.Unlock()
		return nil, err
	}
	return l, nil
}

// Find returns everything that is known of a list but its rows.
func (s *Store) Find(reader, id string) (api.List, error) {
	l, err := s.lock(id)
	if err != nil {
		return api.List{}, err
	}
	defer l.mu.Unlock()
	if l.result == nil {
		l.ensureCheck()
	}
	l.refresh()
	return view{l}.describe(reader), nil
}

// Discard removes a list and everything that is kept of it. Only its owner may.
func (s *Store) Discard(by, id string) error {
	return s.remove(id, func(l *list) error {
		if l.owner() != by {
			return api.Refuse(http.StatusForbidden, "not_yours")
		}
		return nil
	})
}

// Forget removes a list whoever owns it: its rows were sent, or its plan has expired.
func (s *Store) Forget(id string) error {
	return s.remove(id, func(*list) error { return nil })
}

// remove removes a list if it may be. Checks and downloads of it write into its folder, so
// they end first.
func (s *Store) remove(id string, check func(*list) error) error {
	l, err := s.lock(id)
	if err != nil {
		return err
	}
	if err := check(l); err != nil {
		l.mu.Unlock()
		return err
	}
	l.isGone = true
	l.stopCheck()
	l.mu.Unlock()
	l.writers.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	err = errors.Join(l.unload(), l.events.close())
	s.mu.Lock()
	delete(s.lists, l.id)
	s.mu.Unlock()
	// Without its events the rest is removed at the next start, if a kill leaves any.
	return errors.Join(err, os.RemoveAll(filepath.Join(l.dir, eventsName)), s.removeAll(l.dir))
}

// makeRoom drops the results of the lists that were used longest ago from memory, but
// for one that has just been checked. No list may be locked.
func (s *Store) makeRoom(but *list) {
	type loaded struct {
		l    *list
		rows int
		used time.Time
	}
	var all []loaded
	total := 0
	for _, l := range s.allLists() {
		l.mu.Lock()
		if l.result != nil && l.job == nil {
			all = append(all, loaded{l, len(l.result.rows), l.used})
			total += len(l.result.rows)
		}
		l.mu.Unlock()
	}
	sort.Slice(all, func(i, j int) bool { return all[i].used.Before(all[j].used) })
	for _, old := range all {
		if total <= maxLoadedRows {
			return
		}
		if old.l == but {
			continue
		}
		old.l.mu.Lock()
		if old.l.job == nil { // a check reads the rows that would be dropped
			if err := old.l.unload(); err != nil {
				s.log.Warn("closing a list", "list", old.l.id, "error", PlainError(err))
			}
			total -= old.rows
		}
		old.l.mu.Unlock()
	}
}
