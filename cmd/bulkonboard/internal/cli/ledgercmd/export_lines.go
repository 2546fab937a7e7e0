package ledgercmd

import (
	"encoding/json"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// exporter writes what a walk shows.
type exporter struct {
	to      *json.Encoder
	noLinks bool
	lines   int
}

var _ sqlite.Visitor = (*exporter)(nil)

func (e *exporter) line(v any) error {
	e.lines++
	return e.to.Encode(v)
}

func (e *exporter) Info(i ledger.Info) error {
	return e.line(struct {
		Type        string        `json:"type"`
		Schema      int           `json:"schema"`
		Environment string        `json:"environment"`
		Account     report.Text   `json:"account"`
		PartnerID   report.Text   `json:"partnerId"`
		Created     report.Moment `json:"createdAt"`
	}{"ledger", i.Schema, i.Environment, report.Text(i.Account.Slug), report.Text(i.Account.Partner), report.Moment{Time: i.Created}})
}

func (e *exporter) Fact(name, value string, at time.Time) error {
	return e.line(struct {
		Type  string        `json:"type"`
		Name  string        `json:"name"`
		Value string        `json:"value"`
		At    report.Moment `json:"at"`
	}{"fact", name, value, report.Moment{Time: at}})
}

func (e *exporter) Run(r ledger.Run) error { return e.line(runLine(r)) }

func (e *exporter) Batch(b ledger.Batch) error {
	return e.line(struct {
		Type       string             `json:"type"`
		Input      int64              `json:"input"`
		Files      []report.InputFile `json:"files"`
		Settings   string             `json:"settings"`
		Rows       int                `json:"rows"`
		Pruned     bool               `json:"pruned"` // rows that no newer run read are gone
		Registered report.Moment      `json:"registeredAt"`
	}{"input", b.ID, report.Inputs([]ledger.Batch{b}), b.Settings, b.Rows, sqlite.IsPruned(b), report.Moment{Time: b.Registered}})
}

func (e *exporter) Row(batch int64, r ledger.Reported) error {
	return e.line(struct {
		Type     string        `json:"type"`
		Input    int64         `json:"input"`
		File     int           `json:"file"`
		Row      int           `json:"row"`
		Line     int           `json:"line,omitempty"`
		Customer int64         `json:"customer"` // 0 = none
		Status   ledger.Status `json:"status"`
		Email    string        `json:"email"`
		First    string        `json:"firstName"`
		Last     string        `json:"lastName"`
		SenderID string        `json:"id"`
		Carried  []string      `json:"carried,omitempty"`
		Findings []finding     `json:"findings,omitempty"`
	}{"row", batch, r.File, r.Number, r.Line, r.Customer.ID, r.Status, r.Email, r.FirstName, r.LastName, r.SenderID, r.Carry, findingsOf(r.Findings)})
}

type finding struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Warning bool   `json:"warning,omitempty"`
}

func findingsOf(list []ledger.Finding) (out []finding) {
	for _, f := range list {
		out = append(out, finding(f))
	}
	return out
}

func (e *exporter) Customer(c ledger.Customer) error {
	if e.noLinks {
		c.URL = ""
	}
	return e.line(struct {
		Type     string        `json:"type"`
		ID       int64         `json:"customer"`
		Status   ledger.Status `json:"status"`
		Identity string        `json:"identity"`
		Email    string        `json:"email"`
		First    string        `json:"firstName"`
		Last     string        `json:"lastName"`
		SenderID string        `json:"id"`
		Service  report.Text   `json:"serviceId"`
		URL      report.Text   `json:"verificationUrl"`
		Issued   report.Moment `json:"linkSince"`
		KYC      report.Text   `json:"kyc"`
		Reasons  []string      `json:"kycReasons,omitempty"`
		Field    report.Text   `json:"field"`
		Code     report.Text   `json:"code"`
		Message  report.Text   `json:"message"`
		Manual   bool          `json:"manual"`
		Sent     report.Moment `json:"firstSentAt"`
		Decided  report.Moment `json:"decidedAt"`
		Attempts []attemptLine `json:"attempts"`
	}{"customer", c.ID, c.Status, c.Identity, c.Email, c.FirstName, c.LastName, c.SenderID, report.Text(c.ServiceID), report.Text(c.UsableURL()),
		report.Moment{Time: c.Issued}, report.Text(c.KYC.Status), c.KYC.Reasons, report.Text(c.Field), report.Text(c.Code), report.Text(c.Message), c.Manual,
		report.Moment{Time: c.FirstSent}, report.Moment{Time: c.Decided}, e.attempts(c.History)})
}

type attemptLine struct {
	ID         int64         `json:"attempt"`
	Run        int64         `json:"run"`
	Generation int           `json:"generation"`
	Key        string        `json:"idempotencyKey"`
	Removes    string        `json:"removes,omitempty"`
	Before     report.Moment `json:"notBefore"`
	After      report.Moment `json:"notAfter"`
	Class      report.Text   `json:"class"`
	Absent     bool          `json:"absent,omitempty"`
	HTTPStatus int           `json:"httpStatus,omitempty"`
	Code       report.Text   `json:"code"`
	Excerpt    string        `json:"excerpt,omitempty"`
}

func (e *exporter) attempts(history []ledger.Attempt) []attemptLine {
	out := []attemptLine{}
	for _, h := range history {
		line := attemptLine{h.ID, h.Run, h.Generation, h.Key, h.Removes, report.Moment{Time: h.NotBefore.At}, report.Moment{Time: h.NotAfter.At},
			report.Text(h.Class), h.Absent, h.HTTPStatus, report.Text(h.Code), string(h.Excerpt)}
		if e.noLinks {
			line.Excerpt = ""
		}
		out = append(out, line)
	}
	return out
}

// plan writes a saved plan. Its terms are JSON, and hold no personal data.
func (e *exporter) plan(p ledger.Plan) error {
	type decision struct {
		Approves  bool          `json:"approves"`
		Who       string        `json:"who"`
		Host      string        `json:"host"`
		Signer    report.Text   `json:"signer"`
		Signature report.Text   `json:"signature"`
		Because   report.Text   `json:"because"`
		At        report.Moment `json:"at"`
	}
	var decided *decision
	if d := p.Decision; d != nil {
		decided = &decision{d.Approves, d.Who, d.Host, report.Text(d.Signer), report.Text(d.Signature), report.Text(d.Because), report.Moment{Time: d.At}}
	}
	return e.line(struct {
		Type     string           `json:"type"`
		ID       string           `json:"plan"`
		State    ledger.PlanState `json:"state"`
		Rows     int              `json:"rows"`
		Who      string           `json:"who"`
		Host     string           `json:"host"`
		Made     report.Moment    `json:"madeAt"`
		Expires  report.Moment    `json:"expiresAt"`
		Decision *decision        `json:"decision"` // null: none yet
		Terms    json.RawMessage  `json:"terms"`
	}{"plan", p.ID, p.State, p.Rows, p.Who, p.Host, report.Moment{Time: p.Made}, report.Moment{Time: p.Expires}, decided, json.RawMessage(p.Terms)})
}
