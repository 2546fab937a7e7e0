package plans

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
)

// AddTerms shows what a plan binds to whoever decides on it.
func AddTerms(p *term.Page, id string, t *approval.Terms) {
	p.Part("Plan").Text(fmt.Sprintf("%s, made by %s on %s", id, t.Maker, term.LocalTime(t.Made)))
	p.Part("Expires").Text(term.LocalTime(t.Expires))
	p.Part("Target").Text(fmt.Sprintf("%s: %s", t.Environment, t.Host))
	if t.Account != (ledger.Account{}) {
		p.Part("Account").Text(term.Printable(accountText(t.Account)))
	}
	p.Part("API key").Text("fingerprint " + t.KeyPrint)
	part := p.Section("List")
	for _, f := range t.Files {
		part.Text(fmt.Sprintf("%s, %s, SHA-256 %.12s", term.Printable(fileName(f)), term.Count(f.Rows, "row"), f.SHA256))
	}
	part.Row(term.Cell{Text: term.Number(t.Send), Style: term.Good}, term.Cell{Text: "to send"})
	if t.InDoubt > 0 {
		part.Row(term.Cell{Text: term.Number(t.InDoubt), Style: term.Bad}, term.Cell{Text: "in doubt; looked up before anything is sent again"})
	}
	for _, l := range t.LeftOut {
		part.Row(term.Cell{Text: term.Number(l.Rows)}, term.Cell{Text: string(l.Status)})
	}
	addSample(p, t)
	part = p.Section("Cost")
	part.Text(fmt.Sprintf("at most %s: %s at %s", term.Money(t.AtMost, t.Currency), term.Count(t.MaySend(), "user"), t.Fee))
	if t.Wallet != "" {
		part.Text("Wallet when the plan was made: " + term.Money(t.Wallet, t.Currency))
	}
	part.Text("Rate: " + rateText(t.Rate))
	addLast(p, t.Last)
}

// addSample shows what was decided about the list, and which rows to look at.
func addSample(p *term.Page, t *approval.Terms) {
	for i, what := range t.Decided {
		if i == 0 {
			p.Section("Decided").Text(term.Printable(what))
			continue
		}
		p.Part("").Text(term.Printable(what))
	}
	if len(t.Sample) == 0 {
		return
	}
	part := p.Section("Look at")
	part.Text(fmt.Sprintf("%s of the list, drawn at random from those to send. A plan has no names, so open the list:", term.Count(len(t.Sample), "row")))
	for i, f := range t.Files {
		var rows []string
		for _, at := range t.Sample {
			if at.File == i {
				rows = append(rows, strconv.Itoa(at.Row))
			}
		}
		if len(rows) > 0 {
			part.Text(term.Printable(fileName(f)) + ", rows " + strings.Join(rows, ", "))
		}
	}
}

// AddSaved says that a plan was saved, how it differs from the last list, and which
// other plans have the same rows.
func AddSaved(p *term.Page, id string, t *approval.Terms, overlaps []Overlap) {
	for _, o := range overlaps {
		p.Section("Plans").Styled(term.Attention, fmt.Sprintf("Warning: %s of this plan are in plan %s, too, which is %s. Carry out only one of them", term.Count(o.Rows, "row"), o.Plan.ID, StateText(o.Plan, t.Made)))
	}
	part := p.Section("Plan")
	part.Styled(term.Good, fmt.Sprintf("%s, saved; expires %s", id, term.LocalTime(t.Expires)))
	part.Text(fmt.Sprintf("at most %s in all, for %s", term.Money(t.AtMost, t.Currency), term.Count(t.MaySend(), "row")))
	if t.Last != nil {
		part.Text(fmt.Sprintf("%s new since the last list of this name; %s no longer in it", term.Count(t.Last.Added, "customer"), term.Number(t.Last.Gone)))
	}
}

// addLast names the differences to the last run of the list.
func addLast(p *term.Page, last *approval.LastRun) {
	part := p.Section("Last list")
	if last == nil {
		part.Text("none of this name: the list is new to the ledger")
		return
	}
	text := fmt.Sprintf("of this name: %s, %s created", term.Count(last.Rows, "row"), term.Number(last.Created))
	if last.Run != 0 {
		text += fmt.Sprintf(", run %d on %s", last.Run, term.LocalTime(last.At))
	}
	part.Text(text)
	part.Text(fmt.Sprintf("%s new in this list; %s no longer in it", term.Count(last.Added, "customer"), term.Number(last.Gone)))
}

// Line describes a plan in one line of a list.
func Line(p ledger.Plan, now time.Time) string {
	return fmt.Sprintf("%s  %s  %s@%s  %s  %s", p.ID, term.LocalTime(p.Made), p.Who, p.Host, term.Count(p.Rows, "row"), StateText(p, now))
}

// StateText says in a few words how far a plan has come, and by whom.
func StateText(p ledger.Plan, now time.Time) string {
	text := string(p.State)
	if p.State.IsOpen() && !now.Before(p.Expires) {
		text = "expired"
		if p.State != ledger.PlanMade {
			text += ", was " + string(p.State)
		}
	}
	if p.Decision != nil {
		text += ", " + DecisionText(p)
	}
	return text
}

// MakerText names the account that made a plan.
func MakerText(p ledger.Plan) string { return approval.Person{User: p.Who, Host: p.Host}.String() }

// DecisionText says who decided on a plan, and whether that was the account that made
// it.
func DecisionText(p ledger.Plan) string {
	d := p.Decision
	if d == nil {
		return "not decided"
	}
	verb := "declined"
	if d.Approves {
		verb = "approved"
	}
	decider := approval.Person{User: d.Who, Host: d.Host}
	text := fmt.Sprintf("%s by %s", verb, decider)
	if d.Signer != "" {
		text = fmt.Sprintf("%s by %s (signed, as %s)", verb, d.Signer, decider)
	}
	if (approval.Person{User: p.Who, Host: p.Host}) == decider {
		text += ", the account that made it"
	}
	return text
}

func accountText(a ledger.Account) string {
	if a.Partner != "" {
		return a.Partner
	}
	return a.Slug
}

func fileName(f approval.File) string {
	if f.Sheet == "" {
		return f.Name
	}
	return f.Name + " (sheet " + f.Sheet + ")"
}

func rateText(perSecond float64) string {
	if perSecond == 0 {
		return "unlimited"
	}
	return fmt.Sprintf("at most %g requests a second", perSecond)
}
