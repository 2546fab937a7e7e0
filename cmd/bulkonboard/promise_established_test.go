//go:build !windows

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// A ledger that is in use knows users whose creation it saw. By them it judges
// what the partner's list says of others: when those were created, and whether
// not being listed means anything. A scenario that means such a ledger begins
// with customers of another input. What the scenario looks at is without them.

// earlierCustomers is how many there are: enough for one to be missing from the list.
const earlierCustomers = 12

const earlierDomain = "@earlier.example"

func isEarlier(email string) bool {
	return strings.HasSuffix(strings.ToLower(email), earlierDomain)
}

// establish onboards the earlier customers, undisturbed but for the manners of
// the partner. It is called before the scenario's hooks are set, and leaves the
// partner as the scenario wants it: its requests are counted from here on. Nothing
// is waited for: they are older than any row of the scenario, and so old enough to
// count whenever such a row is settled.
func (s *scene) establish(manners ...string) {
	s.Helper()
	wanted := s.faults
	s.setFaults(manners...)
	var b strings.Builder
	b.WriteString(peopleHeader)
	for i := range earlierCustomers {
		letter := string(rune('a' + i))
		fmt.Fprintf(&b, "Earlier%s,Before%s,earlier%d%s,+1415556%04d,Payments,8.8.8.8,true,custodial\n", letter, letter, i, earlierDomain, 100+i)
	}
	input := s.path("earlier.csv")
	s.write(input, b.String())
	args := append([]string{"run", "--base-url", s.base, "--ledger", s.ledger, "--report", s.path("earlier.report.csv")}, s.flags...)
	s.run(append(append(args, patient()...), "--rate", "unlimited", "--workers", "4", "--check-existing", "never", input)...).ends(0)
	for i := range s.calls {
		s.skipped[i] = s.calls[i].Swap(0)
	}
	s.earlier++
	s.setParsedFaults(wanted)
}

// users are the partner's users without the earlier customers.
func (s *scene) users() []sandbox.User {
	return slices.DeleteFunc(s.server.Users(), func(u sandbox.User) bool { return isEarlier(u.Email) })
}

// posts are the create-user requests without those of the earlier customers.
func (s *scene) posts() []sandbox.Post {
	return slices.DeleteFunc(s.server.Posts(), func(p sandbox.Post) bool { return isEarlier(p.Email) })
}

func withoutEarlier(rows []ledger.Reported) []ledger.Reported {
	return slices.DeleteFunc(rows, func(r ledger.Reported) bool { return isEarlier(r.Customer.Identity) })
}

// renumbered are faults whose request numbers count from the end of the earlier
// customers' run.
func (s *scene) renumbered(faults []sandbox.Fault) []sandbox.Fault {
	faults = slices.Clone(faults)
	for i := range faults {
		f := &faults[i]
		at := 0
		switch {
		case f.Call == "wallet" || strings.HasPrefix(f.Name, "wallet-"):
			at = 2
		case f.Call == "list" || strings.HasPrefix(f.Name, "list-"):
			at = 1
		case f.Call != "" && f.Call != "create":
			continue
		}
		if f.From > 0 {
			f.From += int(s.skipped[at])
		}
		if f.To > 0 {
			f.To += int(s.skipped[at])
		}
	}
	return faults
}
