package cli

import (
	"syscall"
	"unsafe"
)

// hasOwnWindow reports whether the console window was opened for this program
// alone, as when a file is dropped on it: the window closes when it ends.
func hasOwnWindow() bool {
	list := syscall.NewLazyDLL("kernel32.dll").NewProc("GetConsoleProcessList")
	if list.Find() != nil {
		return false
	}
	var ids [2]uint32
	n, _, _ := list.Call(uintptr(unsafe.Pointer(&ids[0])), uintptr(len(ids)))
	return n == 1
}
