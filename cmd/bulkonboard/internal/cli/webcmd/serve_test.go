package webcmd

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func TestAnIdlePageEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		waitForEnd(t.Context(), true, func() time.Time {
			if used := began.Add(20 * time.Minute); time.Now().After(used) {
				return used
			}
			return began
		})
		if idle := time.Since(began); idle < 50*time.Minute || idle > 50*time.Minute+idleCheck {
			t.Errorf("it ended after %s", idle)
		}
	})
}

func TestOnlyWarningsArePassedOn(t *testing.T) {
	var said bytes.Buffer
	con := term.NewConsole(nil, nil, nil, nil, &said)
	w := &warnings{to: con}
	for _, part := range []string{"row 12: ja\nwarn", "ing: the wallet", " is empty\n", "warning: cut"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	if said.String() != "warning: the wallet is empty\n" {
		t.Errorf("%q", said.String())
	}
}

func TestATeamsPageStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Hour)
		defer cancel()
		waitForEnd(ctx, false, func() time.Time { return began })
		if idle := time.Since(began); idle != 10*time.Hour {
			t.Errorf("it ended after %s", idle)
		}
	})
}
