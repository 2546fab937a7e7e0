package ledgercmd

import (
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// timeOf returns the first text that is a moment; the zero time if none is.
func timeOf(texts ...string) time.Time {
	for _, text := range texts {
		if at, err := time.Parse(time.RFC3339, text); err == nil && at.Before(time.Now()) {
			return at
		}
	}
	return time.Time{}
}

// knowsMore reports whether a file says more of a customer than the ledger
// knows. Nothing is imported for a customer whom this ledger sent to the
// partner, but the link of a user whose link was lost.
func knowsMore(ch ledger.Change, c ledger.Customer) bool {
	switch c.Status {
	case ledger.Pending:
		return c.Intents == 0
	case ledger.LinkMissing:
		return ch.Status == ledger.Created && (c.ServiceID == "" || c.ServiceID == ch.ServiceID)
	case ledger.Duplicate:
		return ch.Status != ledger.Duplicate && c.Intents == 0
	}
	return false
}

// knowsLater reports whether a report of ours says what became of a customer
// after the copy was made from which the ledger was put back: a user, with or
// without a link. That a customer is a duplicate is not imported: the list shows it.
func knowsLater(ch ledger.Change, c ledger.Customer) bool {
	if ch.Status != ledger.Created && ch.Status != ledger.LinkMissing {
		return false
	}
	switch c.Status {
	case ledger.Created:
		return ch.Status == ledger.Created && c.ServiceID != ch.ServiceID && ch.At.After(c.Decided) // created again
	case ledger.LinkMissing:
		return ch.Status == ledger.Created
	case ledger.Forgotten:
		return false
	}
	return true
}
