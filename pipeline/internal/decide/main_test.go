package decide

import (
	"flag"
	"testing"
)

// TestMain plays more random histories than the library does by itself: they
// are cheap. For a long proof:
//
//	go test ./pipeline/internal/decide -run RandomHistories -rapid.checks=1000000
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "2000"); err != nil { // flags given on the command line are parsed after this
		panic(err)
	}
	m.Run()
}
