// Package postgres is the ledger in a PostgreSQL database: one schema for each ledger.
//
// Start at schema.sql, which says in plain tables and views what the ledger holds, for
// people and for this package alike; then at [Open].
//
//   - The address: address.go reads it, and refuses what would show a password or send
//     one unprotected; server.go refuses servers whose settings break the promise.
//   - The senders: each process that may send is a row of the table sender whose beat it
//     moves; sender.go joins, beat.go beats, declares silent ones ended and closes what they
//     left open; membership.go and pace.go have what senders agree on.
//   - Writing: write.go has one transaction at a time, made again until it is known what
//     became of it; journal.go the send pass; register.go the check pass; heal.go writes
//     again what a failover has lost.
//   - Reading: conn.go has connections, over which package tables asks what it asks an
//     SQLite file.
//
// It uses rows, row locks and COPY, and nothing else of the server.
package postgres
