package finance

import "github.com/bulkonboard/bulkonboard/ledger"

// Advice returns what to do about a cause, by its code where that needs advice
// of its own, else by its status. It is never empty.
func Advice(status ledger.Status, code string) string {
	if a := adviceByCode()[code]; a != "" {
		return a
	}
	if a := adviceByStatus()[status]; a != "" {
		return a
	}
	return "See the message of the row."
}

// Operator is whom finance asks for what needs the program.
const operator = "whoever runs the onboarding"

func adviceByStatus() map[ledger.Status]string {
	return map[ledger.Status]string{
		ledger.Created:             "Nothing: the customer exists. Send the verification link on.",
		ledger.LinkMissing:         "The customer exists, but the verification link was lost. Ask " + operator + " for a new one.",
		ledger.Duplicate:           "The partner already had this e-mail. Nothing was charged. Check whether it is the same customer.",
		ledger.DuplicateInInput:    "An earlier row of the list has the same e-mail. Delete this row, or give it its own e-mail if it is another customer.",
		ledger.Invalid:             "Correct the cell in the rejects file and return that file. The message of each row says what is wrong.",
		ledger.Rejected:            "The partner refused the row. Correct it in the rejects file and return that file. If it is right as it is, ask the partner with the code and the time.",
		ledger.InsufficientBalance: "Top up the wallet. These rows are sent by the next run.",
		ledger.InDoubt:             "Sent, but no answer has shown the outcome. The next run finds out whether the customer exists, and sends again only when that is safe.",
		ledger.Pending:             "Not sent yet. The next run sends these rows.",
		ledger.Forgotten:           "Nothing: the customer was erased on request and is not sent again.",
	}
}

// adviceByCode has the codes that need more advice than their status. Partner
// codes are in capitals.
func adviceByCode() map[string]string {
	const (
		fill        = "Fill in the cell. The partner requires it."
		original    = "A spreadsheet program changed the value, and digits may be lost. Take it from the original source, with the column formatted as text."
		publicIP    = "Give the public IP address that the customer registered from, alone in its cell."
		wallet      = "Get the wallet address from its owner again. Do not correct it by hand."
		noCustomer  = "Delete the row. It is no customer."
		undecidable = "A program cannot decide this one. Ask " + operator + " to look the customer up at the partner."
	)
	return map[string]string{
		"details_changed":      "The list differs from what was sent. Nothing was sent again. If the new value is right, have it changed at the partner.",
		"repeats_row":          "Nothing, if it is the same customer: the earlier row counts, with the same details. The row can be deleted.",
		"repeats_row_differs":  "The earlier row counts. Decide which of the two is right, and delete the other. If it is another customer, give this one its own e-mail.",
		"id_known":             "This customer number was onboarded under another e-mail. If it is another customer, correct the number. If it is right, ask " + operator + " to accept the row.",
		"id_repeated":          "Two rows have the same customer number and different e-mails. Correct the row that is wrong.",
		"looks_onboarded":      "The same name and phone number were onboarded under another e-mail. If it is another customer, ask " + operator + " to accept the row.",
		"required":             fill,
		"placeholder":          fill,
		"phone_plus_lost":      "The spreadsheet dropped the plus sign. Write the numbers with + in front. If the whole column is like this, " + operator + " can add it for all rows.",
		"phone_no_country":     "Write the number with + and the country code. If all numbers are of one country, " + operator + " can add it for all rows.",
		"excel_rounded":        original,
		"excel_date":           original,
		"excel_decimal":        original,
		"foreign_notation":     "The value is written as another program writes it. Export the list again as plain text, or type the value.",
		"other_field":          "The cell holds what belongs in another column. Check whether the cells of the row are shifted.",
		"excel_error":          "The cell shows a spreadsheet error. Repair the formula, or write the value itself.",
		"cell_error":           "The cell shows a spreadsheet error. Repair the formula, or write the value itself.",
		"bad_encoding":         "A letter was lost when the list was saved or converted. Type it again.",
		"terms_not_accepted":   "The customer must have accepted the terms of service. Obtain that; do not just fill in the cell.",
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
		"USER_BLACKLISTED":     "The partner does not accept this customer. Only the partner can say why.",
		"INVALID_PROGRAM":      "The partner does not offer this program to your account. Correct the column, or ask the partner.",
		"created_in_gap":       undecidable,
		"answer_mixed_up":      "The partner mixed up its answers for two customers. Do not use either link. " + undecidable,
		"other_account":        "The customer was created in another partner account. Ask " + operator + " before you send the link on.",
		"email_differs":        "The partner lists this customer under another e-mail, so the link is left out. Ask the partner whose customer it is.",
		"user_deleted":         "The partner lists this customer as deleted. Ask the partner why.",
		"user_unlisted":        "The partner does not list this customer a day after its creation. Ask the partner whether it exists.",
		"created_at_unproved":  undecidable,
		"absence_unproved":     undecidable,
		"similar_user_listed":  "The partner lists a customer with nearly the same e-mail, or with the same name. " + undecidable,
		"two_users_listed":     undecidable,
		"service_id_taken":     undecidable,
		"created_after_window": undecidable,
		"key_used_unexplained": undecidable,
		"duplicate_not_listed": undecidable,
		"no_partner_time":      undecidable,
		"too_many_unanswered":  undecidable,
	}
}
