// Package pipeline takes a batch of customers from rows to created users: it
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
// is given a status that the evidence does not carry. Three rules carry it:
//
//  1. Nothing is sent whose intent is not on the disk (plan.go, Intend).
//  2. An answer decides only by the table in decide.go; everything that the
//     table does not know leaves the row in doubt.
//  3. A row in doubt is sent again only after a list of the partner's users,
//     begun when its idempotency key was surely dead, proves that it does not
//     exist (evidence.go, absence.go). What a list shows and what it does not show
//     is believed as far as it agrees with the users that the ledger knows: they
//     calibrate its createdAt (calibration.go) and vouch for its completeness.
//
// Every created user is compared with the list before the report (pairing.go,
// confirm.go): an answer that was another customer's is put right or named.
//
// # One batch
//
//	check pass   check.go     read, validate, register; nothing is sent
//	             preflight.go the wallet, the bounds, the confirmation
//	send pass    run.go       one errgroup of
//	             feed.go        a reader and the checkers: rows that are to be sent
//	             plan.go        the planner: intents, in groups
//	             submit.go      the submitters: one request each, never a retry
//	             record.go      the recorder: the only one who writes outcomes
//	             resolve.go     the resolver: when to scan, and what to do with the rows
//	             look.go        one scan: what is asked for, and what it decides
//	             scan.go        reading the list
//	             keeper.go      the gate's keeper: decides when sending goes on
//	             confirm.go   the users created are compared with the list
//
// # Time
//
// Ages are taken from the wall clock, because a suspended machine's monotonic
// clock stands still, and settle, windows and key ages are reckoned in the
// partner's time (clock.go, timing.go), so that a step of our clock changes nothing.
package pipeline
