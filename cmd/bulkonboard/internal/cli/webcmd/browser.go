package webcmd

import (
	"context"
	"os/exec"
	"runtime"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// openBrowser opens an address in the browser of whoever runs the program. Where there
// is no desktop, the printed address is enough.
func openBrowser(ctx context.Context, con *term.Console, address string) {
	command := []string{"xdg-open", address}
	switch runtime.GOOS {
	case "darwin":
		command[0] = "open"
	case "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler", address}
	default:
		if con.Env["DISPLAY"] == "" && con.Env["WAYLAND_DISPLAY"] == "" {
			return
		}
	}
	c := exec.CommandContext(context.WithoutCancel(ctx), command[0], command[1:]...)
	if c.Start() == nil {
		_ = c.Process.Release() // the browser lives longer than this program
	}
}
