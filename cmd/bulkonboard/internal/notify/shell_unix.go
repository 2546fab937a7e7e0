//go:build !windows

package notify

import (
	"context"
	"os/exec"
	"syscall"
)

// shellCommand returns a command for the shell, in a process group of its own: Ctrl-C
// on the terminal does not reach it, and whatever it began ends with it.
func shellCommand(ctx context.Context, text string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", text)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}
