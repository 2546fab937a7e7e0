package session

import (
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Hosts are compared within an input, and with earlier ones where it has but one.
func TestHostileLinkHostsCompared(t *testing.T) {
	for name, tt := range map[string]struct {
		links []string
		usual string
		want  []string
	}{
		"none":            {},
		"all the same":    {links: []string{"https://a.example/1", "https://A.example/2"}},
		"as before":       {links: []string{"https://a.example/1"}, usual: "a.example"},
		"another one":     {links: []string{"https://a.example/1", "https://a.example/2", "https://b.example/3"}, want: []string{"1 link leads to b.example instead of a.example"}},
		"another port":    {links: []string{"https://a.example/1", "https://a.example/2", "https://a.example:8443/3"}, want: []string{"to a.example:8443 instead"}},
		"a user name":     {links: []string{"https://a.example/1", "https://a.example/2", "https://a.example@b.example/3"}, want: []string{"to b.example instead"}},
		"no host":         {links: []string{"https://a.example/1", "https://a.example/2", "javascript:alert(1)"}, want: []string{"to (no host) instead"}},
		"two by two":      {links: []string{"https://a.example/1", "https://b.example/2"}, usual: "b.example", want: []string{"to a.example instead of b.example"}},
		"all are new":     {links: []string{"https://b.example/1", "https://b.example/2"}, usual: "a.example", want: []string{"2 links lead to b.example, and those of earlier inputs to another host"}},
		"and one of them": {links: []string{"https://b.example/1", "https://b.example/2", "https://a.example/3"}, usual: "a.example", want: []string{"1 link leads to a.example instead of b.example"}},
	} {
		var h linkHosts
		if tt.usual != "" {
			h.earlier = hostDigest(tt.usual)
		}
		for i, link := range tt.links {
			h.add("in.csv", &ledger.Reported{Row: ledger.Row{Number: i + 2}, Customer: ledger.Customer{URL: link}})
		}
		got := h.lines()
		if len(got) != len(tt.want) {
			t.Errorf("%s: %q", name, got)
			continue
		}
		for i, want := range tt.want {
			if !strings.Contains(got[i], want) {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
}
