// Package ledger is the record of what happened to every customer: the one
// authority on who was created, who may be sent and who must not be. Neither
// the input nor a report nor the memory of a process outranks it; the partner
// does, but only through evidence that is written here first.
//
// Start at [Ledger]. Ledgers are made by ledger/memory and by ledger/sqlite; the
// suite ledger/ledgertest holds them to one behaviour. The rules themselves are
// the pure functions [Intended], [Decided], [Late] and [RowStatus].
//
// # People, rows and attempts
//
// A customer is one person, known by a normalised e-mail. A batch is one
// registered input, and its rows never change. The first valid row of an
// identity in a batch claims the customer; others of the same identity keep
// their own verdict, whatever becomes of it: later valid ones are repetitions,
// invalid ones stay invalid and know the row that counts (Row.Repeats). Only an
// invalid row whose customer no other row of its batch claims shows what is known
// of the customer, and from where (Reported.From). [RowStatus] is that rule. A row
// knows its customer, not the other way round, but for the last row that claimed it.
//
// An attempt is one create-user request, and one record: the intent, written
// before the first byte leaves, and its closing, written at most once. Between
// the two it is open. It is answered when its class says what became of it, and
// unanswered when it is Unknown, OKBroken or KeyUsed. Absent is set when
// evidence shows that nothing of what an attempt created is there, and never
// will be. An attempt is counted (Customer.Attempts) unless it ended as NotSent.
//
// An attempt with Removes is a request to delete a user instead. It is closed as
// Removed, NotRemoved, NotSent or Unknown, and never counted.
//
// # States of a customer
//
// Pending: registered, and nothing that was sent is still to be answered. The
// only state in which a person is sent without further evidence. Until the
// first intent, name, e-mail and details are those of the last row.
//
// InDoubt: an intent was written and what came of it is not known. Every
// intent leads here, and only a closing with evidence leads out. Never sent
// again just because time has passed.
//
// Created: made by us; ServiceID and URL are known. Final: nothing but a new
// URL is ever written to it, with two exceptions. The partner's list shows that
// the answer was another customer's: a change with Repair gives both what is
// theirs, or takes it back. And an operator gives up a user who was created in
// another partner account. What the list says of the serviceId and the e-mail is
// kept beside the status; see Pairing.
//
// LinkMissing: made by us, and the answer with the link was lost. It becomes
// created when a link is found. The intent to delete its user, so that it can be
// created once more with a link, leads to InDoubt, where the person stays until
// there is a user again. Removed with Absent ends what was: the serviceId, and
// the older attempts, which are closed as absent along with it. Its generation is
// the next one, so that no key is ever used for two users.
//
// Duplicate: the partner had the e-mail before any request of ours. A person
// may have it sent once more.
//
// Rejected: the partner refused this person with these details for good. Sent
// again only with other details, or when a person says so.
//
// InsufficientBalance: refused because the wallet could not pay. Sent again.
//
// Forgotten: erased on request. Nothing is left but that the identity is
// known; no intent and no decision applies to it.
//
// Invalid and DuplicateInInput are verdicts on rows; no customer has them.
//
// # Transitions
//
//	any but created, link_missing, forgotten  --Intend-->  in_doubt
//	link_missing   --Intend a deletion-->  in_doubt
//	link_missing   --Intend, with Removes-->  in_doubt
//	in_doubt       --Record-->  any but forgotten
//	pending, duplicate, rejected, insufficient_balance  --Record-->  any but forgotten (a person, an import)
//	link_missing   --Record-->  created, link_missing
//	created        --Record-->  created
//	created, link_missing  --Record, with Repair-->  created, link_missing, in_doubt
//	created in another account  --Record, by hand-->  pending
//	any but in_doubt  --Forget-->  forgotten
//
// Each applies only if the customer still has the status and the number of
// intents that the writer expected; else it is skipped, or comes back to the
// writer, and nothing is written for it. A customer with an open attempt is in
// doubt and accepts no second intent: there are never two requests under way for
// one person. A generation never falls.
//
// # After creation
//
// [Verification] keeps the status of each user's identity check, by serviceId and
// apart from all of the above: news of it changes no status, needs no lock, and
// goes beside a run. Only a link that comes with it is written to the customer.
//
// # Saved plans
//
// [Plans] keeps what a second person approves before it is sent. A plan is used by one
// run, or by several if they were cut off: the transition to running is part of the
// transaction that begins the run. A restored ledger makes all open plans void, as it
// cannot know what was done with them. The terms are text for package approval.
//
// # What survives what
//
// A process that is killed: everything whose call returned nil, and nothing
// half. Attempts that were open are closed as Unknown by the next opening,
// their end being that opening, since the request may have lived on until then.
//
// A machine that loses power: the same, as every write is synced.
//
// A write that fails: nobody knows whether it is on the disk. The ledger
// refuses every later write; answers that were under way go through
// [Emergency] and are merged at the next opening by the rule of [Late], if they are
// not there already. One that does not fit is set aside, and the row stays as it is.
//
// A damaged, shortened or older file: is refused with ErrDamaged, as far as
// that can be seen, because what it forgot would be sent again.
//
// A copy that is put back on purpose, or opened where nothing else is: is gone on
// with, and a [Gap] says from when to when it may have forgotten.
//
// A lost ledger: the links in it are gone. The idempotency keys do not depend
// on it, so that within their lifetime no one is created twice even then.
package ledger
