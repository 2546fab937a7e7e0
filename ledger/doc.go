// Package ledger is the record of what happened to every customer: the one
// authority on who was created, who may be sent and who must not be.
package ledger
