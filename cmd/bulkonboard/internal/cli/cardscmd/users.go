package cardscmd

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// codeHasCards is the partner's refusal to delete a user with active cards.
const codeHasCards = "ACTIVE_CARDS_EXIST"

// users yields the approved users without a card, as far as is known, and counts them
// and those who are left out.
func (p *cardPlan) users(ctx context.Context, l kyc.Customers) iter.Seq2[ledger.Customer, error] {
	return func(yield func(ledger.Customer, error) bool) {
		p.count, p.haveCard, p.unconfirmed, p.doubtful = 0, 0, 0, 0
		q := ledger.Query{Status: []ledger.Status{ledger.Created, ledger.LinkMissing}, History: true}
		for c, err := range l.Customers(ctx, q) {
			switch {
			case err != nil:
				yield(c, err)
				return
			case c.KYC.Status != ledger.KYCApproved || c.ServiceID == "":
				continue
			case p.hasCard(&c):
				p.haveCard++
				continue
			case c.NeedsReview():
				p.doubtful++
				continue
			case c.Pairing == ledger.Unconfirmed:
				p.unconfirmed++
				continue
			}
			p.count++
			if !yield(c, nil) {
				return
			}
		}
	}
}

// hasCard reports whether a user is known to have a card.
func (p *cardPlan) hasCard(c *ledger.Customer) bool {
	return p.issued[c.ServiceID] || slices.ContainsFunc(c.History, func(a ledger.Attempt) bool {
		return a.Removes == c.ServiceID && a.Code == codeHasCards
	})
}

func cardHeader() []string {
	return []string{"id", "email", "firstName", "lastName", "serviceId", "approvedAt", "amount", "currency"}
}

// lines returns the lines of the export.
func (p *cardPlan) lines(ctx context.Context, l kyc.Customers) report.TableRows {
	return func(yield func([]string, error) bool) {
		for c, err := range p.users(ctx, l) {
			if err != nil {
				yield(nil, err)
				return
			}
			approved := ""
			if !c.KYC.At.IsZero() {
				approved = c.KYC.At.UTC().Format(time.RFC3339)
			}
			if !yield([]string{c.SenderID, c.Email, c.FirstName, c.LastName, c.ServiceID, approved, p.amount.String(), cardCurrency}, nil) {
				return
			}
		}
	}
}

// readIssued reads the serviceIds in CSV files.
func readIssued(paths []string) (map[string]bool, error) {
	all := map[string]bool{}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, exit.UsageErrorf("--issued %s: %w", path, term.PlainError(err))
		}
		text, err := limits.ReadAll(f, maxIssued)
		if err == nil {
			err = addServiceIDs(all, bytes.NewReader(text))
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, exit.UsageErrorf("--issued %s: %w", path, err)
		}
	}
	return all, nil
}

// maxIssued is how many bytes a file may have: some millions of lines.
const maxIssued = 256 << 20

// addServiceIDs adds the cells of the serviceId column.
func addServiceIDs(all map[string]bool, text io.Reader) error {
	r := csv.NewReader(text)
	r.ReuseRecord, r.FieldsPerRecord = true, -1
	head, err := r.Read()
	if err != nil {
		return errors.New("it is not a CSV file with a header")
	}
	head[0] = strings.TrimPrefix(head[0], "\ufeff")
	column := slices.Index(head, "serviceId")
	if column < 0 {
		return errors.New("it has no column serviceId")
	}
	for {
		row, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return notCSV(err)
		}
		if column < len(row) {
			all[strings.Clone(strings.TrimSpace(row[column]))] = true
		}
	}
}

// notCSV says in which line a file is not CSV. The library quotes nothing of it.
func notCSV(err error) error {
	if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Errorf("line %d is not CSV", wrong.Line)
	}
	return err
}
