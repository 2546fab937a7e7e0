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

// ReportFunnel says how far the users of a batch are, 0 = of the ledger.
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

// FunnelLines are the way of the users, as people read it.
func FunnelLines(f kyc.Funnel) []string {
	if f.Users == 0 || f.Users == f.Status[ledger.KYCUnknown] && f.Unverified == 0 {
		return nil
	}
	words := map[ledger.KYCStatus]string{ledger.KYCUnknown: "not heard of", ledger.KYCNotBegun: "have not begun", ledger.KYCPending: "under review",
		ledger.KYCMore: "must verify once more", ledger.KYCDenied: "denied", ledger.KYCApproved: "approved"}
	order := ledger.KYCStatuses()
	var parts []string
	for _, s := range slices.SortedFunc(maps.Keys(f.Status), func(x, y ledger.KYCStatus) int {
		return cmp.Or(cmp.Compare(slices.Index(order, x), slices.Index(order, y)), cmp.Compare(x, y))
	}) {
		parts = append(parts, term.Number(f.Status[s])+" "+cmp.Or(words[s], term.Printable(string(s))))
	}
	lines := []string{fmt.Sprintf("KYC: %s: %s", term.Count(f.Users, "user"), strings.Join(parts, ", "))}
	if f.Unverified > 0 {
		lines = append(lines, fmt.Sprintf("  %s had the link for 7 days or longer without opening it: bulkonboard links export --unverified --older-than 7d", term.Count(f.Unverified, "user")))
	}
	if f.Again > 0 {
		lines = append(lines, fmt.Sprintf("  %s under review again: the documents were submitted again, the users have nothing to do", term.Count(f.Again, "user")))
	}
	if n := f.Status[ledger.KYCDenied]; n > 0 {
		lines = append(lines, fmt.Sprintf("  %s denied: bulkonboard kyc retry begins again, at most %d times each", term.Number(n), kyc.MaxRetries))
	}
	if f.NoLink > 0 {
		lines = append(lines, fmt.Sprintf("  %s without a link: bulkonboard links recover FILE", term.Number(f.NoLink)))
	}
	if f.RetryOpen > 0 {
		lines = append(lines, fmt.Sprintf("  %s perhaps begun again, and no answer told the new link: see the partner's dashboard", term.Count(f.RetryOpen, "user")))
	}
	return lines
}
