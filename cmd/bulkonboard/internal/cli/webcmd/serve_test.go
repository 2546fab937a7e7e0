package webcmd

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestAnIdlePageEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		last := began
		go func() {
			time.Sleep(20 * time.Minute)
			last = time.Now()
		}()
		waitForEnd(t.Context(), true, func() time.Time { return last })
		if idle := time.Since(began); idle < 50*time.Minute || idle > 50*time.Minute+idleCheck {
			t.Errorf("it ended after %s", idle)
		}
	})
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
