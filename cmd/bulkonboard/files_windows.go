package main

// filesBeside is how many files a run has open besides its connections.
const filesBeside = 64

// openFiles is how many files this process may have open: there is no such bound.
func openFiles() (uint64, bool) { return 0, false }
