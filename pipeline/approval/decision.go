package approval

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// ErrSamePerson says that the second person is the first one.
var ErrSamePerson = errors.New("a second person has to approve it")

// CheckDecider returns ErrSamePerson if the account made the plan, or had a hand in
// its list, and so cannot approve it. It may decline it.
func (t *Terms) CheckDecider(p Person) error {
	switch {
	case t.Maker == p:
		return fmt.Errorf("%s made this plan: %w", p, ErrSamePerson)
	case slices.Contains(t.Editors, p):
		return fmt.Errorf("%s edited the list of this plan: %w", p, ErrSamePerson)
	}
	return nil
}

// signed is what a signature covers.
type signed struct {
	Purpose  string    `json:"purpose"`
	Terms    string    `json:"terms"` // the text, whole
	Approves bool      `json:"approves"`
	Who      string    `json:"who"`
	Host     string    `json:"host"`
	Signer   string    `json:"signer"`
	Because  string    `json:"because"`
	At       time.Time `json:"at"`
}

func signedText(terms string, d *ledger.PlanDecision) ([]byte, error) {
	return json.Marshal(signed{"bulkonboard plan decision 1", terms, d.Approves, d.Who, d.Host, d.Signer, d.Because, d.At.UTC().Truncate(time.Second)})
}

// Sign signs a decision about the plan with these terms. Its moment is cut to whole
// seconds, as files have it.
func Sign(terms string, d *ledger.PlanDecision, k Key) error {
	d.Signer, d.At = k.Name, d.At.UTC().Truncate(time.Second)
	text, err := signedText(terms, d)
	if err == nil {
		d.Signature = base64.StdEncoding.EncodeToString(ed25519.Sign(k.private, text))
	}
	return err
}

// Verify returns an error unless one of the approvers signed the decision about the
// plan with these terms.
func Verify(terms string, d *ledger.PlanDecision, approvers Approvers) error {
	public, known := approvers[d.Signer]
	if !known {
		return fmt.Errorf("the plan is signed by %q, who is not in the list of approvers", d.Signer)
	}
	signature, err := base64.StdEncoding.DecodeString(d.Signature)
	if err != nil {
		return errors.New("the signature of the plan is not base64")
	}
	text, err := signedText(terms, d)
	if err == nil && !ed25519.Verify(public, text, signature) {
		err = fmt.Errorf("the signature of %s does not belong to this plan: plan or decision were changed, or another key signed it", d.Signer)
	}
	return err
}
