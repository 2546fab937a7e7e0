package sandbox

// bareForms are the answers of what stands in front of an API: none of them has
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

		{name: "id-form", modifier: true, perUser: true, value: valueForm, needed: true, forms: "rain-user|user|bare", help: "how serviceIds are made: SLUG-rain-user-ID, SLUG-user-ID, or no slug (bare); user,#5- changes it with the fifth user"},
		{name: "id-slug", modifier: true, perUser: true, value: valueName, needed: true, help: "serviceIds begin with this slug, not with the account's"},
		{name: "wallet-partner", modifier: true, value: valueName, needed: true, help: "the wallet call names the account by this partnerId; number:4711 is written as a number"},
		{name: "wallet-id", modifier: true, value: valueName, needed: true, help: "the wallet call has this walletId; number:12 is written as a number"},
		{name: "wallet-cached", modifier: true, value: valueTime, otherwise: "50m", help: "the wallet's answer comes from a cache: it has an Age, and a Date that is as old"},
		{name: "others-spend", modifier: true, value: valueMoney, needed: true, help: "others spend this much from the wallet with each creation"},

		{name: "answers-twice", modifier: true, value: valueTime, otherwise: "250ms", help: "each answer is written to its connection a second time, that much later"},
		{name: "swap-answers", modifier: true, value: valueTime, otherwise: "300ms", help: "two creations that overlap are answered with each other's serviceId and link; one waits that long for another"},
		{name: "swap-links", modifier: true, value: valueTime, otherwise: "300ms", help: "likewise, but the links alone are swapped"},
		{name: "shift-answers", modifier: true, help: "each creation is answered with the serviceId and link of the one before; the first has its own"},
		{name: "one-link", modifier: true, help: "each creation is answered with the link of the first"},

		{name: "created-offset", modifier: true, perUser: true, value: valueOffset, needed: true, help: "createdAt comes from a clock that is ahead by that much, or behind"},
		{name: "created-jitter", modifier: true, perUser: true, value: valueTime, needed: true, help: "createdAt is off by up to that much, otherwise for each user"},
		{name: "created-round", modifier: true, perUser: true, value: valueTime, needed: true, help: "createdAt is cut off to whole units of that time (1s, 1m)"},
		{name: "created-form", modifier: true, perUser: true, value: valueForm, needed: true, forms: "no-zone|sql|+0000|seconds|millis|text-seconds", help: "how createdAt is written: without a zone, as SQL does, with +0000, or as seconds or milliseconds since 1970"},
		{name: "date-offset", modifier: true, value: valueOffset, needed: true, help: "the Date header's clock is ahead by that much, or behind; createdAt is not"},
		{name: "date-utc", modifier: true, help: "the Date header ends in UTC, not in GMT"},

		{name: "list-email", modifier: true, perUser: true, value: valueForm, needed: true, forms: "mask|lower|untag|upper|none", help: "how list-users shows e-mails: masked (j***@example.com), in lower or upper case, without their +tag, or not at all; mask,30% strikes a share of the users"},
		{name: "list-hides", modifier: true, perUser: true, help: "users are never listed; list-hides=20% hides a share of them"},
		{name: "list-odd", modifier: true, perUser: true, value: valueForm, needed: true, forms: "first-name|program|status", help: "a member of list-users has another type: firstName is a number, program an object, or status a number"},
		{name: "list-empty", modifier: true, value: valueForm, needed: true, forms: "users-null|data-array|data-null|no-users|404", help: "how an empty page of list-users is written; 404 comes in an envelope"},
		{name: "list-deleted", modifier: true, help: "list-users shows deleted users with the status deleted"},
		{name: "list-ignores-skip", modifier: true, help: "list-users always shows the first page"},
		{name: "list-deep-refused", modifier: true, value: valueCount, needed: true, help: "list-users answers 422 to a skip above N"},

		{name: "field-errors", modifier: true, value: valueForm, needed: true, forms: "nest|fastapi|rfc9457|express|spring|success-false|laravel", help: "bad fields are refused in a framework's own form, with its own status; nest:422 has another"},
		{name: "429-form", modifier: true, value: valueForm, needed: true, forms: bareForms, help: "a 429 is written by a gateway, without an envelope"},
		{name: "auth-form", modifier: true, value: valueForm, needed: true, forms: bareForms, help: "a 401 and a 403 are written by a gateway, without an envelope"},
		{name: "compressed", modifier: true, value: valueForm, forms: "asked|always", otherwise: "asked", help: "answers are compressed with gzip, where the request asks for it or always"},
		{name: "big-headers", modifier: true, value: valueCount, needed: true, help: "answers have N bytes of headers more"},
		{name: "keep-alive", modifier: true, value: valueTime, otherwise: "5s", help: "answers have the header Keep-Alive: timeout=SECONDS"},

		{name: "retry-no-link", modifier: true, help: "retry-kyc submits the documents again: no new link, and the user has nothing to do"},
	}
}
