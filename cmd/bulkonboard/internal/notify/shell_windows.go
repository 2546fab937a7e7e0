package notify

import (
	"context"
	"os/exec"
	"syscall"
)

// shellCommand returns a command for the shell. The shell gets the text as it is: it has
// quoting rules of its own.
func shellCommand(ctx context.Context, text string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "cmd.exe")
	cmd.SysProcAttr = &syscall.SysProcAttr{CmdLine: `cmd.exe /S /C "` + text + `"`}
	return cmd
}
