package pipeline

import (
	"context"
	"errors"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// noInput is the input of Settle.
type noInput struct{}

func (noInput) Files() []ledger.File               { return nil }
func (noInput) Settings() string                   { return "" }
func (noInput) Carried() []string                  { return nil }
func (noInput) Rows(context.Context) (Rows, error) { return nil, errors.New("no input") }

// noPartner is the partner of Check: nothing ever reaches it.
type noPartner struct{}

func (noPartner) Create(context.Context, string, validate.User) partner.Answer {
	return partner.Answer{Class: ledger.NotSent, Cause: "check only"}
}

func (noPartner) ListUsers(context.Context, int, int) (partner.Page, error) {
	return partner.Page{}, errors.New("check only")
}

func (noPartner) Wallet(context.Context) (partner.Wallet, error) {
	return partner.Wallet{}, errors.New("check only")
}

var (
	_ Input   = noInput{}
	_ Partner = noPartner{}
)
