package kyc_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/intake"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// Users are created, the partner approves one of them, and the status is read from
// its list.
func ExampleSync() {
	ctx := context.Background()
	server, err := sandbox.New(sandbox.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	base, err := server.Listen("127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := partner.New(partner.Config{BaseURL: base, Key: "sk_test"})
	if err != nil {
		fmt.Println(err)
		return
	}
	in, err := intake.Open(ctx, []string{"testdata/customers.csv"}, nil, source.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer in.Close()
	l := memory.New("sandbox")
	if _, err := pipeline.Run(ctx, pipeline.Config{Input: in, Partner: client, Ledger: l, Environment: "sandbox"}); err != nil {
		fmt.Println(err)
		return
	}
	if err := server.SetStatus(server.Users()[0].ServiceID, "approved"); err != nil {
		fmt.Println(err)
		return
	}
	synced, err := kyc.Sync(ctx, kyc.SyncConfig{Ledger: l, Partner: client, Pace: kyc.NewPace(0)})
	fmt.Println("seen:", synced.Seen, "of", synced.Wanted, err)
	funnel, err := kyc.Count(ctx, l, 0, time.Now(), ledger.DefaultLinkLife)
	fmt.Println("approved:", funnel.Status[ledger.KYCApproved], "of", funnel.Users, err)
	// Output:
	// seen: 2 of 2 <nil>
	// approved: 1 of 2 <nil>
}

// An endpoint answers 2xx to what is signed, and closes the connection of anything
// else.
func ExampleHandler() {
	handler, err := kyc.Handler(kyc.Endpoint{
		Ledger:  memory.New("sandbox"),
		Secrets: [][]byte{[]byte("whsec_example")},
		Now:     func() time.Time { return time.Date(2026, 5, 1, 12, 1, 0, 0, time.UTC) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	const event = `{"event":"user.kyc-event","timestamp":"2026-05-01T12:00:00Z","data":{"serviceId":"acme-rain-user-1","status":"approved"}}`
	signature := sandbox.Webhook{Secret: "whsec_example"}.Sign([]byte(event))
	for _, value := range []string{signature, "forged"} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(event))
		r.Header.Set("X-Webhook-Signature", value)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Printf("%d %q\n", w.Code, w.Header().Get("Connection"))
	}
	// Output:
	// 204 ""
	// 401 "close"
}
