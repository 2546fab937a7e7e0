package cardscmd

import (
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// customers is what a ledger has.
type customers []ledger.Customer

func (c customers) Customers(context.Context, ledger.Query) iter.Seq2[ledger.Customer, error] {
	return func(yield func(ledger.Customer, error) bool) {
		for _, one := range c {
			if !yield(one, nil) {
				return
			}
		}
	}
}

// TestWhoGetsACard: only approved users whose serviceId is theirs beyond doubt, and who
// are not known to have a card.
func TestWhoGetsACard(t *testing.T) {
	user := func(id string, change func(*ledger.Customer)) ledger.Customer {
		c := ledger.Customer{Status: ledger.Created, ServiceID: id, Pairing: ledger.Confirmed, KYC: ledger.KYC{Status: ledger.KYCApproved}}
		change(&c)
		return c
	}
	deleted := func(code string) []ledger.Attempt {
		return []ledger.Attempt{{Class: ledger.OK}, {Class: ledger.NotRemoved, Removes: "s", Code: code}}
	}
	all := customers{
		user("approved", func(*ledger.Customer) {}),
		user("approved-no-link", func(c *ledger.Customer) { c.Status = ledger.LinkMissing }),
		user("s", func(c *ledger.Customer) { c.History = deleted("OTHER_REASON") }),
		user("denied", func(c *ledger.Customer) { c.KYC.Status = ledger.KYCDenied }),
		user("under-review", func(c *ledger.Customer) { c.KYC.Status = ledger.KYCPending }),
		user("", func(*ledger.Customer) {}),
		user("s", func(c *ledger.Customer) { c.History = deleted(codeHasCards) }),
		user("issued", func(*ledger.Customer) {}),
		user("unconfirmed", func(c *ledger.Customer) { c.Pairing = ledger.Unconfirmed }),
		user("mixed-up", func(c *ledger.Customer) { c.Pairing = ledger.MixedUp }),
		user("other-account", func(c *ledger.Customer) { c.Code = ledger.CodeOtherAccount }),
	}
	p := cardPlan{issued: map[string]bool{"issued": true}}
	var got []string
	for c, err := range p.users(t.Context(), all) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, c.ServiceID)
	}
	if want := "approved approved-no-link s"; strings.Join(got, " ") != want || p.count != 3 || p.haveCard != 2 || p.unconfirmed != 1 || p.doubtful != 2 {
		t.Errorf("%v, %+v", got, p)
	}
}

func TestIssuedFile(t *testing.T) {
	for text, want := range map[string]string{
		"\ufeffserviceId,x\r\ns-1,2\r\n\"s-2\",\r\n": "",
		"x,serviceId\n1,s-1\nshort\n2, s-2 \n":       "",
		"":                                           "it is not a CSV file with a header",
		"id\n1\n":                                    "it has no column serviceId",
		"serviceId\ns-1\na\"b\n":                     "line 3 is not CSV",
		"serviceId\ns-1\n\"open\n":                   "line 3 is not CSV",
	} {
		all := map[string]bool{}
		err := addServiceIDs(all, strings.NewReader(text))
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
		if want == "" && (len(all) != 2 || !all["s-1"] || !all["s-2"]) {
			t.Errorf("%q: %v", text, all)
		}
	}
}
