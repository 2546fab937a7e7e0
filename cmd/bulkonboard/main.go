// Command bulkonboard onboards customers in bulk through a partner's
// create-user API.
//
// Start at [run]: it turns one invocation into an exit code. Each subcommand
// has a file of its own (cmd_*.go); the run itself is in session.go. What an
// error means for scripts is settled once, in exitcode.go.
package main

import (
	"context"
	"os"
	"runtime/debug"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limits.Memory / 4 * 3) // the rest is for what is not heap
	}
	os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}
