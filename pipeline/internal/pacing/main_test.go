package pacing

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain holds that no goroutine is left behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
