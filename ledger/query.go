package ledger

// Query selects customers. Zero fields do not restrict.
type Query struct {
	Status     []Status
	Batch      int64 // with a row of this batch that claims them
	NotBatch   int64 // without one
	IDs        []int64
	Identities []string
	ServiceIDs []string
	URLs       []string
	Pairing    Pairing // those with this pairing
	Near       *Near   // by time instead of by id
	History    bool
	Newest     int // only n that are decided, those with the newest answered attempt first; if Status is empty, of those created or link_missing
}

// Near selects the N customers in created or link_missing whose newest attempt
// is nearest to an attempt: before it, nearest first, or after it. Customers
// that were never sent by this ledger are none of them.
type Near struct {
	Attempt int64
	After   bool
	N       int
}
