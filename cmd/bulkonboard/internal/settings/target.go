package settings

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
)

// The partner's addresses. Its hosts were renamed once already, so they are
// written here and nowhere else.
const (
	ProductionURL = "https://services.getplu.com/api"
	StagingURL    = "https://services-staging.bitmama.io/api"

	Production = "production"
	Staging    = "staging"
	Sandbox    = "sandbox"

	LivePrefix    = "sk_live_"
	stagingPrefix = "sk_staging_"
)

// Target is the partner and the ledger that a command is about.
type Target struct {
	Environment string // part of every idempotency key
	BaseURL     string // "" for the sandbox: it is known when that listens
	Ledger      string
	Sandbox     bool
}

// environmentOf returns the host of a base URL, with its port if that is not the
// scheme's own.
func environmentOf(base string) (string, error) {
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", exit.UsageErrorf("--base-url: write an absolute URL such as https://host/api")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", exit.UsageErrorf("--base-url has a user name, a password, a query or a fragment: leave them out")
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if u.Scheme == "https" && host == HostOf(ProductionURL) {
		return "", exit.NewUsageError(fmt.Errorf("--base-url is the partner's own production address"),
			"use --env production: under another environment the same customers would get other idempotency keys")
	}
	if port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		return host, nil
	}
	return net.JoinHostPort(host, port), nil
}

// CheckEnvironment refuses a name under which no command could find the ledger again.
func CheckEnvironment(name string) error {
	switch name {
	case Production, Staging, Sandbox:
		return nil
	}
	if host, err := environmentOf("https://" + name); err != nil || host != name {
		return exit.UsageErrorf("%q is not an environment: use production, staging, sandbox, or the host of --base-url in lower case, with its port unless it is the default one", name)
	}
	return nil
}

// HostOf returns the host of a URL, with its port.
func HostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	return u.Host
}

// FileWord makes an environment fit for a file name.
func FileWord(environment string) string {
	return strings.NewReplacer(":", "-", "[", "", "]", "", "/", "-", "\\", "-").Replace(environment)
}

// CheckKey reports why a key cannot be one of this environment.
func (to Target) CheckKey(key string) error {
	switch {
	case to.Environment == Staging && strings.HasPrefix(key, LivePrefix):
		return exit.NewUsageError(fmt.Errorf("the API key is a live key, but the environment is staging"), "for real customers use --env production")
	case to.Environment == Production && strings.HasPrefix(key, stagingPrefix):
		return exit.UsageErrorf("the API key is a staging key, but the environment is production")
	}
	return nil
}

// String returns the first line that operators read.
func (to Target) String() string {
	switch {
	case to.Sandbox:
		return "sandbox, simulated in this process; nothing leaves this machine"
	case to.Environment == Production || to.Environment == Staging:
		return fmt.Sprintf("%s: %s", strings.ToUpper(to.Environment), HostOf(to.BaseURL))
	}
	return HostOf(to.BaseURL)
}
