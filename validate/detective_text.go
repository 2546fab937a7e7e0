package validate

import (
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
)

// damage words what was found, and says which flag mends it.
func (d *Detective) damage(key damageKey, seen *damaged) Damage {
	out := Damage{Kind: key.kind, Field: key.field, Rows: seen.rows, First: seen.first}
	phone := key.field == fieldPhoneNumber
	switch key.kind {
	case DamageRounded:
		out.Text = "a spreadsheet shows these numbers as 1.41E+10, and their last digits are lost. nothing can bring them back: format the column as text and take the numbers from their source again"
	case DamagePlus:
		if seen.misfit > seen.fit {
			out.Text = "these phone numbers have digits only, and with a + most would be of another country than countryCode: they have lost a leading 0, or have no country code. take the numbers from their source again"
			break
		}
		if !d.trial.isPlusSafe() {
			out.Text = "these phone numbers have digits only: a spreadsheet dropped their leading +. write them with + and country code: with --phone-plus, numbers of this list that are good now could be read in two ways"
			break
		}
		out.Flags = []string{"--phone-plus"}
		out.Text = "these phone numbers have digits only: a spreadsheet dropped their leading +. if all of them are international numbers, --phone-plus takes them as such"
	case DamageCountry:
		region := seen.region()
		if region != "" && (region != d.trial.region || !d.trial.isRegionSafe()) {
			out.Text = "these phone numbers have no country code. write them with + and country code: with --phone-region " + region + ", numbers of this list that are good now could be read in two ways"
			if d.trial.regionHarms == 0 {
				out.Text = "these phone numbers have no country code. write them with + and country code: there are too many rows before them to be sure that --phone-region " + region + " changes none"
			}
			break
		}
		if region != "" {
			out.Flags = []string{"--phone-region", region}
			out.Text = "these phone numbers have no country code, and countryCode says " + region + " for them. if they are all numbers of that country, --phone-region " + region + " reads them so"
			break
		}
		out.Text = "these phone numbers have no country code. write them with + and country code, or if all are of one country name it with --phone-region"
		if d.Rules != nil && d.Rules.PhonePlus {
			out.Text = "these phone numbers have no country code. write them with + and country code"
		}
		if len(seen.countries) > 1 {
			out.Text = "these phone numbers have no country code, and their rows are of several countries. write them with + and country code: --phone-region knows only one country"
		}
	case DamageDecimal:
		out.Text = "a program has read these " + numbersOf(key.field) + " as quantities and added .0 or a separator of thousands. export the column as text"
	case DamageDate:
		out.Text = "a spreadsheet has made dates of these codes. format the column as text, then enter them again from their source"
		if phone {
			out.Text = "a spreadsheet has made dates of these phone numbers. format the column as text, then enter them again from their source"
		}
	case DamageZero:
		out.Text = "these postal codes are too short for their country: a spreadsheet dropped their leading zeros. format the column as text, then enter them again. they are sent as they stand otherwise"
	case DamageDigits:
		out.Text = "these long numbers end in zeros from their 16th digit on: a spreadsheet keeps 15 digits only. format the column as text and take the numbers from their source again"
	case DamageError:
		out.Text = "these cells show a spreadsheet error such as #N/A. correct the formula, or write the values themselves"
	case DamageTwice:
		if d.canReread() && d.trial.encodeHarms == 0 {
			out.Flags = []string{"--encoding", "utf-8"}
			out.Text = "accented letters came out as two signs each, as if the file were UTF-8 and had been read as " + d.Encoding + ". --encoding utf-8 reads it right if that is so"
			break
		}
		out.Text = "letters came out as two signs each or as signs that no name has: an earlier program read UTF-8 as windows-1252 or another encoding and saved that. export the list again from its source, as UTF-8, and send nothing before"
	case DamageLetters:
		out.Text = "letters were lost in an earlier conversion and cannot be restored. export the list again from its source, as UTF-8"
	}
	textOf(&out)
	return out
}

// textOf words the kinds that no flag mends.
func textOf(d *Damage) {
	switch d.Kind {
	case DamageNotation:
		d.Text = "these values are written as another format writes them, such as &eacute, %C3%A9 or \\u00e9. export the list again as plain text"
	case DamageOther:
		d.Text = "these cells hold what belongs in another field. check that the columns are named right, and that no cells are shifted"
	case DamageNothing:
		d.Text = "a program has written its word for nothing into these cells (nan, None, NULL). leave them empty if they may be, or fill them in"
		if isName(d.Field) {
			d.Text = "a program has written its word for nothing into these cells (nan, None, NULL), though people can have such a name. fill in the names"
		}
	case DamageCounting:
		d.Text = "these cells count up by one from row to row, as when the fill handle of a spreadsheet is dragged down. take the values from their source again, unless they are real"
	}
}

// numbersOf names the numbers of a field; the sender's own number has none.
func numbersOf(field string) string {
	switch field {
	case fieldPhoneNumber:
		return "phone numbers"
	case fieldPostalCode:
		return "postal codes"
	}
	return "customer numbers"
}

// countedColumns is how many columns count looks at.
const countedColumns = 9

// countedFields lists the columns in which counting up is a sign of damage.
func countedFields() [countedColumns]string {
	return [...]string{fieldFirstName, fieldLastName, fieldPhoneNumber, fieldAccountPurpose, fieldIPAddress, fieldAddress, fieldCity, fieldRegion, fieldPostalCode}
}

// count looks for columns that count up.
func (d *Detective) count(at Place, raw *Raw) {
	for i, v := range [countedColumns]string{raw.FirstName, raw.LastName, raw.PhoneNumber, raw.AccountPurpose, raw.IPAddress, raw.Address, raw.City, raw.Region, raw.PostalCode} {
		d.counters[i].Add(at, v)
	}
}

// counting tells the columns that count up. Numbers that a person can have by
// chance beside their neighbour's, as in an office, are told from five rows on.
func (d *Detective) counting() []Damage {
	var list []Damage
	for i, field := range countedFields() {
		least := 5
		switch field {
		case fieldFirstName, fieldLastName, fieldAccountPurpose, fieldCity, fieldRegion:
			least = 3
		}
		if rows, first := d.counters[i].Found(least); rows > 0 {
			list = append(list, d.damage(damageKey{DamageCounting, field}, &damaged{rows: rows, first: first}))
		}
	}
	return list
}

// isProgramWord tells the words for nothing that programs write; a dash is none.
func isProgramWord(raw *Raw, field string) bool {
	v := ""
	switch field {
	case fieldFirstName:
		v = raw.FirstName
	case fieldLastName:
		v = raw.LastName
	case fieldAccountPurpose:
		v = raw.AccountPurpose
	case fieldAddress:
		v = raw.Address
	case fieldCity:
		v = raw.City
	case fieldRegion:
		v = raw.Region
	case fieldPostalCode:
		v = raw.PostalCode
	case fieldCountryCode:
		v = raw.CountryCode
	}
	v = strings.TrimSpace(v)
	if v == "" {
		return false
	}
	word := celltext.ReadNothing(v)
	return word == celltext.NameToo || word == celltext.WroteNone
}

// nothingWords leaves out a column of names with a single Null or None, where
// no other column has such a word: that is a person's name.
func (d *Detective) nothingWords(list []Damage) []Damage {
	words := 0
	for _, found := range list {
		if found.Kind == DamageNothing {
			words += found.Rows
		}
	}
	return slices.DeleteFunc(list, func(found Damage) bool { return found.Kind == DamageNothing && words < 2 })
}

func isUTF8Name(name string) bool {
	switch name {
	case "utf-8", "utf8", "UTF-8", "UTF8":
		return true
	}
	return false
}

// shared words the sharing of one kind of value.
func shared(kind string) Damage {
	switch kind {
	case SharedPhone:
		return Damage{Kind: kind, Field: fieldPhoneNumber, Text: "one phone number stands in three rows or more. make sure that these are different people, and that it is not a number of the office or a filler"}
	case SharedWallet:
		return Damage{Kind: kind, Field: fieldWalletAddress, Text: "one wallet address stands in three rows or more. make sure that it is not a filler: whoever holds it gets what is meant for all of them"}
	case SharedMailbox:
		return Damage{Kind: kind, Field: fieldEmail, Text: "e-mails that differ only by dots or a plus tag often reach one person. make sure that these are different people: each costs a fee"}
	}
	return Damage{Kind: SharedUnknown, Text: "there are more rows than are compared for shared phone numbers, wallets and mailboxes. of the rows from here on nothing is known in this respect"}
}
