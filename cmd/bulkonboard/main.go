// Command bulkonboard onboards customers in bulk through a partner's
// create-user API.
//
// Package internal/cli has its commands, internal/session what a run opens and
// says, internal/settings what decides how, internal/term what operators read,
// and internal/exit what an error means for scripts.
package main

import (
	"context"
	"os"
	"runtime/debug"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limits.Memory / 4 * 3) // the rest is for what is not heap
	}
	os.Exit(cli.Run(context.Background(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}
