// Package datafile checks a database file and its side files before the database opens
// them. [CheckOwn] checks who owns them (ownfiles.go), [CheckPlace] on
// which file system they are (filesystem_linux.go), [Check] whether the file is a ledger
// at all (header.go), and [TakeLock] which process may send from it (lock.go).
package datafile
