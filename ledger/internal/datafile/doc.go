// Package datafile keeps the file of a database, and the files beside it, safe
// before the database opens them: whose they are (CheckOwn), where they are
// (CheckPlace), whether the file is one of ours at all (Check), and which process
// may send from it (TakeLock).
package datafile
