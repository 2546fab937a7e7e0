package session

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
)

// UnverifiedAfter is after how long a link that was not opened is pointed out.
const UnverifiedAfter = 7 * 24 * time.Hour

// ReportFunnel prints how far the users of a batch are, 0 = of the ledger.
func ReportFunnel(ctx context.Context, con *term.Console, l kyc.Customers, batch int64) error {
	f, err := kyc.Count(ctx, l, batch, time.Now().Add(-UnverifiedAfter))
	if err != nil {
		return err
	}
	for _, line := range FunnelLines(f) {
		fmt.Fprintln(con.Err, line)
	}
	return nil
}

// FunnelLines returns the users by the status of their check, and what to do.
func FunnelLines(f kyc.Funnel) []string {
	if f.Users == 0 || f.Users == f.Status[ledger.KYCUnknown] && f.Unverified == 0 {
		return nil
	}
	words := map[ledger.KYCStatus]string{ledger.KYCUnknown: "without news", ledger.KYCNotBegun: "not started", ledger.KYCPending: "under review",
		ledger.KYCMore: "must verify once more", ledger.KYCDenied: "denied", ledger.KYCApproved: "approved"}
	order := ledger.KYCStatuses()
	var parts []string
	for _, s := range slices.SortedFunc(maps.Keys(f.Status), func(x, y ledger.KYCStatus) int {
		return cmp.Or(cmp.Compare(slices.Index(order, x), slices.Index(order, y)), cmp.Compare(x, y))
	}) {
		parts = append(parts, term.Number(f.Status[s])+" "+cmp.Or(words[s], term.Printable(string(s))))
	}
	lines := []string{fmt.Sprintf("KYC: %s: %s", term.Count(f.Users, "user"), strings.Join(parts, ", "))}
	for _, line := range []struct {
		n    int
		what string // with the count
	}{
		{f.Unverified, term.Count(f.Unverified, "user") + " had the link for 7 days or longer without opening it: bulkonboard links export --unverified --older-than 7d"},
		{f.Again, term.Count(f.Again, "user") + " under review again: the documents were submitted again, the users have nothing to do"},
		{f.Status[ledger.KYCDenied], fmt.Sprintf("%s denied: bulkonboard kyc retry begins again, at most %d times each", term.Number(f.Status[ledger.KYCDenied]), kyc.MaxRetries)},
		{f.NoLink, term.Number(f.NoLink) + " without a link: bulkonboard links recover FILE"},
		{f.RetryOpen, term.Count(f.RetryOpen, "user") + " perhaps begun again, and the answer with the new link was lost: see the partner's dashboard"},
	} {
		if line.n > 0 {
			lines = append(lines, "  "+line.what)
		}
	}
	return lines
}
