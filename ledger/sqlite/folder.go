package sqlite

import (
	"database/sql"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// A customer's folder is one packed record: the customer with all its attempts.
// What queries select by stands beside it in columns of the table customers
// (status, service id and when it was decided, which stand only there, and the
// newest attempt). One person is one record, written once with each outcome: a row for
// each attempt and a column for each field cost the database three times as
// much, and a report of a million people four times.

const folderFormat = 3

// Of a customer, and of each of its attempts.
const (
	emailAsIdentity = 1 << iota
	hasManual
	hasOwnDetails

	keyAsCustomer = 1 << (iota - 3)
	detailsAsCustomer
	certainBefore
	certainAfter
	isAbsent
)

// folder packs a customer with c.History, which must be all of its attempts.
// The bytes are good until the next record.
func (p *packer) folder(c *ledger.Customer) []byte {
	p.reset()
	flags := bit(c.Email == c.Identity, emailAsIdentity) | bit(c.Manual, hasManual) | bit(c.Details != nil, hasOwnDetails)
	p.buf = append(p.buf, flags)
	p.text(c.Identity)
	if flags&emailAsIdentity == 0 {
		p.text(c.Email)
	}
	if flags&hasOwnDetails != 0 {
		p.text(string(c.Details))
	}
	for _, s := range []string{c.FirstName, c.LastName, c.SenderID, c.URL, c.Field, c.Code, c.Message} {
		p.text(s)
	}
	p.key(c.Key)
	for _, n := range []int{c.Generation, c.HTTPStatus, c.Attempts, c.Intents} {
		p.integer(int64(n))
	}
	p.integer(stamp(c.FirstSent))
	p.integer(stamp(c.Issued))
	for i := range c.History {
		p.attempt(c, &c.History[i])
	}
	p.n = len(c.History)
	return p.seal(folderFormat)
}

func (p *packer) attempt(c *ledger.Customer, a *ledger.Attempt) {
	flags := bit(a.Key == c.Key, keyAsCustomer) | bit(a.Details != nil && string(a.Details) == string(c.Details), detailsAsCustomer) |
		bit(a.NotBefore.Certain, certainBefore) | bit(a.NotAfter.Certain, certainAfter) | bit(a.Absent, isAbsent)
	p.buf = append(p.buf, flags)
	if flags&keyAsCustomer == 0 {
		p.key(a.Key)
	}
	if flags&detailsAsCustomer == 0 {
		p.text(string(a.Details))
	}
	for _, s := range []string{string(a.Class), a.Code, string(a.Excerpt), a.Removes} {
		p.text(s)
	}
	for _, n := range []int64{a.ID, a.Run, int64(a.Generation), int64(a.HTTPStatus), stamp(a.NotBefore.At), int64(a.NotBefore.Stored().Offset),
		stamp(a.NotAfter.At), int64(a.NotAfter.Stored().Offset)} {
		p.integer(n)
	}
}

// bit is one flag of a record.
func bit(on bool, flag byte) byte {
	if on {
		return flag
	}
	return 0
}

// unpackFolder reads what folder packed into c, whose columns are filled in
// already; its attempts only if want says so.
func unpackFolder(data []byte, c *ledger.Customer, want func(*ledger.Customer) bool) error {
	u, n, err := unseal(data, folderFormat)
	if err != nil {
		return err
	}
	flags := u.byte()
	c.Identity = u.string()
	if c.Email = c.Identity; flags&emailAsIdentity == 0 {
		c.Email = u.string()
	}
	if flags&hasOwnDetails != 0 {
		c.Details = ledger.Details(u.string())
	}
	for _, s := range []*string{&c.FirstName, &c.LastName, &c.SenderID, &c.URL, &c.Field, &c.Code, &c.Message} {
		*s = u.string()
	}
	c.Key = u.key()
	for _, n := range []*int{&c.Generation, &c.HTTPStatus, &c.Attempts, &c.Intents} {
		*n = int(u.varint())
	}
	c.Manual = flags&hasManual != 0
	c.FirstSent, c.Issued = moment(u.varint()), moment(u.varint())
	if u.at < len(u.text) && want != nil && want(c) {
		c.History = make([]ledger.Attempt, 0, n)
		for u.at < len(u.text) { // there may be more than the record can count
			var a ledger.Attempt
			u.attempt(c, &a)
			c.History = append(c.History, a)
		}
		u.bad = u.bad || uint16(len(c.History)) != uint16(n)
	}
	if u.bad {
		return errChunk
	}
	return nil
}

func (u *unpacker) attempt(c *ledger.Customer, a *ledger.Attempt) {
	flags := u.byte()
	if a.Key = c.Key; flags&keyAsCustomer == 0 {
		a.Key = u.key()
	}
	if flags&detailsAsCustomer != 0 {
		a.Details = slices.Clone(c.Details)
	} else if s := u.string(); s != "" {
		a.Details = ledger.Details(s)
	}
	a.Class, a.Code = ledger.Class(u.string()), u.string()
	if s := u.string(); s != "" {
		a.Excerpt = []byte(s)
	}
	a.Removes = u.string()
	a.ID, a.Run, a.Generation, a.HTTPStatus = u.varint(), u.varint(), int(u.varint()), int(u.varint())
	a.NotBefore = ledger.Instant{At: moment(u.varint()), Offset: time.Duration(u.varint()), Certain: flags&certainBefore != 0}
	a.NotAfter = ledger.Instant{At: moment(u.varint()), Offset: time.Duration(u.varint()), Certain: flags&certainAfter != 0}
	a.Absent = flags&isAbsent != 0
}

// always says that attempts are wanted.
func always(*ledger.Customer) bool { return true }

const folderColumns = "id, status, service_id, decided, pairing, data"

// scanFolder reads a row of folderColumns into the customer that place gives
// for its id; nil passes the row over.
func scanFolder(r *sql.Rows, place func(id int64) *ledger.Customer, want func(*ledger.Customer) bool) error {
	var id, decided int64
	var status, service, pairing string
	var data sql.RawBytes
	if err := r.Scan(&id, &status, &service, &decided, &pairing, &data); err != nil {
		return err
	}
	c := place(id)
	if c == nil {
		return nil
	}
	c.Pairing = ledger.Pairing(pairing)
	c.ID, c.Status, c.ServiceID, c.Decided = id, ledger.Status(status), service, moment(decided)
	return unpackFolder(data, c, want)
}

// newestAttempt is the id of a customer's newest attempt, 0 if it has none.
func newestAttempt(c *ledger.Customer) (id int64) {
	for i := range c.History {
		id = max(id, c.History[i].ID)
	}
	return id
}

// putCustomer writes rows of the table customers, new ones and in place of old ones.
const (
	putCustomerHead = "INSERT OR FAIL INTO customers (id, status, service_id, decided, attempt, pairing, link, data) VALUES "
	putCustomerTail = ` ON CONFLICT (id) DO UPDATE SET
		status = excluded.status, service_id = excluded.service_id, decided = excluded.decided, attempt = excluded.attempt,
		pairing = excluded.pairing, link = excluded.link, data = excluded.data`
)
