package pipeline

import (
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/userlist"
)

// Code is what a row's code means, for `help statuses` and the advice in
// reports.
type Code struct {
	Code    string
	Meaning string // one sentence
}

// Codes lists the codes that this package gives rows, beside those of package
// validate and the partner's own.
func Codes() []Code {
	return []Code{
		{CodeRepeats, "an earlier row of this input has the same e-mail and the same details"},
		{CodeRepeatsOther, "an earlier row of this input has the same e-mail but other details"},
		{CodeSharesEmail, "another row of this input has the e-mail of this invalid one"},
		{"known_from", "the row is invalid, and its customer is known from another input, which the message names"},
		{CodeIDKnown, "the customer number was onboarded under another e-mail"},
		{CodeIDRepeated, "an earlier row of this input has the same customer number and another e-mail"},
		{CodeLooksOnboarded, "a person with this name and phone number was onboarded under another e-mail"},
		{"details_changed", "the input differs from what was sent in this field; nothing was sent again"},
		{ledger.CodeResubmitted, "the identity check was begun again without a link: the documents were submitted again, the user has nothing to do, and the old link is not shown"},
		{"by_hand", "a person decided it; the message has the reason"},
		{"imported", "taken over from a report, or from what was used before"},
		{decide.CodeOutstanding, "sent, and no answer tells what came of it; the next run looks it up"},
		{userlist.CodeLinkLost, "the user exists, made by us, but the answer with the link was lost"},
		{"being_recreated", "deleted because the link was lost, and not created again yet; run the same input again"},
		{userlist.CodeMixedUp, "the partner's answers for this customer and another one were mixed up"},
		{ledger.CodeOtherAccount, "created in another partner account than this ledger's"},
		{string(ledger.EmailDiffers), "the partner's list shows the user under an e-mail that is nobody's here"},
		{string(ledger.UserDeleted), "the partner's list shows the user as deleted"},
		{string(ledger.UserUnlisted), "a day after the creation the partner's list does not show the user"},
		{decide.CodeTwoUsers, "the partner lists two users with this e-mail"},
		{decide.CodeTaken, "the partner lists this e-mail with a serviceId that another row has"},
		{decide.CodeNoTime, "the partner lists the user, but not when it was created by a clock that can be compared"},
		{decide.CodeUnproved, "the partner lists the user, but its createdAt does not prove who created it"},
		{decide.CodeNoAbsence, "the partner's list does not show the users it should, so it does not prove that this one does not exist"},
		{decide.CodeSimilar, "the partner lists a user who may be this person under another e-mail"},
		{decide.CodeLate, "the partner lists the user as created later than any attempt of ours can explain"},
		{decide.CodeLookBack, "the partner lists the user, but both another process and a refusal may explain it"},
		{decide.CodeUnlisted, "the partner says that the e-mail exists, but its list does not show it"},
		{decide.CodeBudget, "not created so far, and the sends of this run are spent; the next run goes on"},
		{decide.CodeUnanswered, "too many attempts got no answer; look at it before anything is sent again"},
		{decide.CodeCreatedInGap, "a user with this e-mail was created while the ledger's memory is missing, and may be one of ours"},
		{decide.CodeNotAtHand, "in doubt through another input; run that input again to settle it"},
	}
}

// personMessage says why a program cannot decide, and what a person can do.
func personMessage(code string) string {
	for _, c := range Codes() {
		if c.Code == code {
			return c.Meaning + ". Look the customer up in the partner's dashboard, then: bulkonboard ledger resolve"
		}
	}
	return "the evidence does not decide this row"
}
