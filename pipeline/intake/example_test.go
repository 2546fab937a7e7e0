package intake_test

import (
	"context"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/intake"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// generous is a partner that creates every user.
type generous struct{ pipeline.Partner }

func (generous) Create(context.Context, string, validate.User) partner.Answer {
	return partner.Answer{Class: ledger.OK, ServiceID: "acme-rain-user-abc123def456ghi", VerificationURL: "https://withpersona.com/verify?inquiry-id=inq_1"}
}

func (generous) ListUsers(context.Context, int, int) (partner.Page, error) {
	return partner.Page{Total: 1, Users: []partner.Listed{{ServiceID: "acme-rain-user-abc123def456ghi", Email: "jane@example.com"}}}, nil
}

func (generous) Wallet(context.Context) (partner.Wallet, error) {
	return partner.Wallet{Balance: "100", Currency: "USD", Active: true}, nil
}

// A CSV file is read and run. A workbook is read the same way.
func ExampleOpen() {
	ctx := context.Background()
	in, err := intake.Open(ctx, []string{"testdata/customers.csv"}, nil, source.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer in.Close()
	summary, err := pipeline.Run(ctx, pipeline.Config{Input: in, Partner: generous{}, Ledger: memory.New("sandbox"), Environment: "sandbox"})
	fmt.Println(summary.Tally.Status[ledger.Created], "created,", summary.Tally.Status[ledger.Invalid], "invalid,", summary.Remaining, "left,", err)
	// Output: 1 created, 1 invalid, 0 left, <nil>
}
