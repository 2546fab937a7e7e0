// Package pipeline brings a batch of customers from rows to created users: it
// reads and checks every row, registers the batch in a ledger, sends the good
// rows to the partner under one rate, and settles what is in doubt.
//
// Start at [Run] and [Config]. Run works over three small interfaces: the rows
// come from an [Input], the users go to a [Partner], and what happened is kept
// by a ledger.Ledger. The example shows all three from memory.
//
// # The promise
//
// Whatever fails, no customer is created twice, no outcome is lost, and no row
// gets a status that the evidence does not carry. Three rules keep it:
//
//  1. Nothing is sent before its intent is on the disk (plan.go).
//  2. An answer decides only by the table in internal/decide/decide.go. What the
//     table does not know leaves the row in doubt.
//  3. A row in doubt is sent again only after a list of the partner's users, begun
//     when its key was surely dead, proves that it has no user (internal/decide).
//
// Every created user is compared with the list before the report (confirm.go).
//
// # One batch
//
//	check pass   check.go     read, validate, register; nothing is sent
//	             preflight.go the wallet, the bounds, the confirmation
//	send pass    run.go       one errgroup of
//	             feed.go      the reader and the checkers: rows that are to be sent
//	             plan.go      the planner: intents, in groups
//	             submit.go    the submitters: one request each, never a retry
//	             record.go    the recorder: the only one who writes outcomes
//	             resolve.go   the resolver: when to scan, what to do with the rows
//	             look.go      one scan: what is asked for, and what it decides
//	after it     confirm.go   the created users are compared with the list
//	             finish.go    the figures
//
// internal/decide is pure, internal/pacing says when a request may leave, and
// internal/userlist reads the partner's list. A 429 is handled in pacing/gate.go
// (everyone waits) and pacing/limiter.go (the rate goes down).
//
// # Time
//
// Ages come from the wall clock, because a monotonic clock stops with a suspended
// machine. Settle, windows and key ages are reckoned in the partner's time
// (pacing/clock.go), so that a step of our clock changes nothing.
//
// # Glossary
//
//   - absent: proved to have created no user.
//   - account: the partner's customer to whom the API key belongs; a ledger has one.
//   - answered: said of an attempt whose outcome is known; else it is unanswered.
//   - attempt: one create-user request, from its intent to its closing.
//   - batch: one input, registered with its bytes and settings.
//   - breaker: what shuts the gate when too many answers say nothing.
//   - budget: the users that the wallet still pays for, at a known fee.
//   - calibration: comparing createdAt with the partner's Date by users whom we created.
//   - canary: the first user of a run, sent alone, who shows whose account it is.
//   - check pass: reading and registering the whole input before anything is sent.
//   - customer: an e-mail address, which is created at most once.
//   - evidence: what a complete list shows, or does not show, of a customer.
//   - gap: a time that the ledger does not remember, because it came from a backup.
//   - gate: what lets requests leave, or holds all of them back.
//   - generation: the number in a key that rises when a new key is safe and needed.
//   - group commit: several outcomes or intents in one transaction, with one fsync.
//   - idempotency key: what lets the partner recognise a repeated request.
//   - in doubt: said of a customer who may or may not have been created.
//   - intent: the record of a request, on the disk before the request leaves.
//   - lag: how long it is until the list shows a user who was just created.
//   - look-up: a request that only reads: the list of users, or the wallet.
//   - pacing: keeping to the rate that we set and that the partner allows.
//   - pairing: comparing serviceId and e-mail of each created user with the list.
//   - patience: how long an outage is waited out before the run stops.
//   - resolution: what evidence makes of a row in doubt.
//   - scan: one complete reading of the partner's list of users.
//   - settle: the time after which an unanswered request can no longer take effect.
//   - silence: a time in which nothing may be sent for a customer, such as settle.
//   - trial: one row that goes first through a gate that was shut.
//   - window: when an attempt may have created its user, in the partner's time.
//   - witness: a user whom the ledger knows, and whom a list must therefore show.
package pipeline
