// Package pipeline brings a batch of customers from rows to created users. It reads
// and checks every row, registers the batch in a ledger, sends the valid rows to the
// partner at one rate, and settles what is in doubt.
//
// Start at [Run] and [Config]. Rows come from an [Input], users go to a [Partner], and
// a ledger.Ledger records what happened. The example of Run has all three in memory.
// Package pipeline/intake makes an Input of CSV files and workbooks; its example adds
// a ledger file, the partner's client and a report.
//
// # The promise
//
// Whatever fails, no customer is created twice, no outcome is lost, and no row gets a
// status that the evidence does not carry. Three rules keep it:
//
//  1. No create-user request is sent before its intent is on disk (plan.go).
//  2. One table decides what an answer makes of a row: AfterAnswer in
//     internal/decide/decide.go. Whatever the table does not know leaves the row in
//     doubt. Two checks around it can only add doubt: mixups.go, for an answer that
//     names another customer's user, and internal/decide/gap.go, for a ledger that was
//     restored from a copy.
//  3. A row in doubt is sent again only after a complete list of the partner's users
//     proves that it has no user. The list must begin when no earlier request for the
//     row can take effect any more (internal/decide/evidence.go).
//
// Every created user is compared with the list before the report (pairing.go).
//
// # One batch
//
//	check pass   check.go     read, validate, register; nothing is sent
//	             preflight.go the wallet, the bounds, the confirmation
//	send pass    run.go       one errgroup of these five:
//	             feed.go      the reader and the checkers: rows that are to be sent
//	             plan.go      the planner: writes intents, in groups
//	             submit.go    the submitters: one request each, never a retry
//	             record.go    the recorder: writes answers and resolutions
//	             resolve.go   the resolver: when to scan the list, and for which rows
//	             scan.go      one scan: what it looks for, and what it decides
//	             recreate.go  users with dead links: deleted and created again, one by one
//	             mixups.go    answers that name another customer's user: doubts and repairs
//	             outage.go    answers while a shared ledger cannot be reached
//	after it     pairing.go   compares the created users with the list
//	             finish.go    the figures of the run
//
// Intents are written by the planner and, for deletions, by pipeline/kyc. Outcomes are
// recorded by the recorder, by mixups.go and by pipeline/kyc. pairing.go only notes
// what the list shows.
//
// internal/decide holds the rules and is pure, internal/pacing says when a request may
// be sent, and internal/userlist reads the partner's list. A 429 is handled in stop.go
// (the run), pacing/gate.go (everyone waits) and pacing/limiter.go (the rate is halved).
//
// With a ledger.Shared the run is one of several senders (shared.go): it draws its turns
// from the ledger, claims slices of the batch, and one of all reads the list.
//
// # Time
//
// Ages are measured by the wall clock, because a monotonic clock does not advance while
// a machine is suspended. Settle times, windows and key ages are computed in the
// partner's time (pacing/clock.go), so a step of our clock changes nothing.
//
// # Glossary
//
//   - absent: proved to have created no user, or its user was deleted.
//   - account: the partner account that the API key belongs to; a ledger has one.
//   - answered: an attempt whose outcome is known; otherwise it is unanswered.
//   - attempt: one create-user request, from its intent to its closing.
//   - batch: one input, registered with its bytes and settings.
//   - beat: the sign of life that a sender of a shared ledger gives.
//   - breaker: closes the gate when too many answers prove nothing.
//   - budget: the users that the wallet still pays for, at a known fee.
//   - calibration: comparing createdAt with the partner's Date, by users that we created.
//   - check pass: reading and registering the whole input before anything is sent.
//   - claim: a slice of a batch that one sender of a shared ledger sends.
//   - clearance: notes in a shared ledger that a list has shown a customer absent.
//   - customer: an e-mail address, which is created at most once.
//   - evidence: what a complete list shows, or does not show, of a customer.
//   - gap: a time that the ledger may not cover, because it was restored from a copy, or
//     because its database lost commits and a sender with them.
//   - gate: lets requests pass, or holds all of them back.
//   - generation: the number in an idempotency key; it rises when a new key is safe and needed.
//   - group commit: several outcomes or intents in one transaction, with one fsync.
//   - idempotency key: by it the partner recognises a repeated request.
//   - in doubt: a customer who may or may not have been created.
//   - intent: the record of a request, on disk before the request is sent.
//   - lag: how long it takes until the list shows a user who was just created.
//   - lease: how long a sender may begin requests after a beat.
//   - look-up: a request that only reads: the list of users, or the wallet.
//   - outage: a time without useful answers from the partner, for all customers.
//   - pacing: keeping to the rate that we set and that the partner allows.
//   - pairing: comparing serviceId and e-mail of each created user with the list.
//   - patience: how long an outage is waited out before the run stops.
//   - probe: one row that is sent through a closed gate to see whether it can open.
//   - renewal: deleting a user whose link is dead, and creating it again with a new link.
//   - resolution: the status that evidence gives to a row in doubt.
//   - scan: one complete reading of the partner's list of users.
//   - sender: a process that sends; a shared ledger has several.
//   - settle: how long an unanswered request may still take effect.
//   - silence: a time in which no request is sent for one customer, such as settle.
//   - window: when an attempt may have created its user, in the partner's time.
//   - witness: a user that the ledger knows, and that a complete list must therefore show.
package pipeline
