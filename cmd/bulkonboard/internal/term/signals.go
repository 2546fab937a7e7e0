package term

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
)

// Stopper is the two-step stop. The first signal ends the context: nothing new
// is sent, requests in flight are awaited. The second closes Abort, which cuts
// them off. The third ends the process at once; the ledger survives that.
type Stopper struct {
	Abort <-chan struct{}

	mu    sync.Mutex
	first os.Signal
}

// WatchSignals returns a context that ends with the first signal. done ends
// the watching and waits for it.
func WatchSignals(ctx context.Context, say *Stream) (context.Context, *Stopper, func()) {
	ctx, cancel := context.WithCancel(ctx)
	abort := make(chan struct{})
	s := &Stopper{Abort: abort}
	came := make(chan os.Signal, 3)
	signal.Notify(came, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	over, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		for n := 1; ; n++ {
			select {
			case sig := <-came:
				s.recordSignal(sig)
				switch n {
				case 1:
					fmt.Fprintln(say, "stopping: requests in flight are awaited and recorded; the same signal again cuts them off")
					cancel()
				case 2:
					fmt.Fprintln(say, "cutting off: what was in flight is in doubt, and the next run looks it up")
					close(abort)
					// The third signal has its usual effect.
					signal.Reset(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
					return
				}
			case <-over:
				return
			}
		}
	}()
	return ctx, s, func() {
		signal.Stop(came)
		close(over)
		<-watched
		cancel()
	}
}

func (s *Stopper) recordSignal(sig os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == nil {
		s.first = sig
	}
}

// ExitCode returns the code of an interrupted run; any other stays as it is. A
// signal that came when everything was done already changes nothing.
func (s *Stopper) ExitCode(code exit.Code) exit.Code {
	s.mu.Lock()
	defer s.mu.Unlock()
	if code == exit.Interrupted && s.first != nil && s.first != os.Interrupt {
		return exit.Terminated
	}
	return code
}
