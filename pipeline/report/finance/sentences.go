package finance

// sentences returns the codes whose message for operators does not serve other
// readers, with the sentence for these.
func sentences() map[string]string {
	const decide = "A program cannot decide this one. Ask whoever runs the onboarding to look the customer up at the partner."
	return map[string]string{
		"phone_no_country":     "The phone number has no country code. Write it with + and the country code, such as +44 20 7946 0018.",
		"terms_not_accepted":   "This cell does not say that the customer accepted the terms of service. Write TRUE if the customer has accepted them. Otherwise take the row out.",
		"example_row":          "This is the example row of the template. Delete the row.",
		"program_unknown":      "The partner has no such program. Write custodial or non_custodial.",
		"wallet_checksum":      "A character of this wallet address is wrong. Copy the address again from the wallet.",
		"formula":              "This cell is a formula. Type its value.",
		"id_known":             "A customer with this number was onboarded under another e-mail. If this is another customer, correct the number. If the number is right, ask whoever runs the onboarding to accept the row.",
		"looks_onboarded":      "A customer with this name and phone number was onboarded under another e-mail. If this is another customer, ask whoever runs the onboarding to accept the row. Otherwise delete it.",
		"outcome_unknown":      "Sent, but no answer has shown yet whether the customer was created. The next run finds out.",
		"link_lost":            "The customer was created, but the verification link was lost. Ask whoever runs the onboarding for a new one.",
		"details_changed":      "The list differs here from what was sent. Nothing was sent again.",
		"being_recreated":      "The customer is being created again, because the verification link was lost. The next run goes on with it.",
		"created_at_unproved":  decide,
		"absence_unproved":     decide,
		"similar_user_listed":  decide,
		"two_users_listed":     decide,
		"service_id_taken":     decide,
		"created_after_window": decide,
		"key_used_unexplained": decide,
		"duplicate_not_listed": decide,
		"no_partner_time":      decide,
		"too_many_unanswered":  decide,
		"created_in_gap":       decide,
		"answer_mixed_up":      decide,
		"other_account":        decide,
		"email_differs":        decide,
		"user_deleted":         decide,
		"user_unlisted":        decide,
	}
}

// meanings returns what codes mean where the words for operators do not serve
// other readers.
func meanings() map[string]string {
	return map[string]string{
		"phone_no_country":   "The phone number has no country code.",
		"phone_plus_lost":    "The phone number has lost its leading +, which Excel drops.",
		"phone_invalid":      "No such phone number exists in its country.",
		"terms_not_accepted": "The terms of service are not accepted.",
		"country_unknown":    "The country is not a two-letter country code.",
		"program_unknown":    "The partner has no such program.",
		"postal_short":       "The postal code seems to have lost its leading zero.",
		"formula":            "The cell is a formula where a value is needed.",
		"wallet_checksum":    "A character of the wallet address is wrong.",
		"bad_encoding":       "A letter was lost when the list was saved or converted.",
		"double_encoded":     "The letters look garbled, as after a wrong conversion.",
		"shares_email":       "Another row has the same e-mail.",
	}
}
