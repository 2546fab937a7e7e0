package columns

import (
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/validate"
	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
)

// explain puts what was found into words, and names the flag that accepts it.
func (c *Checker) explain(key findingKey, seen *affectedRows) Finding {
	out := Finding{Kind: key.kind, Field: key.field, Rows: seen.rows, First: seen.first}
	phone := key.field == validate.FieldPhoneNumber
	switch key.kind {
	case KindRounded:
		out.Text = "a spreadsheet shows these numbers as 1.41E+10, and their last digits are lost and cannot be restored. Format the column as text, then copy the numbers from their source again"
	case KindPlus:
		if seen.misfit > seen.fit {
			out.Text = "these phone numbers have digits only, and with a + most would be of another country than countryCode, so they have lost a leading 0 or have no country code. Copy the numbers from their source again"
			break
		}
		if !c.config.isPlusSafe() {
			out.Text = "these phone numbers are missing their leading + (a spreadsheet dropped it). Write them with + and country code: with --phone-plus, numbers of this list that are valid now could be read in two ways"
			break
		}
		out.Flags = []string{"--phone-plus"}
		out.Text = "these phone numbers are missing their leading + (a spreadsheet dropped it). If all of them are international numbers, --phone-plus adds it"
	case KindCountry:
		region := seen.commonRegion()
		if region != "" && (region != c.config.region || !c.config.isRegionSafe()) {
			out.Text = "these phone numbers have no country code. Write them with + and country code: with --phone-region " + region + ", numbers of this list that are valid now could be read in two ways"
			if c.config.regionHarms == 0 {
				out.Text = "these phone numbers have no country code. Write them with + and country code: the list is too long to be sure that --phone-region " + region + " changes no other number"
			}
			break
		}
		if region != "" {
			out.Flags = []string{"--phone-region", region}
			out.Text = "these phone numbers have no country code, and countryCode says " + region + " for them. If all are numbers of that country, --phone-region " + region + " adds the code"
			break
		}
		out.Text = "these phone numbers have no country code. Write them with + and country code. If all are of one country, name it with --phone-region"
		if c.Rules != nil && c.Rules.PhonePlus {
			out.Text = "these phone numbers have no country code. Write them with + and country code"
		}
		if len(seen.countries) > 1 {
			out.Text = "these phone numbers have no country code, and their rows are of several countries. Write them with + and country code: --phone-region column reads each as a number of its row's country"
		}
	case KindDecimal:
		out.Text = "a program read these " + numbersOf(key.field) + " as quantities and added .0 or thousands separators. Export the column as text"
	case KindDate:
		out.Text = "a spreadsheet turned these codes into dates. Format the column as text, then enter them again from their source"
		if phone {
			out.Text = "a spreadsheet turned these phone numbers into dates. Format the column as text, then enter them again from their source"
		}
	case KindZero:
		out.Text = "these postal codes are too short for their country: a spreadsheet dropped their leading zeros. Format the column as text, then enter them again. Otherwise they are sent as they are"
	case KindDigits:
		out.Text = "these long numbers end in zeros from the 16th digit on: a spreadsheet keeps only 15 digits. Format the column as text, then copy the numbers from their source again"
	case KindError:
		out.Text = "these cells show a spreadsheet error such as #N/A. Correct the formula, or enter the values themselves"
	case KindTwice:
		if c.canReread() && c.config.encodeHarms == 0 {
			out.Flags = []string{"--encoding", "utf-8"}
			out.Text = "accented letters became two characters each, as if the file were UTF-8 and had been read as " + c.Encoding + ". If so, --encoding utf-8 reads it correctly"
			break
		}
		out.Text = "letters became two characters each, or characters that no name has: an earlier program read UTF-8 as windows-1252 or another encoding and saved the result. Export the list again from its source, as UTF-8, before you send anything"
	case KindLetters:
		out.Text = "letters were lost in an earlier conversion and cannot be restored. Export the list again from its source, as UTF-8"
	}
	explainSimple(&out)
	return out
}

// explainSimple puts the kinds that no flag accepts into words.
func explainSimple(d *Finding) {
	switch d.Kind {
	case KindNotation:
		d.Text = "these values are written as another format writes them, such as &eacute, %C3%A9 or \\u00e9. Export the list again as plain text"
	case KindOther:
		d.Text = "these cells hold the values of another field. Check that the columns are mapped correctly, and that no cells are shifted"
	case KindNothing:
		d.Text = "a program wrote its word for an empty value into these cells (nan, None, NULL). Leave them empty where that is allowed, or fill them in"
		if d.Field == validate.FieldFirstName || d.Field == validate.FieldLastName {
			d.Text = "a program wrote its word for an empty value into these cells (nan, None, NULL), which can also be a name. Fill in the names"
		}
	case KindCounting:
		d.Text = "these cells count up by one from row to row, as when the fill handle of a spreadsheet is dragged down. Copy the values from their source again, unless they are real"
	}
}

// numbersOf names the numbers of a field; the sender's own number has none.
func numbersOf(field string) string {
	switch field {
	case validate.FieldPhoneNumber:
		return "phone numbers"
	case validate.FieldPostalCode:
		return "postal codes"
	}
	return "customer numbers"
}

// countingFindings returns the columns that count up.
func (c *Checker) countingFindings() []Finding {
	var list []Finding
	for i := range c.counted {
		f := &c.counted[i]
		if rows, first := f.Found(f.MinCounting); rows > 0 {
			list = append(list, c.explain(findingKey{KindCounting, f.Name}, &affectedRows{rows: rows, first: first}))
		}
	}
	return list
}

// isProgramWord reports whether a text cell of the row has a word for nothing that
// programs write. A dash is none.
func (c *Checker) isProgramWord(raw *validate.Raw, field string) bool {
	i := slices.IndexFunc(c.fields, func(f validate.Field) bool {
		return f.Name == field && (f.IsText || field == validate.FieldCountryCode)
	})
	if i < 0 {
		return false
	}
	v := strings.TrimSpace(*c.fields[i].Cell(raw))
	if v == "" {
		return false
	}
	word := celltext.ReadNothing(v)
	return word == celltext.NameToo || word == celltext.WroteNone
}

// dropSingleNames leaves out a column of names with a single Null or None, where
// no other column has such a word: that is the name of a user.
func dropSingleNames(list []Finding) []Finding {
	words := 0
	for _, found := range list {
		if found.Kind == KindNothing {
			words += found.Rows
		}
	}
	return slices.DeleteFunc(list, func(found Finding) bool { return found.Kind == KindNothing && words < 2 })
}

func isUTF8Name(name string) bool {
	switch name {
	case "utf-8", "utf8", "UTF-8", "UTF8":
		return true
	}
	return false
}

// sharedFinding puts the sharing of one kind of value into words.
func sharedFinding(kind string) Finding {
	switch kind {
	case SharedPhone:
		return Finding{Kind: kind, Field: validate.FieldPhoneNumber, Text: "one phone number is in three rows or more. Make sure that these are different customers, and that it is not the number of an office or a placeholder"}
	case SharedWallet:
		return Finding{Kind: kind, Field: validate.FieldWalletAddress, Text: "one wallet address is in three rows or more. Make sure that it is not a placeholder: its owner would get what is meant for all of them"}
	case SharedMailbox:
		return Finding{Kind: kind, Field: validate.FieldEmail, Text: "e-mails that differ only by dots or a plus tag often reach one mailbox. Make sure that these are different customers: each costs a fee"}
	}
	return Finding{Kind: SharedUnknown, Text: "there are more rows than can be compared for shared phone numbers, wallets and mailboxes. The rows from here on were not compared"}
}
