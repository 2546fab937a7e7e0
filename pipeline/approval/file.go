package approval

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// fileForm is a plan in a file, for another machine. Terms are kept as the text that is
// signed.
type fileForm struct {
	Form     string        `json:"form"`
	ID       string        `json:"id"`
	Terms    string        `json:"terms"`
	Decision *fileDecision `json:"decision"`
}

type fileDecision struct {
	Approves  bool      `json:"approves"`
	Who       string    `json:"who"`
	Host      string    `json:"host"`
	Signer    string    `json:"signer"`
	Signature string    `json:"signature"`
	Because   string    `json:"because"`
	At        time.Time `json:"at"`
}

const formName = "bulkonboard plan 1"

// EncodeFile returns a plan as the text of a file. It holds no personal data.
func EncodeFile(p ledger.Plan) ([]byte, error) {
	f := fileForm{Form: formName, ID: p.ID, Terms: p.Terms}
	if d := p.Decision; d != nil {
		f.Decision = &fileDecision{d.Approves, d.Who, d.Host, d.Signer, d.Signature, d.Because, d.At.UTC()}
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(f)
	return out.Bytes(), err
}

// ParseFile reads the file of a plan and returns what it says, with its terms. That a
// decision is signed by an approver is for Verify to find out.
func ParseFile(text []byte) (ledger.Plan, Terms, error) {
	var f fileForm
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil || f.Form != formName {
		return ledger.Plan{}, Terms{}, errors.New("it is no plan of bulkonboard: make one with bulkonboard plan --save")
	}
	if f.ID != IDOf(f.Terms) {
		return ledger.Plan{}, Terms{}, errors.New("the plan was changed after it was made: its ID is not that of its terms")
	}
	terms, err := ParseTerms(f.Terms)
	if err != nil {
		return ledger.Plan{}, Terms{}, err
	}
	p := NewPlan(f.Terms, &terms)
	if s := f.Decision; s != nil {
		p.Decision = &ledger.PlanDecision{Approves: s.Approves, Who: s.Who, Host: s.Host, Signer: s.Signer, Signature: s.Signature, Because: s.Because, At: s.At}
		if p.State = ledger.PlanDeclined; s.Approves {
			p.State = ledger.PlanApproved
		}
	}
	return p, terms, nil
}

// NewPlan returns a plan that is made, as a ledger keeps it.
func NewPlan(text string, t *Terms) ledger.Plan {
	return ledger.Plan{ID: IDOf(text), State: ledger.PlanMade, Terms: text, Rows: t.MaySend(), Who: t.Maker.User, Host: t.Maker.Host, Made: t.Made, Expires: t.Expires}
}

// NotAsApproved is the refusal of a run that goes beyond its plan.
type NotAsApproved struct {
	ID          string
	Differences []string // see Compare
}

func (n *NotAsApproved) Error() string {
	return fmt.Sprintf("this run is not what was approved by plan %s; nothing was sent", n.ID)
}

// Is reports that the refusal is ledger.ErrPlan.
func (n *NotAsApproved) Is(target error) bool { return target == ledger.ErrPlan }
