package exit

import (
	"errors"
	"fmt"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

func TestFirstFollowsTheTable(t *testing.T) {
	for _, test := range []struct {
		codes []Code
		want  Code
	}{
		{nil, OK},
		{[]Code{OK, Findings}, Findings},
		{[]Code{Findings, Partner, Limit}, Limit},
		{[]Code{Limit, Guard, Wallet}, Wallet},
		{[]Code{Wallet, key, Refused}, Refused},
		{[]Code{Refused, Ledger, Usage}, Usage},
		{[]Code{Usage, Failure, Interrupted}, Interrupted},
		{[]Code{Terminated, Failure}, Terminated},
	} {
		if got := First(test.codes...); got != test.want {
			t.Errorf("First(%v) = %d, want %d", test.codes, got, test.want)
		}
	}
}

func TestCodeOfStop(t *testing.T) {
	for reason, want := range map[pipeline.Reason]Code{
		pipeline.Limit: 8, pipeline.MaxDuration: 8, pipeline.MaxNew: 10, pipeline.MaxInvalid: 10, pipeline.MaxErrors: 10,
		pipeline.LowBalance: 4, pipeline.Refused: 5, pipeline.PartnerDown: 6, pipeline.Interrupted: 130,
		pipeline.LedgerFault: 9, pipeline.InputFault: 2, pipeline.Fault: 1,
	} {
		err := fmt.Errorf("around: %w", &pipeline.Stop{Reason: reason})
		if got := CodeOf(err); got != want {
			t.Errorf("%s: exit %d, want %d", reason, got, want)
		}
		// The reasons that scripts may rely on do not have one for bugs.
		if got := StopReasonOf(err); got != reason && (reason != pipeline.Fault || got != "") {
			t.Errorf("stopReason %q, want %q", got, reason)
		}
	}
	if got := CodeOf(errors.Join(errors.New("x"), ledger.ErrNewer)); got != Refused {
		t.Errorf("a ledger of another version: exit %d, want %d", got, Refused)
	}
}
