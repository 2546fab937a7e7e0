package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// outputGrace is how long the output of a command that has ended may stay open, because a
// process that it began still holds it.
const outputGrace = 2 * time.Second

// The exit codes by which a shell says that it cannot run a command.
const (
	notExecutable = 126
	notFound      = 127
)

// runCommand runs the command with a message on its standard input. What it prints
// is discarded: it may be anything, such as a URL with a secret.
func (n *Notifier) runCommand(ctx context.Context, body []byte) error {
	cmd := shellCommand(ctx, n.cfg.Command)
	cmd.Env, cmd.Stdin, cmd.WaitDelay = n.cfg.Env, bytes.NewReader(body), outputGrace
	err := cmd.Run()
	var failed *exec.ExitError
	switch {
	case err == nil || errors.Is(err, exec.ErrWaitDelay):
		return nil
	case errors.Is(context.Cause(ctx), errTooSlow):
		return errTooSlow
	case ctx.Err() != nil:
		return errors.New("there was no time left for it")
	case !errors.As(err, &failed):
		return finalError{errors.New("the shell could not be started")}
	case failed.ExitCode() == notExecutable || failed.ExitCode() == notFound:
		return finalError{fmt.Errorf("the shell could not run the command (exit %d)", failed.ExitCode())}
	}
	return fmt.Errorf("the command failed (exit %d)", failed.ExitCode())
}
