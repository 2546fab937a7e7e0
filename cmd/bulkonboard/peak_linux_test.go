package main

import (
	"os"
	"syscall"
)

// peakOf returns the peak memory of a process that has ended, in KiB; 0 = unknown.
func peakOf(ended *os.ProcessState) int64 {
	if use, ok := ended.SysUsage().(*syscall.Rusage); ok {
		return use.Maxrss
	}
	return 0
}
