package userlist

import (
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// This file compares answers with the partner's list: the serviceId and the e-mail of
// every created user must belong together. It is pure. There is a mix-up only if the list
// shows a serviceId under the e-mail of another customer of this ledger, whose own attempt
// can have created that user. Every other contradiction is reported, and nothing is moved.

const (
	CodeMixedUp  = "answer_mixed_up"
	CodeLinkLost = "link_lost"
)

// OwnDuplicate is a duplicate whose user our own request created.
type OwnDuplicate struct {
	Customer  ledger.Customer
	ServiceID string
}

// PairingResult is what one list shows of the users that are not yet confirmed.
type PairingResult struct {
	Notes  []ledger.PairingNote
	Mixed  []ledger.Customer // whose serviceId is listed under another customer's e-mail, each followed by that one, who can have made it
	Ours   []OwnDuplicate
	Masked int // users whose listed e-mail is masked
}

// Pairing is what is known when a list is compared.
type Pairing struct {
	Due    []ledger.Customer          // with their attempts
	Near   []*decide.Witness          // users created before them, by whom clocks are compared too
	People map[string]ledger.Customer // by identity: customers whose e-mail the list shows for another customer's serviceId, with their attempts
	List   Listing
	Timing decide.Timing
}

// CompareUsers judges every user in Due.
func (p Pairing) CompareUsers() PairingResult {
	var out PairingResult
	var strangers []ledger.PairingNote
	confirmed := 0
	clock := p.CalibrateNear()
	for _, c := range p.Due {
		if c.Status == ledger.Duplicate {
			p.compareDuplicate(c, clock, &out)
			continue
		}
		u, listed := p.List.Known[c.ServiceID]
		note := ledger.PairingNote{Customer: c.ID, ServiceID: c.ServiceID}
		switch owner, isOurs := p.People[u.Identity]; {
		case !listed && p.List.IsWhole && p.Timing.Now.Sub(LastAttemptEnd(c)) > 24*time.Hour:
			note.Pairing = ledger.UserUnlisted
		case !listed:
			continue
		case u.Deleted:
			note.Pairing = ledger.UserDeleted
		case u.Identity == c.Identity:
			note.Pairing = ledger.Confirmed
			confirmed++
		case isMasked(u.Email):
			out.Masked++
			continue
		case isOurs && decide.MayHaveCreated(owner, u, clock(owner.History), p.Timing):
			out.Mixed = append(out.Mixed, c, owner)
			continue
		case isOurs:
			note.Pairing = ledger.MixedUp
		case validate.Mailbox(u.Identity) == validate.Mailbox(c.Identity):
			note.Pairing = ledger.Confirmed // the list leaves dots or plus tags out
			confirmed++
		default:
			note.Pairing = ledger.EmailDiffers
			strangers = append(strangers, note)
			continue
		}
		out.Notes = append(out.Notes, note)
	}
	if n := len(strangers); n > 2 && n*10 > n+confirmed {
		out.Masked += n // a list that rewrites so many e-mails proves nothing about one
	} else {
		out.Notes = append(out.Notes, strangers...)
	}
	return out
}

// compareDuplicate looks once at a user whom the partner called a duplicate: an
// intermediary may have sent our request twice and given us the second answer.
func (p Pairing) compareDuplicate(c ledger.Customer, clock func([]ledger.Attempt) decide.Calibration, out *PairingResult) {
	users := decide.WithoutDeleted(c.History, p.List.Users[c.Identity])
	if len(users) == 0 {
		return
	}
	if len(users) == 1 && len(c.History) > 0 {
		a, u := c.History[len(c.History)-1], users[0]
		at := clock(c.History)
		w := decide.RequestWindow(a, p.Timing).Shifted(at)
		if a.Class == ledger.DupUser && a.NotBefore.Certain && a.NotAfter.Certain && at.IsUsable(a.NotBefore.Partner(), p.Timing) &&
			!u.CreatedAt.IsZero() && !u.CreatedAt.Before(w.From) && !u.CreatedAt.After(w.To) {
			out.Ours = append(out.Ours, OwnDuplicate{c, u.ServiceID})
			return
		}
	}
	out.Notes = append(out.Notes, ledger.PairingNote{Customer: c.ID, ServiceID: c.ServiceID, Pairing: ledger.Confirmed})
}

// CalibrateNear calibrates createdAt for a history by the users that this very list
// confirms, those near it in time. A user of a mix-up is no measure.
func (p Pairing) CalibrateNear() func(h []ledger.Attempt) decide.Calibration {
	var all []*decide.Witness
	add := func(k *decide.Witness) {
		if k == nil || !k.Measures {
			return
		}
		if u, ok := p.List.Known[k.ServiceID]; ok && u.Identity == k.Identity {
			all = append(all, k)
		}
	}
	for _, k := range p.Near {
		add(k)
	}
	for _, c := range p.Due {
		add(decide.NewWitness(c))
	}
	slices.SortFunc(all, func(a, b *decide.Witness) int { return a.At.Compare(b.At) })
	return func(h []ledger.Attempt) decide.Calibration {
		if len(h) == 0 {
			return decide.Calibration{}
		}
		at := h[len(h)-1].NotBefore.Partner()
		i, _ := slices.BinarySearchFunc(all, at, func(k *decide.Witness, at time.Time) int { return k.At.Compare(at) })
		before := slices.Clone(all[max(0, i-2*decide.MaxWitnesses):i])
		slices.Reverse(before)
		return decide.Calibrate(decide.CollectMeasures(decide.Witnesses{Before: before, After: all[i:min(len(all), i+2*decide.MaxWitnesses)]}, p.List.Known))
	}
}

// PlanRepairs returns what is written so that every customer of a mix-up has the user
// that the list shows under its e-mail. A customer for whom that is not clear
// makes the whole mix-up a reviewer's, and repairs nil.
func PlanRepairs(all []ledger.Customer, list Listing, shared func(link string) bool, at time.Time) []ledger.Change {
	links := map[string]string{} // by serviceId, as answers brought them
	for _, c := range all {
		if c.ServiceID != "" && c.URL != "" {
			links[c.ServiceID] = c.URL
		}
		for _, a := range c.History {
			if a.Class == ledger.OKBroken {
				if id, link := partner.Salvage(a.Excerpt); id != "" && link != "" && links[id] == "" {
					links[id] = link
				}
			}
		}
	}
	given, used := map[string]bool{}, map[string]bool{}
	var out []ledger.Change
	for _, c := range all {
		users := decide.WithoutDeleted(c.History, list.Users[c.Identity])
		if len(users) > 1 || len(users) == 1 && given[users[0].ServiceID] {
			return nil
		}
		ch := ledger.Change{Expect: ledger.Expect{Customer: c.ID, Status: c.Status, Intents: c.Intents}, Repair: true, At: at,
			Status: ledger.InDoubt, Code: CodeMixedUp, Message: MixedUpMessage}
		if len(users) == 1 {
			id := users[0].ServiceID
			given[id] = true
			ch.Status, ch.ServiceID = ledger.LinkMissing, id
			if link := links[id]; link != "" && !used[link] && !shared(link) {
				used[link] = true
				ch.Status, ch.URL, ch.Pairing, ch.Code, ch.Message = ledger.Created, link, ledger.Confirmed, "", ""
			}
		}
		if ch.Status == ledger.InDoubt && c.Status != ledger.Created && c.Status != ledger.LinkMissing {
			continue // it keeps what it has
		}
		for _, a := range c.History {
			if a.Class == ledger.OK && c.ServiceID != ch.ServiceID {
				ch.Close = append(ch.Close, ledger.Closing{Attempt: a.ID, Class: ledger.OKBroken, NotAfter: a.NotAfter,
					HTTPStatus: a.HTTPStatus, Code: a.Code, Excerpt: partner.Keep(c.ServiceID, c.URL)})
			}
		}
		out = append(out, ch)
	}
	return out
}

const MixedUpMessage = "the partner's answers for two customers were mixed up, and the answer with this customer's link did not arrive. See: bulkonboard links recover"

// isMasked reports whether a listed e-mail is hidden in part.
func isMasked(email string) bool {
	return strings.TrimSpace(email) == "" || strings.ContainsAny(email, "*•…") || !strings.Contains(email, "@")
}

// LastAttemptEnd returns when a customer's newest attempt ended, in the
// partner's time; the zero time if it has none.
func LastAttemptEnd(c ledger.Customer) time.Time {
	if len(c.History) == 0 {
		return time.Time{}
	}
	return c.History[len(c.History)-1].NotAfter.Partner()
}
