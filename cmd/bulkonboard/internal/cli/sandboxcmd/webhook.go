package sandboxcmd

import (
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// webhookOptions say how the simulated partner checks identities and sends webhooks.
type webhookOptions struct {
	after  settings.Span
	life   settings.Span
	visits string
	hook   settings.Address
	secret string
	header string
	prefix string
	base64 bool
	seed   bool

	generations []int
	reason      string
	age         settings.Span
	unknown     bool
	probe       bool
	oldSecret   string
	twoHeaders  bool
}

func (k *webhookOptions) flags(f *pflag.FlagSet) {
	f.Var(&k.after, "kyc-after", "approve users `D` after their creation, or do what their e-mail asks for (jane+denied@..., +needs, +review, +pending, +unopened, +return)")
	f.Var(&k.life, "link-life", "let verification links expire `D` after their creation unless they were opened (default: they do not expire)")
	f.StringVar(&k.visits, "visits", "", "`SHARES` of the users who open their link and finish, fail, or leave and return later, such as finish=60%,fail=10%,return=5%; the rest never open it (needs --kyc-after)")
	f.Var(&k.hook, "webhook", "send changes of KYC status to `URL` on loopback, for bulkonboard kyc listen")
	f.StringVar(&k.secret, "webhook-secret-file", "", "sign webhooks with the secret in `FILE`")
	f.StringVar(&k.header, "webhook-header", "", "`NAME` of the signature's header (default X-Webhook-Signature)")
	f.StringVar(&k.prefix, "webhook-prefix", "", "prefix the signature with `TEXT`, such as sha256=")
	f.BoolVar(&k.base64, "webhook-base64", false, "write signatures in base64 (default hex)")
	f.BoolVar(&k.seed, "webhook-seed-name", false, "call approvals user.kyc.approved (default user.kyc-event)")
	f.IntSliceVar(&k.generations, "webhook-generation", nil, "generations `N,...` of events to send: 1 (user.kyc.STATUS), 2 (rain.user-event), 3 (user.kyc-event) (default 3)")
	f.StringVar(&k.reason, "webhook-reason", "", "reason of a denial: `TEXT`, or codes separated by commas")
	f.Var(&k.age, "webhook-age", "date events `D` ago, as if they had been refused for days")
	f.BoolVar(&k.unknown, "webhook-unknown", false, "send an event with an undocumented name with each change")
	f.BoolVar(&k.probe, "webhook-probe", false, "send HEAD and GET first, and no event until both are answered with 2xx")
	f.StringVar(&k.oldSecret, "webhook-old-secret-file", "", "sign webhooks with the secret in `FILE` as well, as while a secret is rotated")
	f.BoolVar(&k.twoHeaders, "webhook-two-headers", false, "send the two signatures in two headers (default: in one, separated by a comma)")
}

// applyTo adds them to the partner's settings.
func (k *webhookOptions) applyTo(con *term.Console, cfg *sandbox.Config) error {
	if k.hook.Text == "" && k.isSet() {
		return exit.UsageErrorf("the --webhook-... flags need --webhook URL")
	}
	if k.visits != "" {
		if k.after.Duration == 0 {
			return exit.UsageErrorf("--visits needs --kyc-after D")
		}
		visits, err := sandbox.ParseVisits(k.visits)
		if err != nil {
			return exit.UsageErrorf("--visits: %w", err)
		}
		cfg.Visits = visits
	}
	cfg.KYCAfter, cfg.LinkLife = k.after.Duration, k.life.Duration
	cfg.Webhook = sandbox.Webhook{URL: k.hook.Text, Header: k.header, Prefix: k.prefix, Base64: k.base64, SeedName: k.seed,
		Generations: k.generations, Reason: k.reason, Age: k.age.Duration, Unknown: k.unknown, Probe: k.probe, TwoHeaders: k.twoHeaders}
	if k.oldSecret != "" && k.secret == "" {
		return exit.UsageErrorf("--webhook-old-secret-file needs --webhook-secret-file")
	}
	for _, s := range []struct {
		flag, file string
		to         *string
	}{{"webhook-secret-file", k.secret, &cfg.Webhook.Secret}, {"webhook-old-secret-file", k.oldSecret, &cfg.Webhook.OldSecret}} {
		if s.file == "" {
			continue
		}
		secret, err := settings.ReadSecret(con, s.flag, s.file)
		if err != nil {
			return err
		}
		*s.to = string(secret)
	}
	return nil
}

// isSet reports whether any flag but --webhook and --kyc-after was set.
func (k *webhookOptions) isSet() bool {
	return k.secret != "" || k.header != "" || k.prefix != "" || k.base64 || k.seed || len(k.generations) > 0 || k.reason != "" || k.age.Duration != 0 ||
		k.unknown || k.probe || k.oldSecret != "" || k.twoHeaders
}
