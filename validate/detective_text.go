package validate

// damage words what was found, and says which flag mends it.
func (d *Detective) damage(key damageKey, seen *damaged) Damage {
	out := Damage{Kind: key.kind, Field: key.field, Rows: seen.rows, First: seen.first}
	phone := key.field == fieldPhoneNumber
	switch key.kind {
	case DamageRounded:
		out.Text = "a spreadsheet shows these numbers as 1.41E+10, and their last digits are lost. nothing can bring them back: format the column as text and take the numbers from their source again"
	case DamagePlus:
		if seen.misfit > seen.fit {
			out.Text = "these phone numbers have digits only, and with a + most would be of another country than countryCode: they have lost a leading 0, or have no country code. take the numbers from their source again, or name their country with --phone-region"
			break
		}
		out.Flags = []string{"--phone-plus"}
		out.Text = "these phone numbers have digits only: a spreadsheet dropped their leading +. if all of them are international numbers, --phone-plus takes them as such"
	case DamageCountry:
		if region := seen.region(); region != "" {
			out.Flags = []string{"--phone-region", region}
			out.Text = "these phone numbers have no country code, and countryCode says " + region + " for them. if they are all numbers of that country, --phone-region " + region + " reads them so"
			break
		}
		out.Text = "these phone numbers have no country code. write them with + and country code, or if all are of one country name it with --phone-region"
		if len(seen.countries) > 1 {
			out.Text = "these phone numbers have no country code, and their rows are of several countries. write them with + and country code: --phone-region knows only one country"
		}
	case DamageDecimal:
		out.Text = "a program has read these phone numbers as decimal numbers and added .0. export the column as text"
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
		if d.Encoding != "" && !isUTF8Name(d.Encoding) {
			out.Flags = []string{"--encoding", "utf-8"}
			out.Text = "accented letters came out as two signs each, as if the file were UTF-8 and had been read as " + d.Encoding + ". --encoding utf-8 reads it right if that is so"
			break
		}
		out.Text = "accented letters stand there as two signs each: an earlier program read UTF-8 as windows-1252 and saved that. export the list again from its source, as UTF-8, and send nothing before"
	case DamageLetters:
		out.Text = "letters were lost in an earlier conversion and cannot be restored. export the list again from its source, as UTF-8"
	}
	return out
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
