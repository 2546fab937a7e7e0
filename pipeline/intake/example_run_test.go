package intake_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/intake"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// A whole run with the library: a CSV file, a ledger file, the partner's client, and a
// report. Here the client talks to the simulated partner. For the real one, set BaseURL,
// Key and Environment.
func Example() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	server, err := sandbox.New(sandbox.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	address, err := server.Listen("127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	path := filepath.Join(dir, "report.csv")
	summary, err := onboard(context.Background(), "testdata/customers.csv", filepath.Join(dir, "customers.ledger"), address, path)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := os.ReadFile(path)
	fmt.Println(summary.Tally.Status[ledger.Created], "created,", summary.Tally.Status[ledger.Invalid], "invalid, report written:", len(text) > 0, err)
	// Output: 1 created, 1 invalid, report written: true <nil>
}

// onboard creates the customers of a CSV file and writes a report. The same call again
// creates no customer twice.
func onboard(ctx context.Context, input, ledgerPath, address, reportPath string) (s pipeline.Summary, err error) {
	in, err := intake.Open(ctx, []string{input}, nil, source.Options{})
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	client, err := partner.New(partner.Config{BaseURL: address, Key: "sk_test"})
	if err != nil {
		return s, err
	}
	defer client.CloseIdle()
	store, err := sqlite.Open(ctx, sqlite.Options{Path: ledgerPath, Environment: "sandbox", Create: true})
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	s, err = pipeline.Run(ctx, pipeline.Config{Input: in, Partner: client, Ledger: store, Environment: "sandbox"})
	if err != nil {
		return s, err // a *pipeline.Stop: every outcome is recorded, and the same call continues
	}
	meta := report.Meta{Environment: "sandbox", Ledger: ledgerPath, Run: s.Run, Batches: []ledger.Batch{s.Batch}, Started: s.Started, Finished: s.Finished}
	_, err = report.Output{}.Write(ctx, reportPath, report.CSV, meta, store.Rows(ctx, ledger.Selection{Batch: s.Batch.ID, Run: s.Run}))
	return s, errors.Join(err, store.Finish(ctx, s.Run, ledger.RunEnd{At: s.Finished, Sent: s.Sent, Created: s.New[ledger.Created]}))
}
