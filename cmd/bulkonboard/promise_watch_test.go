//go:build !windows

package main

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// watcher kills the program at its step, and looks into the ledger at each
// arrival.
type watcher struct {
	scene *scene

	mu      sync.Mutex
	process *process
	began   time.Time
	next    killing
	seen    int
	hit     bool
	frozen  *frozen // with atUnrecorded, from the moment at which the answer may go out
	victim  string  // and the key of its request
	said    string  // by the program that died last, to people
	bad     []string
}

func (w *watcher) barrier(stage sandbox.Stage, key, email string) {
	if stage == sandbox.Arrived {
		w.intended(key, email)
	}
	if w.ours(key) {
		w.step(string(stage))
		w.unrecorded(stage, key)
	}
}

// ours reports whether a request is of the program that runs now: those of one
// that was killed go on at the partner.
func (w *watcher) ours(key string) bool {
	w.mu.Lock()
	began := w.began
	w.mu.Unlock()
	for _, p := range slices.Backward(w.scene.posts()) {
		if p.Key == key {
			return p.Arrived.After(began)
		}
	}
	return false
}

func (w *watcher) pass(call string) {
	if call != "create" {
		w.step(call)
	}
}

// step is called as a step comes by, and returns when the program is dead if
// this is where it is to die.
func (w *watcher) step(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.waitsFor(name) {
		return
	}
	if w.seen++; w.seen == w.next.nth {
		w.hit = true
		w.process.kill()
	}
}

// waitsFor reports whether the program is to die at a step and has not yet. The
// caller holds mu.
func (w *watcher) waitsFor(name string) bool {
	return w.process != nil && w.next.step == name && !w.hit
}

// hangUp ends the connections of look-ups where requests need new ones.
func (w *watcher) hangUp(rw http.ResponseWriter, r *http.Request) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Method == http.MethodGet && w.waitsFor(atConnected) {
		rw.Header().Set("Connection", "close")
	}
	return false
}

// accepts is called with a connection of which nothing was read. It kills at
// one that comes when an intent is on the disk, and reports whether the partner
// may have it: of one that it may not, no byte ever reaches the partner.
func (w *watcher) accepts() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.waitsFor(atConnected) || len(w.open()) == 0 {
		return true
	}
	if w.seen++; w.seen < w.next.nth {
		return true
	}
	w.hit = true
	w.process.kill()
	return false
}

// open are the keys of the attempts of the program that runs now, or ran last,
// that have no outcome in the ledger.
func (w *watcher) open() map[string]bool {
	keys := map[string]bool{}
	for _, c := range w.scene.customers() {
		for _, a := range c.History {
			if a.Class == ledger.Open && a.NotBefore.At.After(w.began) {
				keys[a.Key] = true
			}
		}
	}
	return keys
}

// unsent reports whether the newest intent stands in the ledger and its request
// has not arrived. The run is so slow that half a second lies between the two.
func (w *watcher) unsent() bool {
	keys := w.open()
	for _, p := range w.scene.posts() {
		delete(keys, p.Key)
	}
	return len(keys) > 0
}

// unrecorded freezes the ledger as an answer is about to go out, and kills when
// the program has read all of it: the outcome is known to it, and to no disk.
func (w *watcher) unrecorded(stage sandbox.Stage, key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.waitsFor(atUnrecorded) {
		return
	}
	switch {
	case stage == sandbox.Answering && w.frozen == nil:
		if w.seen++; w.seen < w.next.nth {
			return
		}
		var err error
		if w.frozen, err = freeze(w.scene.ledger); err != nil {
			w.bad = append(w.bad, "the ledger cannot be held: "+err.Error())
		}
		w.victim = key
		if !w.open()[key] { // the program gave up before the answer came, and has recorded that
			w.seen--
			w.thaw()
		}
	case stage == sandbox.Answered && w.frozen != nil && key == w.victim:
		for _, p := range w.scene.posts() {
			if p.Key == key {
				awaitRead(p.Remote)
			}
		}
		w.hit = true
		w.process.kill()
		w.thaw() // it is dead, and readers who come now need to write an index
		if !w.open()[key] {
			w.bad = append(w.bad, "an outcome was recorded in a ledger that was held")
		}
	}
}

// thaw lets the ledger go. The caller holds mu.
func (w *watcher) thaw() {
	if w.frozen != nil {
		w.frozen.thaw()
		w.frozen = nil
	}
}

// intended is invariant 4. It fails unless the ledger has the intent of the request that arrives.
func (w *watcher) intended(key, email string) {
	identity := strings.ToLower(email)
	for _, a := range w.scene.customers(identity)[identity].History {
		if a.Key == key {
			return
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bad = append(w.bad, "a request arrived whose intent is not in the ledger: "+email)
}

func (w *watcher) tell(s strand) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range w.bad {
		s.Errorf("%s", b)
	}
}

// play runs the program and kills it. It returns the step at which it died, ""
// if it ended before that came.
func (w *watcher) play(k killing) string {
	args := w.scene.runArgs()
	if k.step == atIntended {
		args = w.scene.runArgs("--rate", "2/s")
	}
	p := w.scene.command(args...)
	w.mu.Lock()
	w.began = time.Now()
	p.begin()
	w.process, w.next, w.seen, w.hit = p, k, 0, false
	w.mu.Unlock()
	switch k.step {
	case atRandom:
		w.after(p, k.after)
	case atRegistered:
		w.when(p, func() bool { return len(w.scene.rows()) > 0 })
	case atIntended:
		w.when(p, w.unsent)
	case atReport:
		w.when(p, w.reporting)
	}
	p.wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.process, w.said = nil, p.err.String()+p.out.String()
	w.thaw()
	switch {
	case !w.hit:
		return ""
	case k.step == atIntended && !w.unsent():
		return atRandom // it was quicker than the look into the ledger
	default:
		return k.step
	}
}

func (w *watcher) after(p *process, d time.Duration) {
	select {
	case <-p.ended:
	case <-time.After(d):
		w.die(p)
	}
}

func (w *watcher) die(p *process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.running() {
		w.hit = true
		p.kill()
	}
}

// when kills as soon as it sees something.
func (w *watcher) when(p *process, sees func() bool) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for p.running() {
		if sees() {
			w.die(p)
			return
		}
		<-tick.C
	}
}

// reporting reports whether a report is under way, after something was sent:
// before that, the targets are only tried out.
func (w *watcher) reporting() bool {
	if len(w.scene.posts()) < 2 {
		return false
	}
	parts, err := filepath.Glob(filepath.Join(w.scene.dir, ".*.tmp"))
	return err == nil && len(parts) > 0
}

// afterKill looks at what a kill left behind: a ledger that is whole (invariant
// 28), and nobody told of a creation that is not in it (invariant 9).
func (c crash) afterKill(sc *scene, said string) {
	sc.Helper()
	if _, err := os.Stat(sc.ledger); errors.Is(err, fs.ErrNotExist) {
		return // killed before it was made
	}
	l := sc.open()
	if l == nil {
		return
	}
	found, err := l.Verify(context.Background())
	if err != nil || len(found) > 0 {
		sc.Errorf("after a kill the ledger does not verify: %v %v", err, found)
	}
	closing(sc, l)
	customers := sc.customers()
	for _, row := range sc.reported() {
		if row["status"] == string(ledger.Created) && customers[strings.ToLower(row["email"])].Status != ledger.Created {
			sc.Errorf("the report says created of a row that is not in the ledger: row %s", row["row"])
		}
	}
	rows := sc.rows()
	created := having(rows, ledger.Created)
	users := created + having(rows, ledger.LinkMissing) // the result counts those without a link, too, and says so
	metrics, err := os.ReadFile(sc.path("metrics.prom"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		sc.Errorf("%v", err)
	}
	for text, known := range map[string]int{said: users, string(metrics): created} {
		count := regexp.MustCompile(`(\d+) +created|bulkonboard_rows\{[^}]*status="created"[^}]*\} (\d+)`)
		for _, m := range count.FindAllStringSubmatch(text, -1) {
			if n, err := strconv.Atoi(m[1] + m[2]); err != nil || n > known {
				sc.Errorf("%q was reported, and the ledger has %d", m[0], known)
			}
		}
	}
}
