package ledgertest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
)

// What a ledger may offer to RunTwins besides ledger.Ledger. One that is an
// io.Closer is closed at the end of its life, and removes its files then. Forget,
// Verification, Pairings, Gaps and Emergency are played if it has them.
type (
	// Reopener is a ledger that outlives its process.
	Reopener interface {
		// Reopen ends the ledger in one of three ways and returns its successor.
		Reopen(end Ending) (ledger.Ledger, error)
	}
	// Concurrent is a ledger that other processes have open at the same time.
	Concurrent interface {
		// Others are the same ledger, opened once more: the first to read, and the
		// last one to write what needs no lock. They are closed with the ledger.
		Others() []ledger.Ledger
	}
	// Forgetter is a ledger that can erase customers. It returns how many it knew.
	Forgetter interface {
		Forget(ctx context.Context, identities []string) (int, error)
	}
	// Verifier is a ledger that can examine itself. It returns what is wrong.
	Verifier interface {
		Verify(ctx context.Context) ([]string, error)
	}
	// Searchable is a ledger that can be searched for bytes of erased customers.
	Searchable interface {
		// Find returns the name of a file that has the text, "" if none has it.
		Find(text string) (file string, err error)
	}
)

// Ending is how a process that has a ledger open ends.
type Ending string

const (
	Killed   Ending = "killed"
	Closed   Ending = "closed"
	Restored Ending = "restored" // closed, and a backup is opened in its place
)

// LivesVariable names the environment variable that says how many lives RunTwins
// plays, in place of what its caller asks for.
const LivesVariable = "TWIN_LIVES"

// RunTwins plays random lives of a ledger: after any writes in any order, and any
// number of kills in between, all readers see what a ledger in memory shows after
// the same writes. open returns an empty ledger. A life has some thirty steps;
// -rapid.steps=60 makes it longer.
func RunTwins(t *testing.T, open func(t *testing.T) ledger.Ledger, lives int) {
	setLives(t, lives)
	rapid.Check(t, func(rt *rapid.T) {
		w := &twins{T: rt, l: open(t), m: memory.New("sandbox"), now: time.Unix(1_700_000_000, 0).UTC(),
			attempts: map[int64]int64{}, details: map[string]string{"": ""}}
		defer func() { w.must(w.close()) }()
		for i := range 14 {
			w.people = append(w.people, fmt.Sprintf("canary%02d@example.com", i))
		}
		for _, l := range []ledger.Ledger{w.l, w.m} {
			run, err := l.Begin(context.Background(), ledger.Run{Command: "run", Started: w.nextTime()})
			w.must(err)
			w.same("run", run, 1)
		}
		w.playRegister(false)
		w.Repeat(map[string]func(*rapid.T){
			"":         func(*rapid.T) { w.compare() },
			"register": func(*rapid.T) { w.playRegister(rapid.Bool().Draw(rt, "roll back")) },
			"intend":   func(*rapid.T) { w.playGroup(1, "intend") },
			"record":   func(*rapid.T) { w.playGroup(1, "record") },
			"send":     func(*rapid.T) { w.playGroup(1, "intend") },
			"answer":   func(*rapid.T) { w.playGroup(1, "record") },
			"group":    func(*rapid.T) { w.playGroup(rapid.IntRange(2, 5).Draw(rt, "writes"), "") },
			"besides":  func(*rapid.T) { w.playOtherProcess() },
			"merge":    func(*rapid.T) { w.playMerge() },
			"forget":   func(*rapid.T) { w.playForget() },
			"finish":   func(*rapid.T) { w.playRun() },
			"observe":  func(*rapid.T) { w.playEvents() },
			"pair":     func(*rapid.T) { w.playPairing() },
			"gap":      func(*rapid.T) { w.playGap() },
			"approve":  func(*rapid.T) { w.playPlan() },
			"reopen":   func(*rapid.T) { w.playReopen() },
		})
	})
}

// setLives sets how many lives are played, unless a flag sets it.
func setLives(t *testing.T, lives int) {
	t.Helper()
	if text := os.Getenv(LivesVariable); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s: %v", LivesVariable, err)
		}
		lives = n
	}
	f := flag.Lookup("rapid.checks")
	if f.Value.String() != f.DefValue {
		return
	}
	must(t, f.Value.Set(strconv.Itoa(lives)))
	t.Cleanup(func() { _ = f.Value.Set(f.DefValue) })
}

// twins are the ledger that is tested and one in memory that are given the same.
// Their ids differ; customers are known by e-mail.
type twins struct {
	*rapid.T
	l        ledger.Ledger
	m        *memory.Ledger
	now      time.Time         // a second later at every look
	people   []string          // e-mails
	attempts map[int64]int64   // of the tested → of the memory
	details  map[string]string // likewise
	batches  int64
	users    int
	gone     []string // forgotten
	delayed  []delayedChange
	gaps     []int64 // of the tested; in memory they are numbered from 1
}

// delayedChange is a change that was drawn and comes later, for either ledger.
type delayedChange struct{ on, of ledger.Change }
