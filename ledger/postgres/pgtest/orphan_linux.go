package pgtest

import (
	"runtime"
	"syscall"
)

// processAttributes makes a server end with the test binary, however that ends.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT, Setpgid: true}
}

// keepThread keeps the thread of the goroutine alive until the returned function is
// called: the kernel ends a server with the thread that started it.
func keepThread() func() {
	runtime.LockOSThread()
	return runtime.UnlockOSThread
}
