package main

import (
	"syscall"
	"unsafe"
)

// ownWindow reports whether the console window was opened for this program
// alone, as when a file is dropped on it: the window closes when it ends.
func ownWindow() bool {
	list := syscall.NewLazyDLL("kernel32.dll").NewProc("GetConsoleProcessList")
	if list.Find() != nil {
		return false
	}
	var ids [2]uint32
	n, _, _ := list.Call(uintptr(unsafe.Pointer(&ids[0])), uintptr(len(ids)))
	return n == 1
}
