package main

// openFiles is how many files this process may have open: there is no such bound.
func openFiles() (uint64, bool) { return 0, false }
