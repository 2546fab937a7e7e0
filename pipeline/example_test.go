package pipeline_test

import (
	"context"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// generous is a partner that creates every user.
type generous struct{ pipeline.Partner }

func (generous) Create(_ context.Context, key string, u validate.User) partner.Answer {
	return partner.Answer{Class: ledger.OK, ServiceID: "acme-rain-user-abc123def456ghi", VerificationURL: "https://withpersona.com/verify?inquiry-id=inq_1"}
}

func (generous) ListUsers(context.Context, int, int) (partner.Page, error) {
	return partner.Page{Total: 1, Users: []partner.Listed{{ServiceID: "acme-rain-user-abc123def456ghi", Email: "jane@example.com"}}}, nil
}

func (generous) Wallet(context.Context) (partner.Wallet, error) {
	return partner.Wallet{Balance: "100", Currency: "USD", Active: true}, nil
}

// Rows from memory, a partner of one's own, and a ledger in memory.
func ExampleRun() {
	jane := validate.Raw{FirstName: "Jane", LastName: "Doe", Email: "jane@example.com", PhoneNumber: "+14155552671",
		AccountPurpose: "personal use", IPAddress: "203.0.113.42", Terms: "yes", Program: "custodial"}
	summary, err := pipeline.Run(context.Background(), pipeline.Config{
		Input:       pipeline.FromRows("people", pipeline.Row{Number: 1, Raw: jane}),
		Partner:     generous{},
		Ledger:      memory.New("sandbox"),
		Environment: "sandbox",
	})
	fmt.Println(summary.Tally.Status[ledger.Created], "created,", summary.Remaining, "left,", err)
	// Output: 1 created, 0 left, <nil>
}
