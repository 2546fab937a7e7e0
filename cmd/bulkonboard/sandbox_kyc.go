package main

import (
	"errors"

	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// checkFlags say how the simulated partner checks identities, and whom it tells.
type checkFlags struct {
	after  span
	hook   string
	secret string
	header string
	prefix string
	base64 bool
	seed   bool
}

func (k *checkFlags) flags(f *pflag.FlagSet) {
	k.after = span{0, false}
	f.Var(&k.after, "kyc-after", "users are approved, or what their e-mail asks for (jane+denied@..., +needs, +pending), `D` after their creation")
	f.StringVar(&k.hook, "webhook", "", "tell changes of KYC status to `URL` on loopback, as `bulkonboard kyc listen` takes them")
	f.StringVar(&k.secret, "webhook-secret-file", "", "sign webhooks with the secret in `FILE`")
	f.StringVar(&k.header, "webhook-header", "", "`NAME` of the signature's header (default X-Webhook-Signature)")
	f.StringVar(&k.prefix, "webhook-prefix", "", "`TEXT` before the signature, such as sha256=")
	f.BoolVar(&k.base64, "webhook-base64", false, "write signatures in base64 (default hex)")
	f.BoolVar(&k.seed, "webhook-seed-name", false, "call approvals user.kyc.approved (default user.kyc-event)")
}

// apply adds them to the partner's settings.
func (k *checkFlags) apply(a *app, cfg *sandbox.Config) error {
	if k.hook == "" && (k.secret != "" || k.header != "" || k.prefix != "" || k.base64 || k.seed) {
		return usage(errors.New("the --webhook-... flags need --webhook URL"))
	}
	cfg.KYCAfter = k.after.Duration
	cfg.Webhook = sandbox.Webhook{URL: k.hook, Header: k.header, Prefix: k.prefix, Base64: k.base64, SeedName: k.seed}
	if k.secret == "" {
		return nil
	}
	secret, err := a.secret("webhook-secret-file", k.secret)
	cfg.Webhook.Secret = string(secret)
	return err
}
