// Package sqlite is the ledger in a file: an SQLite database with a write-ahead log, in
// which every write is synced before its call returns.
//
// Start at schema.sql, which documents the tables and views, both for this package and
// for operators with the sqlite3 program. Then read [Open].
//
//   - Opening: open.go opens the file or makes a new one. schema.go and shape.go refuse
//     a file that is not a ledger of this version, migrate.go brings an older one
//     forward, copies.go detects copies, and recover.go closes the attempts that a crash
//     left open. Permissions, file systems and the lock are in ledger/internal/datafile.
//   - Writing: write.go has the one writing transaction. register.go is the check pass,
//     journal.go the send pass, customer.go the columns of a customer, gaps.go, kyc.go
//     and runs.go the rest.
//   - Reading: read.go and pool.go give out connections. The queries and the proof of
//     ledger verify are in ledger/internal/tables.
//   - Maintenance: backup.go, restore.go, forget.go, prune.go and copylist.go.
//
// The process that sends holds the lock (ledger/internal/datafile/lock.go). Other
// processes can read at the same time, or write what needs no lock; see [Options].
package sqlite
