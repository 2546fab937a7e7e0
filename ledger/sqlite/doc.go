// Package sqlite is the ledger in a file: an SQLite database with a write-ahead
// log, in which every write is synced before its call returns.
//
// Start at schema.sql, which says in plain tables and views what the file holds,
// for people and for this package alike; then at [Open].
//
//   - The file and those beside it: open.go and create.go; file.go and ownfiles.go
//     refuse what is not safely ours; shape.go compares the schema; copies.go finds
//     out that a file is a copy; recover.go closes what a crash left open.
//   - Writing: write.go has the one transaction at a time; journal.go the send pass,
//     by the rules of package ledger, which read a customer with its attempts and
//     return what it is next; register.go the check pass.
//   - Reading: conn.go has connections and records, customer.go the columns, rows.go
//     reports, query.go customers.
//   - Keeping: backup.go and restore.go, forget.go, prune.go, export.go, and verify.go,
//     which proves the ledger.
//
// One process holds the lock and sends (lock.go). Others read, or write what needs
// no lock, at the same time (Options).
package sqlite
