package main

import (
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
)

// mistake is one way in which rows go wrong, or are only written unlike the others.
type mistake struct {
	name        string
	share       int    // rows of a thousand
	field, code string // of the problem that the check reports; "" = the row is accepted
	make        func(random *rand.Rand, row []string)
}

// mistakes returns what happens to rows. A row has at most one of them.
func mistakes() []mistake {
	set := func(column int, values ...string) func(*rand.Rand, []string) {
		return func(random *rand.Rand, row []string) { row[column] = pick(random, values...) }
	}
	return []mistake{
		{"phone number without its +, which a spreadsheet drops", 60, "phoneNumber", "phone_plus_lost", losePlus},
		{"phone number rounded by a spreadsheet", 15, "phoneNumber", "excel_rounded", roundPhone},
		{"phone number read as a decimal number", 10, "phoneNumber", "excel_decimal", makeDecimal},
		{"phone number without a country", 25, "phoneNumber", "phone_no_country", makeNational},
		{"phone number in another notation", 150, "", "", regroupPhone},
		{"e-mail mistyped", 15, "email", "email_format", mistypeEmail},
		{"e-mail with a comma for its dot", 5, "email", "email_host", func(_ *rand.Rand, row []string) { row[email] = strings.Replace(row[email], ".com", ",com", 1) }},
		{"terms in words that say neither yes nor no", 25, "isTermsOfServiceAccepted", "terms_not_accepted", set(terms, "ja", "ok", "x", "accepted on paper", "oui")},
		{"terms declined", 5, "isTermsOfServiceAccepted", "terms_not_accepted", set(terms, "FALSE", "no")},
		{"terms in another spelling", 60, "", "", set(terms, "true", "yes", "Yes", "Y", "1")},
		{"last name missing", 10, "lastName", "required", set(lastName, "")},
		{"dash or N/A in place of a purpose", 10, "accountPurpose", "placeholder", set(accountPurpose, "-", "n/a", "N/A")},
		{"formula that failed", 5, "lastName", "excel_error", set(lastName, "#N/A", "#REF!")},
		{"umlaut lost in a conversion", 10, "lastName", "bad_encoding", set(lastName, "M\uFFFDller", "S\uFFFDrensen", "Fern\uFFFDndez")},
		{"name in capitals, or with umlauts apart from their letters", 40, "", "", set(lastName, "MÜLLER", "GO\u0308RSKA", "Bu\u0308hler", "ÇELİK")},
		{"address of the office network", 15, "ipAddress", "ip_not_public", set(ipAddress, "192.168.1.20", "10.0.0.7")},
		{"program mistyped", 5, "program", "program_unknown", func(_ *rand.Rand, row []string) { row[program], row[wallet] = "custody", "" }},
		{"wallet address cut off", 5, "walletAddress", "wallet_format", cutWallet},
		{"spaces around the cell", 40, "", "", func(_ *rand.Rand, row []string) { row[firstName], row[email] = row[firstName]+" ", " "+row[email] }},
	}
}

// The shares, in a thousand rows, of rows that come again and of blank rows.
const (
	repeatedShare = 15
	differsShare  = 8
	blankShare    = 8
)

func losePlus(_ *rand.Rand, row []string) {
	row[phoneNumber] = strings.TrimPrefix(row[phoneNumber], "+")
}

func roundPhone(_ *rand.Rand, row []string) {
	digits := strings.TrimPrefix(row[phoneNumber], "+")
	row[phoneNumber] = fmt.Sprintf("%s.%sE+%d", digits[:1], digits[1:6], len(digits)-1)
}

func makeDecimal(random *rand.Rand, row []string) {
	losePlus(random, row)
	row[phoneNumber] += ".0"
}

func makeNational(random *rand.Rand, row []string) {
	number := strings.TrimPrefix(row[phoneNumber], "+49")
	row[phoneNumber] = pick(random, "0"+number, "0"+number[:3]+" "+number[3:], "0"+number[:3]+"/"+number[3:])
}

func regroupPhone(random *rand.Rand, row []string) {
	number := strings.TrimPrefix(row[phoneNumber], "+49")
	row[phoneNumber] = pick(random, "+49 "+number[:3]+" "+number[3:], "0049"+number, "+49 (0)"+number[:3]+" "+number[3:],
		"+49-"+number[:3]+"-"+number[3:], "(+49) "+number[:3]+"/"+number[3:7]+" "+number[7:])
}

func mistypeEmail(random *rand.Rand, row []string) {
	row[email] = pick(random, strings.Replace(row[email], "@", "", 1), strings.Replace(row[email], "@", " @ ", 1), strings.Replace(row[email], "@", "@@", 1))
}

func cutWallet(random *rand.Rand, row []string) {
	row[program], row[wallet] = "non_custodial", walletAddress(random)[:39]
}

// kind is a mistake as the check reports it.
type kind struct{ name, field, code string }

// counts is how many rows of each kind a list has, in the order of their first ones.
type counts struct {
	kinds []kind
	rows  map[kind]int
}

func (c *counts) add(k kind) {
	if c.rows == nil {
		c.rows = map[kind]int{}
	}
	if c.rows[k] == 0 {
		c.kinds = append(c.kinds, k)
	}
	c.rows[k]++
}

// report writes a line for each kind, the most frequent first. A nil one writes nothing.
func (c *counts) report(w io.Writer) {
	if c == nil {
		return
	}
	slices.SortStableFunc(c.kinds, func(a, b kind) int { return c.rows[b] - c.rows[a] })
	for _, k := range c.kinds {
		code := k.code
		if code == "" {
			code = "no problem"
		}
		_, _ = fmt.Fprintf(w, "%7d  %s [%s]\n", c.rows[k], k.name, code) // only for information
	}
}

// messyList returns the header, rows some of which have mistakes, and two remarks. What
// it did is counted.
func messyList(rows int, seed uint64, kinds *counts) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		random := rand.New(rand.NewPCG(seed, 1))
		if !yield(header()) {
			return
		}
		var good []string // the last row without mistakes
		for i := range rows {
			row := scatterNumbers(newCustomer(random, seed, i), i)
			k, isGood := spoilRow(random, row, good)
			if k.name != "" {
				kinds.add(k)
			}
			if isGood {
				good = row
			}
			if !yield(row) {
				return
			}
			if random.IntN(1000) < blankShare {
				kinds.add(kind{name: "blank row"})
				if !yield(make([]string, columns)) {
					return
				}
			}
		}
		for _, remark := range []string{fmt.Sprintf("Total: %d customers", rows), "Exported by the onboarding team"} {
			kinds.add(kind{name: "remark below the list"}) // left out, and said once
			row := make([]string, columns)
			if row[0] = remark; !yield(row) {
				return
			}
		}
	}
}

// scatterNumbers gives a row a phone number and an IP address that do not follow those of the
// row before, as those of real customers do not.
func scatterNumbers(row []string, i int) []string {
	n := i % 90_000_000 * 48_271 % 90_000_000 // each number once: 48,271 is prime
	row[phoneNumber] = fmt.Sprintf("+49151%08d", 10_000_000+n)
	row[ipAddress] = fmt.Sprintf("2001:db8:%x::%x", n>>16, n&0xffff+1)
	return row
}

// spoilRow gives a row one of the mistakes, or makes it repeat the good one before it. It
// returns what it did, and whether the row is good and may be repeated.
func spoilRow(random *rand.Rand, row, good []string) (k kind, isGood bool) {
	n := random.IntN(1000)
	for _, m := range mistakes() {
		if n -= m.share; n < 0 {
			m.make(random, row)
			return kind{m.name, m.field, m.code}, false
		}
	}
	if n -= repeatedShare; n < 0 && good != nil {
		copy(row, good)
		return kind{"row that comes again", "email", "repeats_row"}, false
	}
	if n -= differsShare; n < 0 && good != nil {
		copy(row, good)
		row[accountPurpose] += " and rent"
		return kind{"row that comes again with another purpose", "email", "repeats_row_differs"}, false
	}
	return kind{}, true
}
