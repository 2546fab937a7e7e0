package ledger

import "slices"

// This file has what every implementation of Journal does with a list.

// FindIntent returns the id of the attempt that an intent opened in an earlier call whose
// result was lost, or 0. It is the customer's newest attempt, if that is open and has
// the run, key, generation and time of the intent. c is the present customer with its
// attempts.
func FindIntent(c Customer, run int64, in Intent) int64 {
	if c.ID == 0 || c.ID != in.Customer || c.Status != InDoubt || c.Intents != in.Intents+1 {
		return 0
	}
	var newest Attempt
	for _, a := range c.History {
		if a.ID > newest.ID {
			newest = a
		}
	}
	if newest.Class != Open || newest.Run != run || newest.Key != in.Key || newest.Removes != in.Removes ||
		newest.Generation != in.Generation || newest.NotBefore.Truncate() != in.At.Truncate() {
		return 0
	}
	return newest.ID
}

// ApplyChanges applies changes in their order, by the rule of [Journal].Record, and
// returns the refused ones. of returns a customer with all its attempts, or nil if the
// ledger does not have it; ApplyChanges writes the new state there.
func ApplyChanges(of func(customer int64) *Customer, changes []Change) (refused []Change) {
	repairs := !slices.ContainsFunc(changes, func(ch Change) bool { return ch.Repair }) || allRepairsFit(of, changes)
	for _, ch := range changes {
		c := of(ch.Customer)
		if c == nil || ch.Repair && !repairs {
			refused = append(refused, ch)
			continue
		}
		after, err := ApplyChange(*c, ch)
		switch {
		case err == nil:
			*c = after
		case !IsRecorded(*c, ch):
			refused = append(refused, ch)
		}
	}
	return refused
}

// allRepairsFit reports whether all changes with Repair fit. Correcting only a part of a
// mix-up would give one user to two customers.
func allRepairsFit(of func(customer int64) *Customer, changes []Change) bool {
	tried := map[int64]Customer{}
	for _, ch := range changes {
		c, known := tried[ch.Customer]
		if at := of(ch.Customer); !known && at != nil {
			c = *at
		}
		after, err := ApplyChange(c, ch)
		switch {
		case err == nil:
			tried[ch.Customer] = after
		case ch.Repair && !IsRecorded(c, ch):
			return false
		}
	}
	return true
}
