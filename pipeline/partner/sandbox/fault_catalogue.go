package sandbox

import (
	"slices"
	"strings"
)

// spec is what a fault does by its name. An answer fault shapes one request's
// fate and only the first that matches counts; the others are modifiers, of
// which any number hold at once.
type spec struct {
	name      string
	help      string
	modifier  bool
	perUser   bool   // a modifier whose selectors pick users of the account, not requests
	call      string // call that an answer fault strikes unless Fault.Call names another; "" = create
	acts      acts
	burns     bool // a fault that does not act: the key is used up nonetheless
	value     valueKind
	needed    bool
	otherwise string // value when none is given
	forms     string // the values to choose from, separated by "|"
}

// acts says whether the request takes effect.
type acts uint8

const (
	actsNot    acts = iota
	actsFirst       // takes effect, then misbehaves
	actsLate        // takes effect some time after arrival, and is not answered
	actsGone        // takes effect some time after the client gave up
	actsDouble      // takes effect twice; the second answer is given
)

// valueKind is how the value of a fault is written, as help shows it.
type valueKind string

const (
	valueNone     valueKind = ""
	valueTime     valueKind = "=TIME"
	valueCount    valueKind = "=N"
	valueRetry    valueKind = "=TIME|date:TIME|text:WORDS|none"
	valueRedirect valueKind = "=STATUS[:URL]"
	valueCode     valueKind = "=CODE"
	valueText     valueKind = "=TEXT or CODE|TEXT"
	valueOffset   valueKind = "=[-]TIME"
	valueForm     valueKind = "=FORM"
	valueMoney    valueKind = "=AMOUNT"
	valueName     valueKind = "=NAME"
)

// usageText returns the name with its own value, as help shows it.
func (s spec) usageText() string {
	if s.name == keyDies {
		return s.name + "=#N"
	}
	return s.name + string(s.value)
}

// FaultName describes one switch for help texts.
type FaultName struct {
	Name  string
	Usage string // the name with its own value, without selectors
	Help  string // one sentence
}

// FaultNames lists every switch that ParseFault knows, those of one request
// first, each with one sentence for help texts.
func FaultNames() []FaultName {
	var names []FaultName
	for _, s := range allSpecs() {
		help := s.help
		if s.forms != "" {
			help += "; FORM: " + strings.ReplaceAll(s.forms, "|", ", ")
		}
		names = append(names, FaultName{s.name, s.usageText(), help})
	}
	return names
}

func isCall(name string) bool {
	return slices.Contains([]string{callCreate, callList, callWallet, callDelete, callRetry}, name)
}

const (
	callCreate = "create"
	callList   = "list"
	callWallet = "wallet"
	callDelete = "delete"
	callRetry  = "retry"

	keyDies = "401-from"
)

// allSpecs returns every switch: what fails in a request, then how
// partners, gateways and lists differ from each other.
func allSpecs() []spec { return append(mishapSpecs(), habitSpecs()...) }

func mishapSpecs() []spec {
	return []spec{
		{name: "drop-before", help: "closes the connection before acting, the key stays free"},
		{name: "drop-before-burnt", burns: true, help: "closes the connection before acting, the key is used up"},
		{name: "reset-before", help: "resets the connection before acting, the key stays free"},
		{name: "drop-after", acts: actsFirst, help: "acts, then closes the connection without an answer"},
		{name: "reset-after", acts: actsFirst, help: "acts, then resets the connection without an answer"},
		{name: "cut-after", acts: actsFirst, help: "acts, sends the headers and half of the body, then closes the connection"},

		{name: "empty-201", acts: actsFirst, help: "acts and answers 201 without a body"},
		{name: "html-201", acts: actsFirst, help: "acts and answers 201 with an HTML page"},
		{name: "trunc-201", acts: actsFirst, help: "acts and answers 201 with half of the JSON as if that were all"},
		{name: "trailing-201", acts: actsFirst, help: "acts and answers 201 with garbage after the JSON"},
		{name: "no-url", acts: actsFirst, help: "acts and answers 201 without verificationUrl"},
		{name: "null-url", acts: actsFirst, help: "acts and answers 201 with a null verificationUrl"},
		{name: "http-url", acts: actsFirst, help: "acts and answers 201 with an http: verificationUrl"},
		{name: "js-url", acts: actsFirst, help: "acts and answers 201 with a javascript: verificationUrl"},
		{name: "no-id", acts: actsFirst, help: "acts and answers 201 without serviceId"},
		{name: "other-id", acts: actsFirst, help: "acts and answers 201 with a serviceId of another account"},

		{name: "500-before", burns: true, help: "answers 500 without acting, the key is used up"},
		{name: "500-before-free", help: "answers 500 without acting, the key stays free"},
		{name: "500-after", acts: actsFirst, help: "acts and answers 500"},
		{name: "502-html-before", help: "answers 502 with a gateway's HTML without acting, the key stays free"},
		{name: "502-html-after", acts: actsFirst, help: "acts and answers 502 with a gateway's HTML"},
		{name: "503-html-after", acts: actsFirst, help: "acts and answers 503 with a gateway's HTML"},
		{name: "504-html-after", acts: actsFirst, help: "acts and answers 504 with a gateway's HTML"},
		{name: "503-before", value: valueRetry, otherwise: "1s", help: "answers 503 with Retry-After without acting, the key stays free"},
		{name: "408-before", help: "answers 408 without acting, the key stays free"},

		{name: "late", acts: actsLate, value: valueTime, needed: true, help: "answers nothing and acts that long after the request arrived, whether or not the client is still there"},
		{name: "late-gone", acts: actsGone, value: valueTime, needed: true, help: "answers nothing and acts that long after the client gave up"},
		{name: "hang", help: "answers nothing and does nothing until the client gives up, the key stays free"},
		{name: "slow-headers", acts: actsFirst, value: valueTime, otherwise: "1s", help: "acts and sends the headers one byte at a time, one each second or TIME"},
		{name: "drip", acts: actsFirst, value: valueTime, otherwise: "1s", help: "acts and sends the body one byte at a time, one each second or TIME"},
		{name: "endless", acts: actsFirst, help: "acts and answers 201 with a body that does not end"},
		{name: "huge-headers", acts: actsFirst, help: "acts and answers with 100 MB of headers"},
		{name: "many-1xx", acts: actsFirst, help: "acts and sends a million answers with status 103 before the real one"},
		{name: "gzip-bomb", acts: actsFirst, help: "acts and answers with the right JSON and 4 GiB of blanks, compressed"},

		{name: "429", value: valueRetry, otherwise: "1s", help: "answers 429 without acting, with Retry-After in the form given"},
		{name: "401", help: "answers 401: the key is wrong"},
		{name: "402", help: "answers 402 whatever the wallet holds"},
		{name: "403", help: "answers 403: the account is suspended"},
		{name: "403-html", help: "answers 403 with a firewall's HTML"},
		{name: "422", help: "answers 422, complaining of firstName"},
		{name: "redirect", value: valueRedirect, otherwise: "307", help: "answers a redirect to URL, or to the same address, without acting"},
		{name: "unknown-400", value: valueCode, otherwise: "E_1042", burns: true, help: "answers 400 with a code that is documented nowhere, without acting"},
		{name: "duplicate-request", acts: actsDouble, help: "plays a proxy that sends the request twice and hands on the second answer"},

		{name: "list-500", call: callList, help: "answers 500 to list-users"},
		{name: "wallet-down", call: callWallet, help: "answers 503 to the wallet call"},

		{name: keyDies, modifier: true, help: "answers 401 to everything from the N-th POST on, as if the key had been rotated"},
		{name: faultBusyBurnsKey, modifier: true, help: "a 429 uses up the key"},
		{name: faultFundsBurnsKey, modifier: true, help: "a 402 uses up the key"},
		{name: faultRejectBurnsKey, modifier: true, help: "a 422 uses up the key"},
		{name: faultKeyAtCompletion, modifier: true, help: "a key is registered when its request has been completed, not when it arrives"},
		{name: faultKeyUsedText, modifier: true, value: valueText, needed: true, help: "says in other words that the key was used"},
		{name: faultDupAfterFee, modifier: true, help: "refuses an e-mail that exists only after charging the fee"},
		{name: faultEmailCase, modifier: true, help: "upper and lower case make different e-mails"},
		{name: faultEmailTwice, modifier: true, help: "an e-mail may be used by any number of users"},
		{name: faultPlainBodies, modifier: true, help: "errors have plain text for a body"},
		{name: faultEmptyBodies, modifier: true, help: "errors have no body"},
		{name: faultNoDate, modifier: true, help: "answers have no Date header"},
		{name: faultListUnsorted, modifier: true, help: "list-users is in the order of the serviceIds, so that new users appear anywhere"},
		{name: faultListNewestFirst, modifier: true, help: "list-users shows the newest users first"},
		{name: faultListCap, modifier: true, value: valueCount, needed: true, help: "list-users shows at most N users on a page, however many are asked for"},
		{name: faultListCapRefused, modifier: true, value: valueCount, needed: true, help: "list-users answers 422 to a limit above N"},
		{name: faultListLag, modifier: true, value: valueTime, needed: true, help: "new users appear in list-users that much later"},
		{name: faultListChurn, modifier: true, help: "users of others appear in and vanish from list-users with each request"},
		{name: faultListNoTotal, modifier: true, help: "list-users does not say how many users there are"},
		{name: faultListNoDates, modifier: true, perUser: true, help: "list-users does not say when a user was created"},
		{name: faultWalletInactive, modifier: true, help: "the wallet call says that the wallet is not active"},
	}
}

// bareForms are the answers of gateways in front of an API: none of them has
// the partner's envelope.
const bareForms = "plain|html|message|status-code|detail|error|empty"

// habitSpecs returns the switches that make one sound partner differ from another:
// how it names users, what its clock and its list look like, how its gateway
// and its framework write. Few of them are faults by themselves.
func habitSpecs() []spec {
	return []spec{
		{name: "unknown-400-free", value: valueCode, otherwise: "E_1042", help: "answers 400 with a code that is documented nowhere, without acting, the key stays free"},
		{name: "unknown-400-after", acts: actsFirst, value: valueCode, otherwise: "E_1042", help: "acts and answers 400 with a code that is documented nowhere"},
		{name: "503-html-before", value: valueRetry, otherwise: "1s", help: "answers 503 with a gateway's HTML and Retry-After, without acting, the key stays free"},
		{name: "path-gone", value: valueForm, forms: bareForms + "|envelope", otherwise: "html", help: "answers 404 as if the path were gone; html:410 has another status"},

		{name: faultIDForm, modifier: true, perUser: true, value: valueForm, needed: true, forms: "rain-user|user|bare", help: "how serviceIds are made: SLUG-rain-user-ID, SLUG-user-ID, or no slug (bare); user,#5- changes it with the fifth user"},
		{name: faultIDSlug, modifier: true, perUser: true, value: valueName, needed: true, help: "serviceIds begin with this slug, not with the account's"},
		{name: faultWalletPartner, modifier: true, value: valueName, needed: true, help: "the wallet call names the account by this partnerId; number:4711 is written as a number"},
		{name: faultWalletID, modifier: true, value: valueName, needed: true, help: "the wallet call has this walletId; number:12 is written as a number"},
		{name: faultWalletCached, modifier: true, value: valueTime, otherwise: "50m", help: "the wallet's answer comes from a cache: it has an Age, and a Date that is as old"},
		{name: faultOthersSpend, modifier: true, value: valueMoney, needed: true, help: "others spend this much from the wallet with each creation"},

		{name: faultAnswersTwice, modifier: true, value: valueTime, otherwise: "250ms", help: "each answer is written to its connection a second time, that much later"},
		{name: faultSwapAnswers, modifier: true, value: valueTime, otherwise: "300ms", help: "two creations that overlap are answered with each other's serviceId and link; one waits that long for another"},
		{name: faultSwapLinks, modifier: true, value: valueTime, otherwise: "300ms", help: "likewise, but the links alone are swapped"},
		{name: faultShiftAnswers, modifier: true, help: "each creation is answered with the serviceId and link of the one before; the first has its own"},
		{name: faultOneLink, modifier: true, help: "each creation is answered with the link of the first"},

		{name: faultCreatedOffset, modifier: true, perUser: true, value: valueOffset, needed: true, help: "createdAt comes from a clock that is ahead by that much, or behind"},
		{name: faultCreatedJitter, modifier: true, perUser: true, value: valueTime, needed: true, help: "createdAt is off by up to that much, otherwise for each user"},
		{name: faultCreatedRound, modifier: true, perUser: true, value: valueTime, needed: true, help: "createdAt is cut off to whole units of that time (1s, 1m)"},
		{name: faultCreatedForm, modifier: true, perUser: true, value: valueForm, needed: true, forms: "no-zone|sql|+0000|seconds|millis|text-seconds", help: "how createdAt is written: without a zone, as SQL does, with +0000, or as seconds or milliseconds since 1970"},
		{name: faultDateOffset, modifier: true, value: valueOffset, needed: true, help: "the Date header's clock is ahead by that much, or behind; createdAt is not"},
		{name: faultDateUTC, modifier: true, help: "the Date header ends in UTC, not in GMT"},

		{name: faultListEmail, modifier: true, perUser: true, value: valueForm, needed: true, forms: "mask|lower|untag|upper|none", help: "how list-users shows e-mails: masked (j***@example.com), in lower or upper case, without their +tag, or not at all; mask,30% strikes a share of the users"},
		{name: faultListHides, modifier: true, perUser: true, help: "users are never listed; list-hides=20% hides a share of them"},
		{name: faultListOdd, modifier: true, perUser: true, value: valueForm, needed: true, forms: "first-name|program|status", help: "a member of list-users has another type: firstName is a number, program an object, or status a number"},
		{name: faultListEmpty, modifier: true, value: valueForm, needed: true, forms: "users-null|data-array|data-null|no-users|404", help: "how an empty page of list-users is written; 404 comes in an envelope"},
		{name: faultListDeleted, modifier: true, help: "list-users shows deleted users with the status deleted"},
		{name: faultListIgnoresSkip, modifier: true, help: "list-users always shows the first page"},
		{name: faultListDeepRefused, modifier: true, value: valueCount, needed: true, help: "list-users answers 422 to a skip above N"},

		{name: faultFieldErrors, modifier: true, value: valueForm, needed: true, forms: "nest|fastapi|rfc9457|express|spring|success-false|laravel", help: "bad fields are refused in a framework's own form, with its own status; nest:422 has another"},
		{name: faultBusyForm, modifier: true, value: valueForm, needed: true, forms: bareForms, help: "a 429 is written by a gateway, without an envelope"},
		{name: faultAuthForm, modifier: true, value: valueForm, needed: true, forms: bareForms, help: "a 401 and a 403 are written by a gateway, without an envelope"},
		{name: faultCompressed, modifier: true, value: valueForm, forms: "asked|always", otherwise: "asked", help: "answers are compressed with gzip, where the request asks for it or always"},
		{name: faultBigHeaders, modifier: true, value: valueCount, needed: true, help: "answers have N bytes of headers more"},
		{name: faultKeepAlive, modifier: true, value: valueTime, otherwise: "5s", help: "answers have the header Keep-Alive: timeout=SECONDS"},

		{name: faultRetryNoLink, modifier: true, help: "retry-kyc submits the documents again: no new link, and the user has nothing to do"},
	}
}
