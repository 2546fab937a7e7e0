package approval

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// maxNamedRows is how many rows that were not approved are named.
const maxNamedRows = 5

// Compare returns in what a run goes beyond an approved plan, a sentence each and the
// gravest first; nothing if it keeps within it. now are the terms that a plan made at
// this moment would have. unplanned names the rows that would be sent and that the
// plan does not allow, such as "row 12".
func Compare(plan, now *Terms, unplanned []string) []string {
	all := CompareTarget(plan, now)
	all = append(all, compareList(plan, now)...)
	if n := len(unplanned); n > 0 {
		all = append(all, fmt.Sprintf("%s of the rows to send %s not approved: %s", strconv.Itoa(n), wasOrWere(n), nameRows(unplanned)))
	}
	if plan.MaySend() < now.MaySend() {
		all = append(all, fmt.Sprintf("rows that may be sent: %d were approved, now there are %d", plan.MaySend(), now.MaySend()))
	}
	return append(all, compareMoney(plan, now)...)
}

// CompareTarget is Compare for where the rows go: what is known before the list is
// read.
func CompareTarget(plan, now *Terms) (all []string) {
	differ := func(what, approved, is string) {
		if approved != is {
			all = append(all, fmt.Sprintf("%s: approved for %s, now %s", what, orNone(approved), orNone(is)))
		}
	}
	differ("environment", plan.Environment, now.Environment)
	differ("partner's host", plan.Host, now.Host)
	if plan.Account.Differs(now.Account) {
		all = append(all, fmt.Sprintf("partner account: approved for %s, now %s", accountName(plan.Account), accountName(now.Account)))
	}
	differ("API key (fingerprint)", plan.KeyPrint, now.KeyPrint)
	switch {
	case plan.Rate == 0:
	case now.Rate == 0:
		all = append(all, fmt.Sprintf("rate: approved at most %g/s, now unlimited", plan.Rate))
	case now.Rate > plan.Rate:
		all = append(all, fmt.Sprintf("rate: approved at most %g/s, now %g/s", plan.Rate, now.Rate))
	}
	return all
}

func compareList(plan, now *Terms) (all []string) {
	if plan.Fingerprint == now.Fingerprint {
		return nil
	}
	for i := range max(len(plan.Files), len(now.Files)) {
		switch {
		case i >= len(plan.Files):
			all = append(all, fmt.Sprintf("%s was not in the approved list", now.Files[i].label()))
		case i >= len(now.Files):
			all = append(all, fmt.Sprintf("%s of the approved list is missing", plan.Files[i].label()))
		case plan.Files[i].SHA256 != now.Files[i].SHA256 || plan.Files[i].Sheet != now.Files[i].Sheet:
			all = append(all, fmt.Sprintf("%s is not the file that was approved (SHA-256 %.12s, now %.12s; %d rows, now %d)",
				now.Files[i].label(), plan.Files[i].SHA256, now.Files[i].SHA256, plan.Files[i].Rows, now.Files[i].Rows))
		}
	}
	switch {
	case len(all) > 0:
	case plan.Rules != now.Rules:
		all = append(all, fmt.Sprintf("the field rules changed: version %d was approved, this program has %d", plan.Rules, now.Rules))
	default:
		all = append(all, "the same files are read or decided differently: columns, values, defaults and rows left out must be those of the plan")
	}
	return all
}

func compareMoney(plan, now *Terms) (all []string) {
	if plan.Currency != "" && now.Currency != "" && plan.Currency != now.Currency {
		all = append(all, fmt.Sprintf("currency: approved in %s, now %s", plan.Currency, now.Currency))
	}
	if isMore(now.AtMost, plan.AtMost) {
		all = append(all, fmt.Sprintf("amount: approved at most %s, now %s (fee %s, was %s)", plan.AtMost, now.AtMost, now.Fee, plan.Fee))
	}
	if isMore(plan.Keep, now.Keep) {
		all = append(all, fmt.Sprintf("left in the wallet: approved %s, now %s", plan.Keep, orNone(now.Keep)))
	}
	return all
}

// isMore reports whether an amount is larger than another. One that is not known is
// none.
func isMore(a, b string) bool { return parseAmount(a).Cmp(parseAmount(b)) > 0 }

func parseAmount(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return new(big.Rat)
	}
	return r
}

func (f File) label() string {
	if f.Sheet == "" {
		return f.Name
	}
	return f.Name + " (sheet " + f.Sheet + ")"
}

func accountName(a ledger.Account) string {
	if a.Partner != "" {
		return a.Partner
	}
	return orNone(a.Slug)
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func nameRows(names []string) string {
	if n := len(names) - maxNamedRows; n > 0 {
		return strings.Join(names[:maxNamedRows], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(names, ", ")
}

func wasOrWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
