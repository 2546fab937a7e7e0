package main

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
)

// The partner's addresses. Its hosts were renamed once already, so they stand
// here and nowhere else.
const (
	productionBase = "https://services.getplu.com/api"
	stagingBase    = "https://services-staging.bitmama.io/api"

	envProduction = "production"
	envStaging    = "staging"
	envSandbox    = "sandbox"

	livePrefix    = "sk_live_"
	stagingPrefix = "sk_staging_"
)

// targetFlags choose the partner and the ledger.
type targetFlags struct {
	env         choice
	sandbox     bool
	fresh       bool
	baseURL     address
	keyFile     string
	ledger      string
	newLedger   bool
	lockTimeout span
	timeout     span
	keyTTL      span
	caFile      string
	proxy       address
	play        sandboxFlags
}

// placeFlags are those that choose the ledger alone.
func (t *targetFlags) placeFlags(f *pflag.FlagSet) {
	t.env = choice{of: []string{envStaging, envProduction}}
	f.Var(&t.env, "env", "which partner, and which ledger (default staging)")
	f.BoolVar(&t.sandbox, "sandbox", false, "the simulated partner API inside this process; no key needed")
	f.StringVar(&t.ledger, "ledger", "", "ledger `FILE` (default bulkonboard-<environment>.db here; production has no default)")
	f.Var(&t.baseURL, "base-url", "partner API at `URL`; the environment is then its host")
	advanced(f, "base-url")
}

// partnerFlags are those that choose how to talk to the partner.
func (t *targetFlags) partnerFlags(f *pflag.FlagSet) {
	t.timeout = span{30 * time.Second, true}
	t.keyTTL = span{5 * time.Minute, true}
	f.StringVar(&t.keyFile, "api-key-file", "", "the API key stands in `FILE`; else in BULKONBOARD_API_KEY; else it is asked for")
	f.BoolVar(&t.fresh, "fresh", false, "with --sandbox: begin with an empty ledger and no users")
	f.BoolVar(&t.newLedger, "new-ledger", false, "make the production ledger if it is missing")
	f.Var(&t.timeout, "timeout", "for one request")
	f.Var(&t.keyTTL, "key-ttl", "how long the partner remembers an idempotency key")
	f.Var(&t.lockTimeout, "lock-timeout", "wait so long for the ledger's lock (default 0)")
	f.StringVar(&t.caFile, "ca-file", "", "PEM `FILE` of certificate authorities that replace the system's")
	f.Var(&t.proxy, "proxy", "proxy `URL`, without its password, which BULKONBOARD_PROXY can hold; or env for the proxy environment variables (default none)")
	advanced(f, "timeout", "key-ttl", "lock-timeout", "ca-file", "proxy")
	t.play.flags(f, "sandbox-")
	f.VisitAll(func(fl *pflag.Flag) {
		if strings.HasPrefix(fl.Name, "sandbox-") {
			advanced(f, fl.Name)
		}
	})
}

// target is the partner and the ledger that a command is about.
type target struct {
	environment string // part of every idempotency key
	base        string // "" for the sandbox: it is known when that listens
	ledger      string
	sandbox     bool
}

// resolve settles what the flags mean together. level says how strongly a flag
// was set: one on the command line beats one of the config file.
func (t *targetFlags) resolve(level func(string) int) (target, error) {
	env, box, base := level("env"), level("sandbox"), level("base-url")
	if !t.sandbox {
		box = 0
	}
	switch most := max(env, box, base); {
	case most > 0 && (env == most && box == most || env == most && base == most || box == most && base == most):
		return target{}, exit.UsageErrorf("--env, --sandbox and --base-url each name an environment: give one of them")
	case t.fresh && box != most, t.fresh && !t.sandbox:
		return target{}, exit.UsageErrorf("--fresh deletes a ledger, and is for --sandbox only")
	case t.play.given() && !t.sandbox:
		return target{}, exit.UsageErrorf("the --sandbox-... flags need --sandbox")
	case box > 0 && box == most:
		return t.place(target{environment: envSandbox, sandbox: true})
	case base > 0 && base == most:
		host, err := environmentOf(t.baseURL.text)
		if err != nil {
			return target{}, err
		}
		return t.place(target{environment: host, base: t.baseURL.text})
	case t.env.value == envProduction:
		return t.place(target{environment: envProduction, base: productionBase})
	}
	return t.place(target{environment: envStaging, base: stagingBase})
}

func (t *targetFlags) place(to target) (target, error) {
	switch {
	case t.ledger != "":
		to.ledger = t.ledger
	case to.environment == envProduction:
		return to, exit.NewUsageError(fmt.Errorf("production needs --ledger FILE: a ledger picked by accident could create customers twice"),
			"keep one ledger for production, on a disk of this machine, and back it up")
	default:
		to.ledger = "bulkonboard-" + fileWord(to.environment) + ".db"
	}
	to.ledger = filepath.Clean(to.ledger)
	return to, nil
}

// environmentOf is the host of a base URL, with its port if that is not the
// scheme's own.
func environmentOf(base string) (string, error) {
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", exit.UsageErrorf("--base-url is not an absolute URL such as https://host/api")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", exit.UsageErrorf("--base-url holds a user name, a password, a query or a fragment: leave them out")
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if u.Scheme == "https" && host == hostOf(productionBase) {
		return "", exit.NewUsageError(fmt.Errorf("--base-url names the partner's own production address"),
			"use --env production: under another name its customers would get other idempotency keys")
	}
	if port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		return host, nil
	}
	return net.JoinHostPort(host, port), nil
}

// isEnvironment refuses a name under which no command could find the ledger again.
func isEnvironment(name string) error {
	switch name {
	case envProduction, envStaging, envSandbox:
		return nil
	}
	if host, err := environmentOf("https://" + name); err != nil || host != name {
		return exit.UsageErrorf("%q is no environment: production, staging, sandbox, or the host of --base-url in small letters, with its port if that is not the scheme's own", name)
	}
	return nil
}

func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	return u.Host
}

// fileWord makes an environment fit for a file name.
func fileWord(environment string) string {
	return strings.NewReplacer(":", "-", "[", "", "]", "", "/", "-", "\\", "-").Replace(environment)
}

// contradicts reports why a key cannot be one of this environment.
func (to target) contradicts(key string) error {
	switch {
	case to.environment == envStaging && strings.HasPrefix(key, livePrefix):
		return exit.NewUsageError(fmt.Errorf("the API key is a live one, and the environment is staging"), "for real customers: --env production")
	case to.environment == envProduction && strings.HasPrefix(key, stagingPrefix):
		return exit.UsageErrorf("the API key is one of staging, and the environment is production")
	}
	return nil
}

// what people are told first.
func (to target) String() string {
	switch {
	case to.sandbox:
		return "sandbox: the partner is simulated in this process, nothing leaves this machine"
	case to.environment == envProduction || to.environment == envStaging:
		return fmt.Sprintf("%s: %s", strings.ToUpper(to.environment), hostOf(to.base))
	}
	return hostOf(to.base)
}
