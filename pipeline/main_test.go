package pipeline

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain holds that no run leaves a goroutine behind, and plays more random
// cases than the library does by itself: they are cheap.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "5000"); err != nil { // flags given on the command line are parsed after this
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
