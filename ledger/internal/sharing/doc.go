// Package sharing holds the rules by which several senders share a ledger: when a
// sender may still begin a request (lease.go), when another one counts as ended
// (watch.go), and whose turn it is at the shared rate (pace.go). It is pure, so that
// all shared ledgers keep to the same rules.
//
// Leases are measured by the host's own clock, as time since an arbitrary moment. That
// clock must also count while the host is suspended. No host's clock is compared with
// another's.
package sharing
