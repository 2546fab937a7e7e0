package ledgercmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/reportfile"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/validate"
)

// importGroup is how many customers are looked up and written at a time.
const importGroup = 500

// importer imports one file into a ledger.
type importer struct {
	path        string
	sum         string // of the file
	environment string
	slugs       map[string]bool // of the partner accounts that its serviceIds name
	onlyReport  bool            // the file must be a report of ours
	l           session.Ledger
	run         int64
	gap         bool // the ledger was put back from a copy: a report of ours may know later outcomes

	done    map[ledger.Status]int // taken over
	better  int                   // known better already
	skipped int                   // rows of a report that say nothing to take over
	refused int                   // rows whose serviceId is another customer's
}

// importedUser is what a row says of a customer.
type importedUser struct {
	row      int
	identity string
	email    string
	first    string
	last     string
	sender   string
	report   bool // the row is that of a report of ours
	change   ledger.Change
}

// checkFile reads the whole file, so that a mistake in it costs nothing.
func (im *importer) checkFile(ctx context.Context) error {
	sum, err := reportfile.HashFile(im.path)
	if err != nil {
		return exit.UsageErrorf("%s: %w", im.path, term.PlainError(err))
	}
	im.sum = sum
	n := 0
	im.slugs = map[string]bool{}
	err = reportfile.Read(ctx, im.path, func(r reportfile.Record) error {
		n++
		p, ok, err := im.parseRow(r)
		if slug := ledger.SlugOf(p.change.ServiceID); ok && slug != "" {
			im.slugs[slug] = true
		}
		return err
	})
	if err == nil && n == 0 {
		return exit.UsageErrorf("%s has no rows", im.path)
	}
	return err
}

// parseRow returns what a row says of a customer; ok is false if there is
// nothing to take over.
func (im *importer) parseRow(r reportfile.Record) (p importedUser, ok bool, err error) {
	wrong := func(what string) error {
		return exit.NewUsageError(fmt.Errorf("%s, row %d: %s", im.path, r.Row, what), "nothing was imported; correct the row, or delete it")
	}
	for _, name := range []string{"email", "serviceid"} {
		if _, there := r.Cells[name]; !there && (name != "email" || r.Get("emailaddress") == "") {
			return p, false, exit.NewUsageError(fmt.Errorf("%s has no column %s", im.path, map[string]string{"email": "email", "serviceid": "serviceId"}[name]),
				"import reads a report of bulkonboard, or a CSV file with email, serviceId and verificationUrl")
		}
	}
	p.row, p.email = r.Row, r.Get("email", "emailaddress")
	p.first, p.last, p.sender = r.Get("firstname"), r.Get("lastname"), r.Get("id", "customerid")
	c := &p.change
	c.ServiceID, c.URL, c.Code, c.Message = r.Get("serviceid"), r.Get("verificationurl", "link"), codeImported, "imported from a file"
	c.Status = ledger.Status(r.Get("status"))
	p.report = r.IsReport()
	if im.onlyReport && !p.report {
		return p, false, exit.NewUsageError(fmt.Errorf("%s is not a report of bulkonboard", im.path), "import lists of other programs with bulkonboard ledger import")
	}
	if !p.report {
		c.Status = ledger.Duplicate
		if c.ServiceID != "" {
			c.Status = ledger.LinkMissing
		}
		if c.ServiceID != "" && c.URL != "" {
			c.Status = ledger.Created
		}
	}
	switch c.Status {
	case ledger.Created:
		if c.URL == "" && c.ServiceID != "" {
			c.Status = ledger.LinkMissing // a report without links
		}
	case ledger.LinkMissing, ledger.Duplicate:
		c.URL = ""
	default:
		return p, false, nil
	}
	var sound bool
	if p.identity, sound = validate.Identity(p.email); !sound {
		return p, false, wrong("the e-mail is not one plain address")
	}
	if r.Get("idempotencykey") != "" && !r.HasKey(im.environment, p.identity) {
		return p, false, exit.NewUsageError(fmt.Errorf("%s, row %d: its idempotency key is not one of environment %s", im.path, r.Row, im.environment),
			"the report is of another environment, or its e-mails were changed; nothing was imported")
	}
	c.At = timeOf(r.Get("linkissuedat"), r.Get("decidedat"))
	if c.Status == ledger.Created && c.ServiceID == "" {
		return p, false, wrong("has a link but no serviceId")
	}
	if c.ServiceID != "" && !ledger.ValidToken(c.ServiceID) {
		return p, false, wrong(badServiceID)
	}
	if c.URL != "" && !ledger.ValidLink(c.URL) {
		return p, false, wrong("the verificationUrl " + badLink)
	}
	return p, true, nil
}

// codeImported is the code of customers imported from a file.
const codeImported = "imported"

// What is wrong with a service id or a link that the ledger does not take.
const (
	badServiceID = "the serviceId is longer than 128 characters, or has blanks, slashes, quotes or characters that are not printable ASCII"
	badLink      = "is not an absolute https URL without a user name, of at most 2048 printable ASCII characters"
)

// importInto imports the file into a ledger.
func (im *importer) importInto(ctx context.Context, l session.Ledger, e *logEntry) error {
	gaps, err := l.Gaps(ctx)
	if err != nil {
		return err
	}
	info, err := l.Info(ctx)
	if err != nil {
		return err
	}
	if own := info.Account.Slug; own != "" && len(im.slugs) > 0 && !im.slugs[own] {
		return fmt.Errorf("%s has users of another partner account; nothing was imported: %w", im.path, ledger.ErrAccount)
	}
	im.l, im.run, im.gap, im.done = l, e.run, len(gaps) > 0, map[ledger.Status]int{}
	if err := im.register(ctx); err != nil {
		return err
	}
	im.skipped, err = im.readGroups(ctx, func(group []importedUser) error { return im.writeGroup(ctx, group) })
	e.created += im.done[ledger.Created]
	return err
}

// readGroups reads the rows to take over and hands them on in groups that have
// no customer twice. skipped counts the other rows.
func (im *importer) readGroups(ctx context.Context, write func(group []importedUser) error) (skipped int, err error) {
	var group []importedUser
	seen, size := map[string]bool{}, 0
	flush := func() error {
		if len(group) == 0 {
			return nil
		}
		err := write(group)
		group, size = group[:0], 0
		clear(seen)
		return err
	}
	err = reportfile.Read(ctx, im.path, func(r reportfile.Record) error {
		p, ok, err := im.parseRow(r)
		if err != nil {
			return err
		}
		if !ok {
			skipped++
			return nil
		}
		if seen[p.identity] || len(group) == importGroup || size > limits.Batch {
			if err := flush(); err != nil {
				return err
			}
		}
		seen[p.identity] = true
		group = append(group, p)
		size += len(p.email) + len(p.first) + len(p.last) + len(p.sender) + len(p.change.ServiceID) + len(p.change.URL)
		return nil
	})
	if err == nil {
		err = flush()
	}
	return skipped, err
}

// register makes customers of those that the ledger does not know. They are
// pending until writeGroup has recorded what the file says of them. An import
// that was killed in between is registered already, and continues there.
func (im *importer) register(ctx context.Context) error {
	mark := "import:" + im.sum
	if _, err := im.l.FindBatch(ctx, mark); err == nil || !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	b := ledger.Batch{Fingerprint: mark, Files: []ledger.File{{Name: im.path, SHA256: im.sum}}, Settings: "import", Registered: time.Now()}
	reg, err := im.l.Register(ctx, b)
	if err != nil {
		return err
	}
	n := 0
	_, err = im.readGroups(ctx, func(group []importedUser) error {
		keys := make([]ledger.LookupKey, len(group))
		for i, p := range group {
			keys[i] = ledger.LookupKey{Identity: p.identity, SenderID: p.sender}
		}
		known, err := reg.Lookup(ctx, keys)
		if err != nil {
			return err
		}
		var rows []ledger.Row
		for i, p := range group {
			if k := known[i]; k.Customer != nil || k.Forgot || k.Claimed >= 0 {
				continue
			}
			rows = append(rows, ledger.Row{Ordinal: n, Number: p.row, Identity: p.identity, Email: p.email, FirstName: p.first,
				LastName: p.last, SenderID: p.sender, Claims: true, Repeats: -1})
			n++
		}
		return reg.Add(ctx, rows)
	})
	if err != nil || n == 0 {
		return errors.Join(err, reg.Rollback())
	}
	_, err = reg.Commit(ctx)
	return err
}

// writeGroup records what the file says of a group, where the ledger does not
// know better.
func (im *importer) writeGroup(ctx context.Context, group []importedUser) error {
	var q, services ledger.Query
	for _, p := range group {
		q.Identities = append(q.Identities, p.identity)
		if p.change.ServiceID != "" {
			services.ServiceIDs = append(services.ServiceIDs, p.change.ServiceID)
		}
	}
	byIdentity, owner := map[string]ledger.Customer{}, map[string]string{}
	for c, err := range im.l.Customers(ctx, q) {
		if err != nil {
			return err
		}
		byIdentity[c.Identity] = c
	}
	if len(services.ServiceIDs) > 0 {
		for c, err := range im.l.Customers(ctx, services) {
			if err != nil {
				return err
			}
			owner[c.ServiceID] = c.Identity
		}
	}
	var changes []ledger.Change
	for _, p := range group {
		c, there := byIdentity[p.identity]
		if id := p.change.ServiceID; id != "" {
			if who, used := owner[id]; used && who != p.identity {
				im.refused++
				continue
			}
			owner[id] = p.identity
		}
		if isNews := knowsMore(p.change, c) || im.gap && p.report && knowsLater(p.change, c); !there || !isNews {
			im.better++
			continue
		}
		change := p.change
		change.Expect = ledger.Expect{Customer: c.ID, Status: c.Status, Intents: c.Intents}
		change.Manual = c.Intents > 0 // the file says so, and not the attempts
		if change.At.IsZero() {
			change.At = time.Now()
		}
		changes = append(changes, change)
		im.done[change.Status]++
	}
	if len(changes) == 0 {
		return nil
	}
	left, err := im.l.Record(ctx, im.run, changes)
	if err != nil {
		return err
	}
	for _, ch := range left {
		im.done[ch.Status]--
	}
	if len(left) > 0 {
		return fmt.Errorf("%s changed in the ledger during the import and were not imported; run the same command again: %w", term.Count(len(left), "row"), ledger.ErrConflict)
	}
	return nil
}

// report prints what became of the rows.
func (im *importer) report(con *term.Console) {
	con.Sayf("imported: %s", session.CountsText(im.done))
	for _, line := range []struct {
		n    int
		text string
	}{
		{im.better, "already in the ledger, unchanged"},
		{im.skipped, "with another status: nothing to import"},
		{im.refused, "skipped: another customer in the ledger has the same serviceId"},
	} {
		if line.n > 0 {
			con.Sayf("  %s %s", term.Count(line.n, "row"), line.text)
		}
	}
}
