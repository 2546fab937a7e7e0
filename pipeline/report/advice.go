package report

import "github.com/bulkonboard/bulkonboard/ledger"

// Advice says what a person is to do about a cause, in a sentence or two: by
// its code where the code asks for something of its own, else by its status.
// It is never empty, and never names a person.
func Advice(status ledger.Status, code string) string {
	if a := adviceByCode(code); a != "" {
		return a
	}
	switch status {
	case ledger.Created:
		return "Nothing: the customer exists. Send the verification link on."
	case ledger.LinkMissing:
		return "The customer exists, the verification link was lost. The command \"bulkonboard links recover\" gets a new one."
	case ledger.Duplicate:
		return "The partner already has this e-mail, and not from this ledger. Nothing was charged. Check whether it is the same person."
	case ledger.DuplicateInInput:
		return "The e-mail stands in an earlier row of the same input. Delete this row, or give it its own e-mail if it is another person."
	case ledger.Invalid:
		return "Correct the cell in the rejects file and run that file. The message of each row says what is wrong."
	case ledger.Rejected:
		return "The partner refused the row for good. Correct it in the rejects file and run that file. If it is right as it is, ask the partner with the code and the time."
	case ledger.InsufficientBalance:
		return "Top up the wallet, then run the same command again. These rows are sent then."
	case ledger.InDoubt:
		return "Sent, but no answer told the outcome. Run the same command again. It looks up whether the customer exists, and sends again only when that is safe."
	case ledger.Pending:
		return "Not sent yet. Run the same command again."
	case ledger.Forgotten:
		return "Nothing: the person was erased on request and is not sent again. The command \"bulkonboard ledger readmit\" takes that back."
	}
	return "See the message of the row."
}

// adviceByCode is "" for codes that ask for no more than their status does.
// Partner codes are in capitals.
func adviceByCode(code string) string {
	switch code {
	case "details_changed":
		return "The input differs from what was sent. Nothing was sent again. If the new value is right, change it at the partner."
	case "repeats_row":
		return "Nothing, if it is the same person: the earlier row counts, and says the same. The row can be deleted."
	case "repeats_row_differs":
		return "The earlier row counts. Decide which of the two is right, and delete the other, or give this one its own e-mail if it is another person."
	case "id_known":
		return "This customer number was onboarded under another e-mail. If it is another person, correct the number. If it is meant, run with --accept id_known."
	case "looks_onboarded":
		return "The same name and phone number were onboarded under another e-mail. If it is another person, run with --accept looks_onboarded."
	case "required", "placeholder":
		return "Fill in the cell. The partner requires this field. Some fields can be given for all rows with --default."
	case "phone_plus_lost":
		return "The spreadsheet dropped the plus sign. Check a few numbers. The command \"bulkonboard validate\" proposes --phone-plus where it is safe for the whole list."
	case "phone_no_country":
		return "Write the number with + and the country code. The command \"bulkonboard validate\" proposes --phone-region where all of them are of one country."
	case "excel_rounded", "excel_date", "excel_decimal":
		return "A spreadsheet program changed the value, and digits may be lost. Take it from the original source, with the column formatted as text."
	case "foreign_notation":
		return "The value is written as another format writes it. Export the list again as plain text, or type the value."
	case "other_field":
		return "The cell holds what belongs in another column. Check whether the cells of the row are shifted."
	case "excel_error":
		return "The cell shows a spreadsheet error. Repair the formula, or write the value itself."
	case "bad_encoding":
		return "The file was saved in another encoding. Save it as UTF-8, or name the encoding with --encoding."
	case "terms_not_accepted":
		return "The user must have accepted the terms of service. Obtain that; do not just fill in the cell."
	case "country_sanctioned":
		return "Customers of this country cannot be onboarded. Have your compliance department look at the row."
	case "ip_not_public", "ip_format":
		return "Give the public IP address that the user registered from, alone in its cell."
	case "wallet_checksum", "wallet_format", "wallet_zero":
		return "Take the wallet address anew from its owner. Do not correct it by hand."
	case "too_long":
		return "Shorten the value to what the message says."
	case "example_row", "header_repeated", "no_customer":
		return "Delete the row. It is no customer."
	case "USER_BLACKLISTED":
		return "The partner does not accept this person. Only the partner can say why."
	case "INVALID_PROGRAM":
		return "The partner does not offer this program to your account. Correct the column, or ask the partner."
	case "created_in_gap":
		return "The user was created in the time that a restored ledger lacks. Take over reports of that time with \"bulkonboard ledger import\", or run with --gap ours, which decides where names and times agree. Else look the customer up at the partner and use \"bulkonboard ledger resolve\"."
	case "answer_mixed_up":
		return "The partner mixed up its answers for two customers. A link that may be another customer's is left out of the reports. Ask the partner which user is whose, then enter it with \"bulkonboard ledger resolve\". Where only the link is missing, \"bulkonboard links recover\" gets a new one."
	case "other_account":
		return "The user was created in another partner account, because the API key belongs to it. Use the right key. \"bulkonboard ledger resolve\" keeps the user or sends the customer again. If the partner renamed your account: \"bulkonboard ledger rebind --account\"."
	case "email_differs":
		return "The partner lists this user under another e-mail. Its link is left out of the reports. Ask the partner whose user it is."
	case "user_deleted":
		return "The partner lists this user as deleted. Ask the partner why."
	case "user_unlisted":
		return "The partner does not list this user a day after its creation. Ask the partner whether it exists."
	case "created_at_unproved", "absence_unproved":
		return "Too few users are known by which the partner's list could be judged, or it shows them differently. Run the same command again once more customers were onboarded, or look the customer up at the partner and use \"bulkonboard ledger resolve\"."
	case "similar_user_listed":
		return "The partner lists a user with nearly the same e-mail, or with the same name. Look it up, then enter what you found with \"bulkonboard ledger resolve\"."
	case "two_users_listed", "service_id_taken", "created_after_window", "key_used_unexplained",
		"duplicate_not_listed", "no_partner_time", "too_many_unanswered":
		return "A program cannot decide this one. Look the customer up at the partner, then enter what you found with \"bulkonboard ledger resolve\"."
	}
	return ""
}

// statusMeaning is one line on a status.
func statusMeaning(s ledger.Status) string {
	switch s {
	case ledger.Created:
		return "onboarded, with verification link"
	case ledger.LinkMissing:
		return "onboarded, but the verification link was lost"
	case ledger.Duplicate:
		return "the partner had this e-mail before"
	case ledger.DuplicateInInput:
		return "same e-mail as an earlier row of this input"
	case ledger.Invalid:
		return "breaks a field rule or is held, not sent"
	case ledger.Rejected:
		return "refused by the partner"
	case ledger.InsufficientBalance:
		return "the wallet could not pay, sent again by the next run"
	case ledger.InDoubt:
		return "sent, outcome not yet known"
	case ledger.Pending:
		return "not sent yet"
	case ledger.Forgotten:
		return "erased on request, not sent"
	}
	return ""
}
