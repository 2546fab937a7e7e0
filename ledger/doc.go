// Package ledger records what happened to every customer. It is the one authority
// on who was created, who may be sent and who must not be. It outranks the input,
// every report and the memory of the process. The partner outranks the ledger, but
// only through evidence that was written to the ledger first.
//
// Start at [Ledger]. The packages ledger/memory, ledger/sqlite and ledger/postgres
// implement it, and the suite in ledger/ledgertest holds all to the same behaviour. The rules are pure
// functions: [ApplyIntent], [ApplyChange], [MergeLate] and [RowStatus].
//
// # Customers, rows and attempts
//
// A customer is identified by a normalised e-mail address. A batch is one registered
// input; its rows never change. The first valid row with an e-mail address claims the
// customer. Other rows of the batch with that address keep a verdict of their own,
// whatever happens to the customer: later valid rows are duplicates, and invalid rows
// stay invalid and refer to the row that counts (Row.Repeats). An invalid row shows
// the customer's status only if no other row of its batch claims the customer; it then
// names the row that did (Reported.From). [RowStatus] is that rule. A row refers to
// its customer. A customer refers only to the last row that claimed it.
//
// An attempt is one create-user request, and one record: the intent, written before
// the first byte is sent, and the closing, written at most once. Between the two the
// attempt is open. An attempt is answered if its class says whether it created a user.
// It is unanswered if it may have created a user that the ledger does not know: Open,
// Unknown, OKBroken, KeyUsed, Unclear, and Throttled once its key may have expired
// (decide.IsUnanswered). Absent is set when evidence shows that the attempt created no
// user and no longer can, or that its user was deleted; it is then unanswered no more.
// An attempt counts (Customer.Attempts) unless it ended as NotSent.
//
// An attempt with Removes is a request to delete a user instead. It is closed as
// Removed, NotRemoved, NotSent or Unknown, and never counts.
//
// # States of a customer
//
// Pending: registered, and every request so far is answered. This is the only state
// from which a customer is sent without further evidence. Until the first intent,
// name, e-mail and details are those of the last row.
//
// InDoubt: an intent was written and its outcome is not known. Every intent leads
// here, and only a closing with evidence leads out. Time that passes never allows
// another request.
//
// Created: we created the user, and ServiceID and URL are known. Final, except that a
// new URL may be written, and in three cases. A user whose link expired unused may be
// deleted and created again, as described at LinkMissing ([Customer.IsRenewable]); if
// the user turns out not to be deleted, the customer is created as before. If the partner's list shows that the answer
// belonged to another customer, a change with Repair gives each customer its own user
// or takes a user away. If the user was created in another partner account, an
// operator may give it up. What the list shows of ServiceID and e-mail is kept in
// Pairing and does not change the status.
//
// LinkMissing: we created the user, and the answer with the link was lost. The
// customer becomes created when the link is found. To create the user again with a
// new link, it is deleted first. The intent to delete leads to InDoubt. The customer
// stays there while the next create request is unanswered or only postponed (429, 402,
// 401, not sent). A creation, a refusal or the partner's list ends the doubt. A
// confirmed deletion (Removed, with Absent) clears ServiceID and URL. The next request
// uses the next generation, so no key is ever used for two users.
//
// Duplicate: the partner had a user with this e-mail before any request of ours. Sent
// again only if an operator orders it.
//
// Rejected: the partner refused these details for good. Sent again only with other
// details, or if an operator orders it.
//
// InsufficientBalance: refused because the wallet could not pay. Sent again.
//
// Forgotten: erased on request. Only a keyed hash of the e-mail address remains, so
// that the customer is not sent again. No intent and no change applies.
//
// Invalid and DuplicateInInput are verdicts on rows. No customer has them.
//
// # Transitions
//
//	any but created, link_missing, forgotten  --Intend-->  in_doubt
//	link_missing, created by IsRenewable  --Intend, with Removes-->  in_doubt
//	in_doubt       --Record-->  any but forgotten
//	pending, duplicate, rejected, insufficient_balance  --Record-->  any but forgotten (by an operator or an import)
//	link_missing   --Record-->  created, link_missing
//	created        --Record-->  created
//	any but forgotten      --Record, with Repair-->  created, link_missing
//	created, link_missing  --Record, with Repair-->  in_doubt
//	created in another account  --Record, by an operator-->  pending
//	any but in_doubt  --Forget-->  forgotten
//
// A transition applies only if the customer still has the status and the number of
// intents that the writer expects. Otherwise nothing is written for this customer:
// Intend returns the id 0 for it, and Record returns the change. A customer with an open attempt is in doubt and accepts no second intent, so there are
// never two requests in flight for one customer. A generation never decreases.
//
// # After creation
//
// [Verification] keeps the status of each user's identity check, by serviceId. It
// changes no customer status, needs no lock, and may be written during a run. Only a
// new link that comes with it is written to the customer.
//
// # Saved plans
//
// [Plans] keeps what a second person approves before it is sent. A plan is used by one
// run, or by several if they were cut off: the transition to running is part of the
// transaction that begins the run. A restored ledger makes all open plans void, as it
// cannot know what was done with them. The terms are text for package approval.
//
// # What survives which failure
//
// The process is killed: every call that returned nil is on disk, and no call is half
// done. The next opening closes open attempts as Unknown. Their end is the time of that
// opening, because the request may have lasted until then.
//
// The machine loses power: the same. Every write is synced.
//
// A write fails: it is not known whether it reached the disk. The ledger refuses every
// later write. Answers to requests in flight go to [Emergency]. The next opening merges
// them by the rule of [MergeLate] unless the ledger has them already. An answer that
// does not fit is set aside, and the customer stays as it is.
//
// The file is damaged, truncated or out of date: it is refused with ErrDamaged where
// that can be detected, because customers missing from it would be sent again.
//
// A copy is restored or adopted on purpose, or a backup is opened in place of the
// ledger: it is accepted, and a [Gap] records the time that it may not cover.
//
// The ledger is lost: so are the links in it. Idempotency keys do not depend on it, so
// no customer is created twice within the lifetime of a key.
package ledger
