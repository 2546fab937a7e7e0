//go:build !unix

package sqlite

import (
	"testing"
	"time"
)

// cpuTime is not known here: benchmarks show 0.
func cpuTime(testing.TB) time.Duration { return 0 }
