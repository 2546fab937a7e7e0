package report

import "github.com/bulkonboard/bulkonboard/ledger"

// Advice returns what to do about a cause, in a sentence or two: by its code
// where that needs advice of its own, else by its status. It is never empty,
// and has no personal data.
func Advice(status ledger.Status, code string) string {
	if a := adviceByCode()[code]; a != "" {
		return a
	}
	if a := adviceByStatus()[status]; a != "" {
		return a
	}
	return "See the message of the row."
}

func adviceByStatus() map[ledger.Status]string {
	return map[ledger.Status]string{
		ledger.Created:             "Nothing: the customer exists. Send the verification link on.",
		ledger.LinkMissing:         "The customer exists, the verification link was lost. The command \"bulkonboard links recover\" gets a new one.",
		ledger.Duplicate:           "The partner already has this e-mail, and not from this ledger. Nothing was charged. Check whether it is the same person.",
		ledger.DuplicateInInput:    "The e-mail stands in an earlier row of the same input. Delete this row, or give it its own e-mail if it is another person.",
		ledger.Invalid:             "Correct the cell in the rejects file and run that file. The message of each row says what is wrong.",
		ledger.Rejected:            "The partner refused the row for good. Correct it in the rejects file and run that file. If it is right as it is, ask the partner with the code and the time.",
		ledger.InsufficientBalance: "Top up the wallet, then run the same command again. These rows are sent then.",
		ledger.InDoubt:             "Sent, but no answer told the outcome. Run the same command again. It looks up whether the customer exists, and sends again only when that is safe.",
		ledger.Pending:             "Not sent yet. Run the same command again.",
		ledger.Forgotten:           "Nothing: the person was erased on request and is not sent again. The command \"bulkonboard ledger readmit\" takes that back.",
	}
}

// adviceByCode has the codes that need more advice than their status. Partner
// codes are in capitals.
func adviceByCode() map[string]string {
	const (
		fill        = "Fill in the cell. The partner requires this field. Some fields can be given for all rows with --default."
		original    = "A spreadsheet program changed the value, and digits may be lost. Take it from the original source, with the column formatted as text."
		publicIP    = "Give the public IP address that the user registered from, alone in its cell."
		wallet      = "Get the wallet address from its owner again. Do not correct it by hand."
		noCustomer  = "Delete the row. It is no customer."
		tooFew      = "Too few users are known by which the partner's list could be judged, or it shows them differently. Run the same command again once more customers were onboarded, or look the customer up at the partner and use \"bulkonboard ledger resolve\"."
		undecidable = "A program cannot decide this one. Look the customer up at the partner, then enter what you found with \"bulkonboard ledger resolve\"."
	)
	return map[string]string{
		"details_changed":      "The input differs from what was sent. Nothing was sent again. If the new value is right, change it at the partner.",
		"repeats_row":          "Nothing, if it is the same customer: the earlier row counts, with the same details. The row can be deleted.",
		"repeats_row_differs":  "The earlier row counts. Decide which of the two is right, and delete the other. If it is another customer, give this one its own e-mail.",
		"id_known":             "This customer number was onboarded under another e-mail. If it is another customer, correct the number. If it is right, run with --accept id_known.",
		"looks_onboarded":      "The same name and phone number were onboarded under another e-mail. If it is another customer, run with --accept looks_onboarded.",
		"required":             fill,
		"placeholder":          fill,
		"phone_plus_lost":      "The spreadsheet dropped the plus sign. Check a few numbers. The command \"bulkonboard validate\" proposes --phone-plus where it is safe for the whole list.",
		"phone_no_country":     "Write the number with + and the country code. The command \"bulkonboard validate\" proposes --phone-region where all of them are of one country.",
		"excel_rounded":        original,
		"excel_date":           original,
		"excel_decimal":        original,
		"foreign_notation":     "The value is written as another format writes it. Export the list again as plain text, or type the value.",
		"other_field":          "The cell holds what belongs in another column. Check whether the cells of the row are shifted.",
		"excel_error":          "The cell shows a spreadsheet error. Repair the formula, or write the value itself.",
		"bad_encoding":         "The file was saved in another encoding. Save it as UTF-8, or name the encoding with --encoding.",
		"terms_not_accepted":   "The user must have accepted the terms of service. Obtain that; do not just fill in the cell.",
		"country_sanctioned":   "Customers of this country cannot be onboarded. Have your compliance department look at the row.",
		"ip_not_public":        publicIP,
		"ip_format":            publicIP,
		"wallet_checksum":      wallet,
		"wallet_format":        wallet,
		"wallet_zero":          wallet,
		"too_long":             "Shorten the value to what the message says.",
		"example_row":          noCustomer,
		"header_repeated":      noCustomer,
		"no_customer":          noCustomer,
		"USER_BLACKLISTED":     "The partner does not accept this person. Only the partner can say why.",
		"INVALID_PROGRAM":      "The partner does not offer this program to your account. Correct the column, or ask the partner.",
		"created_in_gap":       "The user was created in the time that a restored ledger lacks. Take over reports of that time with \"bulkonboard ledger import\", or run with --gap ours, which decides where names and times agree. Else look the customer up at the partner and use \"bulkonboard ledger resolve\".",
		"answer_mixed_up":      "The partner mixed up its answers for two customers. A link that may be another customer's is left out of the reports. Ask the partner which user is whose, then enter it with \"bulkonboard ledger resolve\". Where only the link is missing, \"bulkonboard links recover\" gets a new one.",
		"other_account":        "The user was created in another partner account, because the API key belongs to it. Use the right key. \"bulkonboard ledger resolve\" keeps the user or sends the customer again. If the partner renamed your account: \"bulkonboard ledger rebind --account\".",
		"email_differs":        "The partner lists this user under another e-mail. Its link is left out of the reports. Ask the partner whose user it is.",
		"user_deleted":         "The partner lists this user as deleted. Ask the partner why.",
		"user_unlisted":        "The partner does not list this user a day after its creation. Ask the partner whether it exists.",
		"created_at_unproved":  tooFew,
		"absence_unproved":     tooFew,
		"similar_user_listed":  "The partner lists a user with nearly the same e-mail, or with the same name. Look it up, then enter what you found with \"bulkonboard ledger resolve\".",
		"two_users_listed":     undecidable,
		"service_id_taken":     undecidable,
		"created_after_window": undecidable,
		"key_used_unexplained": undecidable,
		"duplicate_not_listed": undecidable,
		"no_partner_time":      undecidable,
		"too_many_unanswered":  undecidable,
	}
}
