package session

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
)

// learntLinkHost is the fact under which the ledger keeps the host that most
// links of the newest input lead to, as a digest: exports without links hold it.
const learntLinkHost = "link_host"

// maxOddHosts bounds how many hosts are named.
const maxOddHosts = 5

// linkHosts counts which hosts the links of a batch lead to. A link of another
// host than all others may be a mistake of the partner, or a page that
// asks customers for their papers. The zero value is ready to use.
type linkHosts struct {
	count   map[string]int
	first   map[string]string // where the first link of a host is
	earlier string            // digest of the host of earlier links; "" for none
}

// add counts a row's link. It keeps the host alone: a link is a secret.
func (h *linkHosts) add(file string, r *ledger.Reported) {
	if r.Customer.URL == "" {
		return
	}
	host := "(no host)"
	if u, err := url.Parse(r.Customer.URL); err == nil && u.Host != "" {
		host = strconv.QuoteToASCII(strings.ToLower(u.Host)) // letters of another script look alike
		host = host[1 : len(host)-1]
	}
	if h.count == nil {
		h.count, h.first = map[string]int{}, map[string]string{}
	}
	if h.count[host]++; h.count[host] == 1 {
		h.first[host] = fmt.Sprintf("%s, row %d", term.FileLabel(file), r.Number)
	}
}

// usualHost returns the host that most links lead to, "" without links. Of two with as
// many it is the one that earlier links had, or else the first by name.
func (h *linkHosts) usualHost() string {
	hosts := slices.SortedFunc(maps.Keys(h.count), func(a, b string) int {
		return cmp.Or(cmp.Compare(h.count[b], h.count[a]), cmp.Compare(h.hostRank(a), h.hostRank(b)), cmp.Compare(a, b))
	})
	if len(hosts) == 0 {
		return ""
	}
	return hosts[0]
}

// hostRank returns 0 for the host that earlier links had, and 1 for any other.
func (h *linkHosts) hostRank(host string) int {
	if hostDigest(host) == h.earlier {
		return 0
	}
	return 1
}

func hostDigest(host string) string {
	sum := sha256.Sum256([]byte("bulkonboard link host\n" + host))
	return hex.EncodeToString(sum[:8])
}

// lines warn of links that lead elsewhere than the others of this input, or, if
// all of these agree, than those of the one before.
func (h *linkHosts) lines() []string {
	const advice = "Ask the partner before you send it to a customer"
	most := h.usualHost()
	if len(h.count) == 1 && h.earlier != "" && hostDigest(most) != h.earlier {
		return []string{fmt.Sprintf("warning: %s to %s, and those of earlier inputs to another host. %s", linksLead(h.count[most]), most, advice)}
	}
	var lines []string
	for _, host := range slices.Sorted(maps.Keys(h.count)) {
		if host == most {
			continue
		}
		if len(lines) == maxOddHosts {
			return append(lines, fmt.Sprintf("warning: links lead to %s more hosts", term.Number(len(h.count)-1-maxOddHosts)))
		}
		lines = append(lines, fmt.Sprintf("warning: %s to %s instead of %s (first in %s). %s", linksLead(h.count[host]), host, most, h.first[host], advice))
	}
	return lines
}

func linksLead(n int) string {
	if n == 1 {
		return "1 link leads"
	}
	return term.Number(n) + " links lead"
}

// remember compares with the host of earlier links, and keeps the newest.
func (h *linkHosts) remember(ctx context.Context, l ledger.Ledger) error {
	if len(h.count) == 0 {
		return nil
	}
	usual, _, err := l.Fact(ctx, learntLinkHost)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	h.earlier = usual
	if now := hostDigest(h.usualHost()); now != usual {
		return l.SaveFact(ctx, learntLinkHost, now, time.Now())
	}
	return nil
}
