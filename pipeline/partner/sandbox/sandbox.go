// Package sandbox is the partner API simulated over real HTTP on loopback:
// create-user with idempotency keys that are not replayed, list-users, wallet,
// delete and retry-kyc, with every way of misbehaving that a client must
// survive as a named switch.
//
// Start at [New] with a zero [Config], then [Server.Listen]. Tests look inside
// with [Server.Users], [Server.Posts], [Server.Counters] and [Server.Charged], and
// stop the server at a chosen point of a request with Config.Barrier.
//
//	faults    fault_catalogue.go lists every switch, fault_parse.go reads one
//	          ([ParseFault], [FaultNames]), fault_choose.go decides whom it strikes,
//	          fault_answers.go says what is answered instead
//	state     store.go has it all under one lock, with the idempotency keys: users.go
//	          the users and their e-mails, wallet.go the money, state.go
//	          the file that survives a kill
//	calls     server.go is the door of all; create.go, list.go, wallet.go, change.go
//	          (delete, retry-kyc)
//	answers   answer.go has the envelope, answer_forms.go those of gateways and
//	          frameworks, answer_mixup.go answers of others, answer_deliver.go writes
//	KYC       kyc.go plays the identity check, visits.go what users do with their
//	          links, webhook.go sends what it brings
//	tests     inspect.go
//
// What the vendor's pages leave open (whether a 402 uses up the key, whether upper
// case makes another e-mail, the largest page) is a setting here, because a client
// must be right under either answer.
//
// The local part of an e-mail can decide what happens, so that a rehearsal shows it:
// one that ends in +blacklisted is refused, and one that ends in +approved, +denied,
// +pending, +needs (needsVerification) or +review (manualReview) has that KYC status
// at once, or after Config.KYCAfter. With Config.KYCAfter, the user of one that ends
// in +unopened never opens the link, and that of +return leaves it and comes back.
package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// BasePath is what every path of the API begins with.
const BasePath = "/api"

// Config is one simulated partner. The zero value is a well-behaved one: any
// key that begins with sk_, a full wallet, no rate limit, no delay, no fault,
// nothing kept on disk.
type Config struct {
	// Who may call.
	Account string   // the partner account's name, with which each serviceId begins; default "acme"
	Keys    []string // API keys accepted; nil = any that begins with sk_. Keys that begin with sk_live_ are refused either way

	// Time. Waits (latency, slow faults) are in real time.
	Now    func() time.Time // default time.Now; must be safe for concurrent use
	Skew   time.Duration    // added to Now for Date headers, createdAt and key ages; default 0
	KeyTTL time.Duration    // how long an idempotency key is remembered; default 5 minutes, as the vendor says

	// Which e-mails count as used.
	EmailsRepeat bool // an e-mail may be used by any number of users; default: unique
	EmailsCase   bool // upper and lower case make different e-mails; default: they do not

	// Money, as exact decimal texts of at most 8 decimals.
	Balance string // of the wallet before anything was charged; default "1000000.00"
	Fee     string // charged for each user created; default "0.50"

	// Pace.
	Rate       float64       // requests per second over all calls, of which one second's worth may come at once; default 0: no limit
	Latency    time.Duration // half of it before acting, half after; default 0
	LatencyMax time.Duration // above Latency: the duration of each request is between the two; default 0: always Latency

	// Identity checks.
	KYCAfter time.Duration // from creation to the outcome of the check, in real time; half of it the user is pending_kyc, half pending. Default 0: only SetStatus and the e-mail's tag change a status
	Visits   Visits        // what users do with their links, with KYCAfter; default: all finish
	LinkLife time.Duration // how long a link works that nobody has opened, by the simulated clock; default 0: without end
	Webhook  Webhook       // where changes are sent

	// Misbehaviour.
	Faults []Fault // in order of precedence
	Seed   uint64  // decides whom a share of requests strikes, and the serviceIds; default 0

	// Memory.
	StateFile   string // users, keys, charges and counts are kept here and survive kill -9; default: memory only. One process at a time
	Preexisting []User // users that were there before; those whose e-mail exists already are passed over
	KeepPosts   int    // how many of the newest POSTs, and lists, are remembered for tests; default 100,000

	// Barrier, if set, is called by the request's own goroutine at each stage
	// of each create-user request, and may block it. Close waits for it.
	Barrier func(stage Stage, key, email string)
}

// Stage is a point in the life of one create-user request.
type Stage string

const (
	Arrived   Stage = "arrived"   // read and counted, nothing decided
	Acting    Stage = "acting"    // passed every check but e-mail and wallet, about to create the user
	Acted     Stage = "acted"     // the user exists, if nothing was against it
	Answering Stage = "answering" // the answer is about to be written, or withheld
	Answered  Stage = "answered"  // the last byte went out, or the connection was closed
)

// settings is Config with every default filled in and every text parsed.
type settings struct {
	Config
	balance, fee money
}

// now is the simulated partner's clock.
func (s settings) now() time.Time { return s.Now().Add(s.Skew) }

func (c Config) withDefaults() (settings, error) {
	s := settings{Config: c}
	s.Account = cmp.Or(c.Account, "acme")
	s.KeyTTL = cmp.Or(c.KeyTTL, 5*time.Minute)
	s.KeepPosts = cmp.Or(c.KeepPosts, 100_000)
	if s.Now == nil {
		s.Now = time.Now
	}
	var errBalance, errFee error
	s.balance, errBalance = parseMoney(cmp.Or(c.Balance, "1000000.00"))
	s.fee, errFee = parseMoney(cmp.Or(c.Fee, "0.50"))
	return s, errors.Join(
		fieldSetting("Balance", errBalance), fieldSetting("Fee", errFee), fieldSetting("Webhook.URL", c.Webhook.checkSettings()),
		fieldSetting("Visits", c.Visits.checkSettings()),
		settingError("KYCAfter", s.KYCAfter < 0, "is negative"),
		settingError("LinkLife", s.LinkLife < 0, "is negative"),
		settingError("Webhook.Repeat", s.Webhook.Repeat < 0, "is negative"),
		settingError("Account", strings.Trim(s.Account, lowerAlnum+"-") != "", "may have lower-case letters, digits and '-' only"),
		settingError("KeyTTL", s.KeyTTL < 0, "is negative"),
		settingError("Rate", !(s.Rate >= 0) || math.IsInf(s.Rate, 0), "is not a number of requests per second"),
		settingError("Latency", s.Latency < 0, "is negative"),
		settingError("LatencyMax", s.LatencyMax != 0 && s.LatencyMax < s.Latency, "is below Latency"),
		settingError("KeepPosts", s.KeepPosts < 0, "is negative"),
	)
}

func fieldSetting(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("sandbox: %s: %w", name, err)
}

func settingError(name string, wrong bool, why string) error {
	if !wrong {
		return nil
	}
	return fmt.Errorf("sandbox: %s %s", name, why)
}

// ParseLatency reads "80ms" or "50ms-200ms" into Config.Latency and LatencyMax.
func ParseLatency(text string) (least, most time.Duration, err error) {
	a, b, isRange := strings.Cut(text, "-")
	if least, err = time.ParseDuration(a); err == nil && isRange {
		most, err = time.ParseDuration(b)
	}
	if err != nil || least < 0 || isRange && most < least {
		return 0, 0, fmt.Errorf("latency %q is not a time such as 80ms, or a range such as 50ms-200ms", text)
	}
	return least, most, nil
}
