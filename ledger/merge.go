package ledger

import "slices"

// MergeLate returns the customer after a change that may come late, and reports
// whether the change fits. It is the rule of [Journal].Merge. The customer is
// given with all its attempts and is not changed. These changes fit:
//
//   - a change that was recorded already (see [IsRecorded]): nothing changes;
//   - a change whose customer is still as expected: it applies as [ApplyChange] says;
//   - an answer to an attempt that an opening closed as Unknown after a crash, if the
//     customer has no later attempt: it applies as if the attempt were still open.
//     NotSent is such an answer, too, because only the sender knows that nothing was
//     sent;
//   - such an answer with a link, for a customer in link_missing that has the
//     same serviceId: it becomes created, with the link.
//
// An answer that an attempt created a user outranks earlier evidence that it did not.
// The caller must have checked [Change.IsCredible].
func MergeLate(c Customer, ch Change) (Customer, bool) {
	if IsRecorded(c, ch) {
		return c, true
	}
	if ch.hasAnswer() && c.Status == LinkMissing && ch.Status == Created && ch.ServiceID == c.ServiceID && ch.URL != "" {
		ch.Expect = Expect{ch.Customer, LinkMissing, c.Intents}
	}
	after, err := ApplyChange(reopenAttempts(c, ch.Close), ch)
	if err != nil {
		return c, false
	}
	return after, true
}

// reopenAttempts is the customer with those attempts open that are to be answered and
// were closed without an answer.
func reopenAttempts(c Customer, closings []Closing) Customer {
	c.History = slices.Clone(c.History)
	for _, cl := range closings {
		i := slices.IndexFunc(c.History, func(a Attempt) bool { return a.ID == cl.Attempt })
		if i >= 0 && cl.isAnswer() && c.History[i].isClosedUnanswered() {
			c.History[i].Class, c.History[i].Absent = Open, false
		}
	}
	return c
}

// isClosedUnanswered reports whether an attempt was closed without anything that the
// partner said.
func (a Attempt) isClosedUnanswered() bool {
	return a.Class == Unknown && a.HTTPStatus == 0 && a.Code == "" && len(a.Excerpt) == 0
}

// isAnswer reports whether a closing says how its attempt ended, and does not only
// mark it as absent. A deletion that succeeded does both.
func (cl Closing) isAnswer() bool {
	return cl.Class != Open && (!cl.Absent || cl.Class == Removed)
}

func (ch Change) hasAnswer() bool {
	return !ch.Repair && slices.ContainsFunc(ch.Close, Closing.isAnswer)
}

// IsRecorded reports whether the customer, given with all its attempts, has a
// change already: an earlier call wrote it, and its result was lost. An answer is
// recognised by its attempt and by the user that it named, whatever happened to the
// customer since. Any other change is recognised by the state that it leads to.
func IsRecorded(c Customer, ch Change) bool {
	if c.ID == 0 || c.ID != ch.Customer || ch.Repair && c.hasOpen() {
		return false
	}
	for _, cl := range ch.Close {
		i := slices.IndexFunc(c.History, func(a Attempt) bool { return a.ID == cl.Attempt })
		if i < 0 || !c.History[i].hasClosing(cl, ch.Repair) {
			return false
		}
	}
	if ch.hasAnswer() {
		return (ch.ServiceID == "" || ch.ServiceID == c.ServiceID) && (ch.URL == "" || ch.URL == c.URL || c.Issued.After(TruncateTime(ch.At)))
	}
	return c.Intents == ch.Intents && c.Status == ch.Status && c.Code == ch.Code && c.Field == ch.Field && c.Message == ch.Message && c.Manual == ch.Manual &&
		(c.ServiceID == ch.ServiceID || ch.ServiceID == "" && !ch.Repair) && (c.URL == ch.URL || ch.URL == "" && !ch.Repair)
}

// hasClosing reports whether a closing was applied to the attempt. The end of an attempt
// is compared as ledgers keep it; a repair does not give it.
func (a Attempt) hasClosing(cl Closing, isRepair bool) bool {
	switch {
	case a.Class == Open, cl.Absent && !a.Absent, cl.Class != Open && cl.Class != a.Class:
		return false
	}
	return isRepair || !cl.isAnswer() || cl.NotAfter.Truncate() == a.NotAfter.Truncate() && cl.HTTPStatus == a.HTTPStatus && cl.Code == a.Code
}

// IsCredible reports whether a late answer meets the conditions that any answer must meet
// before it is recorded: its link is valid, and no other customer has its serviceId.
// owners are the customers of the ledger that have this serviceId. These conditions
// could not be checked when the answer arrived.
func (ch Change) IsCredible(owners []Customer) bool {
	if (ch.URL != "" || ch.Status == Created) && (!ValidLink(ch.URL) || ch.ServiceID == "") {
		return false
	}
	return !slices.ContainsFunc(owners, func(c Customer) bool {
		return ch.ServiceID != "" && c.ServiceID == ch.ServiceID && c.ID != ch.Customer
	})
}
