// Package sqlite is the ledger in a file: an SQLite database with a write-ahead
// log, in which every write is synced before its call returns.
//
// Start at [Open], and for what the file holds at schema.go. A customer with all
// its attempts is one packed record (folder.go), the rows of an input are packed
// by the hundred (chunk.go), and intents by the group until their answers come
// (underway.go). So what a customer is follows from up to three places:
// its folder, or else its last row, and the intent that is under way; customers.go
// reads it so, and journal.go writes it by the rules of package ledger.
//
// Writes share commits (write.go). Entries of indexes without order wait (late.go)
// and go in by their keys, some with each commit (round.go). The log of a long
// registration is folded into the file beside what comes next (fold.go). An opening
// brings all of that to rest after a crash (recover.go), with what could not be
// written any more (emergency.go), and brings a file of an older version forward
// (migrate.go).
//
// One process holds the lock and sends (lock.go); others read, or write what
// needs no lock, beside it (Options).
package sqlite
