package messages

import "maps"

// English returns the English catalogue. Building it takes a moment: keep it where
// many rows are worded.
func English() *Catalogue {
	codes := cellCodes()
	for _, more := range []map[string]Message{contactCodes(), warningCodes(), readerCodes(), outcomeCodes(), partnerCodes()} {
		maps.Copy(codes, more)
	}
	return &Catalogue{Statuses: statuses(), Codes: codes, Columns: columnFindings(), Stops: stopReasons(), Exits: exitCodes(), Requests: requestCodes()}
}

// Advice that several codes share.
const (
	copyAgain        = "Format the column as text, then copy the values from their source again."
	copyColumnAgain  = "Format " + Column + " as text, then copy the values from their source again."
	typeAgain        = "Type the value again instead of pasting it."
	typeColumnAgain  = "Type the value of " + Column + " again instead of pasting it."
	formulaError     = "Correct the formula, or enter the value itself."
	customersIP      = "Enter the public IP address that the customer registered from, and nothing else."
	walletAgain      = "Ask the customer for the wallet address again. Do not correct it by hand."
	withCountryCode  = "Write the number with + and the country code."
	deleteRow        = "Delete the row."
	exportAgain      = "Export the list again from its source, as UTF-8."
	isoDate          = "Write the date as YYYY-MM-DD."
	noAction         = "No action is needed."
	resolveByHand    = "Look the customer up in the partner's dashboard, then record what you found with bulkonboard ledger resolve."
	askToLookUp      = "This cannot be decided automatically. Ask whoever runs the onboarding to look the customer up at the partner."
	retryOrResolve   = "Run the same command again once more customers are onboarded. Or look the customer up and record it with bulkonboard ledger resolve."
	sameCommandAgain = "Run the same command again."
)

// statuses returns the messages about the statuses of rows.
func statuses() map[string]Message {
	return map[string]Message{
		"created": {"created",
			"The customer was created, and the verification link is known.",
			"Send the verification link to the customer.",
			"Send the verification link to the customer."},
		"link_missing": {"link missing",
			"The customer was created, but the verification link was lost.",
			"Get a new link with bulkonboard links recover.",
			"Ask whoever runs the onboarding for a new verification link."},
		"duplicate": {"duplicate",
			"The partner already had a customer with this e-mail. Nothing was charged.",
			"Check whether it is the same customer.",
			"Check whether it is the same customer."},
		"duplicate_in_input": {"duplicate in input",
			"An earlier row of the same list has this e-mail.",
			"Delete this row. If it is another customer, give it its own e-mail.",
			"Delete this row. If it is another customer, give it its own e-mail."},
		"invalid": {"invalid",
			"The row breaks a rule or is held, so it was not sent.",
			"Correct the cells in the rejects file, then run that file. The message of each row says what is wrong.",
			"Correct the cells in the rejects file, then return that file. The message of each row says what is wrong."},
		"rejected": {"rejected",
			"The partner refused the row.",
			"Correct it in the rejects file, then run that file. If the row is right, ask the partner: give the code and the time.",
			"Correct it in the rejects file, then return that file. If the row is right, ask the partner: give the code and the time."},
		"insufficient_balance": {"insufficient balance",
			"The wallet could not pay for the customer.",
			"Top up the wallet, then run the same command again.",
			"Top up the wallet. The next run sends these rows."},
		"in_doubt": {"in doubt",
			"The row was sent, but the outcome is not known yet.",
			"Run the same command again. It looks the customer up, and sends again only if that is safe.",
			"Wait for the next run. It looks the customer up, and sends again only if that is safe."},
		"pending": {"pending",
			"The row has not been sent yet.",
			sameCommandAgain,
			"Wait for the next run, which sends these rows."},
		"forgotten": {"forgotten",
			"The customer was erased on request and is not sent again.",
			"No action is needed. bulkonboard ledger readmit lets the customer be sent again.",
			noAction},
	}
}

// stopReasons returns the messages about why a run stopped.
func stopReasons() map[string]Message {
	return map[string]Message{
		"limit": {"the row limit",
			"The run reached --limit.",
			"Check the report, then run again with a higher --limit or without it.",
			"Only some of the rows were sent, as planned. The next run sends the others."},
		"max_new": {"too many new rows",
			"The list has more new rows than --max-new allows, so nothing was sent.",
			"Check that this is the right list, then raise --max-new.",
			"Check that this is the right list. It has more new customers than expected."},
		"max_invalid": {"too many invalid rows",
			"The list has more invalid rows than --max-invalid allows, so nothing was sent.",
			"Check that this is the right list, and its columns. If they are right, raise --max-invalid, or answer on a terminal.",
			"Check that this is the right list, and its columns. More rows than expected need a correction."},
		"max_errors": {"too many refusals",
			"The partner refused as many rows as --max-errors allows.",
			"Look at the causes in the report, correct the rows, then run again.",
			"Look at the causes in the report and correct the rows."},
		"max_duration": {"the time limit",
			"The run reached --max-duration.",
			sameCommandAgain,
			"The time for this run was over. The next run sends the other rows."},
		"low_balance": {"the wallet balance",
			"The wallet cannot pay for another customer.",
			"Top up the wallet, then run the same command again.",
			"Top up the wallet. The next run sends the other rows."},
		"refused": {"a refused key or account",
			"The partner refuses the API key or the account, or the account is not this ledger's.",
			"Check the key and the account, then run the same command again.",
			"The partner refuses access. Ask whoever runs the onboarding."},
		"partner_down": {"an outage of the partner",
			"The partner API did not answer as it should for longer than --patience.",
			"Run the same command again when the partner is available.",
			"The partner was not available. The next run sends the other rows."},
		"interrupted": {"an interruption",
			"A signal interrupted the run.",
			"Run the same command again to continue.",
			"The run was interrupted. The next run sends the other rows."},
		"ledger": {"a storage failure",
			"The ledger could not be read or written.",
			"Free or repair the disk, then run the same command again.",
			"Results could not be saved. Ask whoever runs the onboarding."},
		"input": {"unusable input",
			"The input could not be read, or it changed during the run.",
			"Correct the input, then run the same command again.",
			"The list could not be read, or it changed during the run. Send a final version."},
		"fault": {"an unexpected failure",
			"The program failed unexpectedly.",
			"Report the failure with the log, then run the same command again.",
			"The program failed. Ask whoever runs the onboarding."},
		"declined": {"a declined confirmation",
			"The operator did not confirm the run, so nothing was sent.",
			"Run the same command again and confirm it.",
			"The run was not confirmed, so nothing was sent."},
	}
}

// exitCodes returns the messages about exit codes. The title is the last thing that
// an operator reads about a run.
func exitCodes() map[string]Message {
	const interrupted = "The run was interrupted or terminated. The same command continues it."
	askOperator := "Ask whoever runs the onboarding."
	return map[string]Message{
		"0": {"done",
			"Nothing new to review: every row is onboarded or was reported before.",
			noAction, noAction},
		"1": {"failed; everything sent is recorded",
			"An unexpected failure, or a report could not be written. The ledger is intact.",
			"Write the report with bulkonboard report. Run the same command again to continue.",
			askOperator},
		"2": {"nothing was sent",
			"The command line, the configuration or an input file is not usable. Nothing was sent.",
			"Correct what the error names, then run the command again.",
			askOperator},
		"3": {"finished; some rows need a review",
			"The run finished, and some rows need a review: they are in doubt, or have a problem that no finished run has reported yet.",
			"Review the rows in the report. Correct them in the rejects file, then run that file.",
			"Review the rows in the report, and correct them in the rejects file."},
		"4": {"top up the wallet first",
			"The wallet cannot pay for the rows to send.",
			"Top up the wallet, then run the same command again.",
			"Top up the wallet."},
		"5": {"the partner refuses the key or the account: correct that first",
			"The partner refuses the key, or the account is suspended (HTTP 401 or 403).",
			"Check the key and the account with the partner, then run the same command again.",
			askOperator},
		"6": {"the partner API is not answering as it should: try again later",
			"The partner API is not answering as it should, or rows are still pending after all attempts.",
			"Read the last error: no answer, certificate, redirect or a long Retry-After. Then run the same command again.",
			"The partner is not available. Try again later."},
		"7": {"refused",
			"The ledger is missing, in use by another run, from another version, or of another environment or account. Or the plan is not approved, expired, used, or no longer what was approved.",
			"Correct what the error names, or wait for the other run.",
			askOperator},
		"8": {"stopped at your limit",
			"The run stopped at --limit or --max-duration. Nothing is wrong, but rows may be left.",
			"Run the same command again to continue.",
			"Only some of the rows were sent, as planned."},
		"9": {"the ledger cannot be used; nothing is sent until it can",
			"The ledger is damaged or cannot be written.",
			"Free or repair the disk, then run the same command again. bulkonboard ledger verify checks the ledger.",
			askOperator},
		"10": {"a guard stopped the run: look at the input before you continue",
			"A guard stopped the run: --max-new, --max-invalid or --max-errors. Nothing more was sent.",
			"Look at the input. If it is right, raise the guard.",
			"Check that this is the right list."},
		"130": {"stopped by a signal", interrupted, "Run the same command again to continue.", askOperator},
		"143": {"stopped by a signal", interrupted, "Run the same command again to continue.", askOperator},
	}
}
