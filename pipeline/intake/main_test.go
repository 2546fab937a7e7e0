package intake

import (
	"flag"
	"testing"
)

// TestMain plays 200 random lists; -rapid.checks plays more.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "200"); err != nil { // flags given on the command line are parsed after this
		panic(err)
	}
	m.Run()
}
