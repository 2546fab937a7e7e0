// Package decide says what an answer, or what the partner's list shows, makes of
// a customer. It is pure: it reads no clock, no list and no ledger, and all that
// it needs is given to it.
//
// Start at [AfterAnswer], the table of answers, and at [WeighEvidence], which
// decides about a row in doubt by a complete list. [NextGeneration] is the rule
// for idempotency keys, [ProveAbsence] says when a list proves that a customer has
// no user, and [Calibrate] relates createdAt to the partner's clock. The random
// histories in the tests play these rules against a model of the partner.
package decide
