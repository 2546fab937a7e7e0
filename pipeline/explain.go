package pipeline

import (
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
)

// explainStatus gives field, code and message for the report. Nothing that the
// partner wrote but its code and field names is repeated.
func explainStatus(s ledger.Status, a *answered) (field, code, message string) {
	switch s {
	case ledger.Duplicate:
		return "email", orElse(a.answer.Code, "DUP_USER"), "the partner has a user with this e-mail, and this ledger has not sent it"
	case ledger.Rejected:
		return strings.Join(a.answer.Fields, " "), orElse(a.answer.Code, "refused"), "the partner refused this row. Correct it and run again"
	case ledger.InsufficientBalance:
		return "", orElse(a.answer.Code, "INSUFFICIENT_WALLET_BALANCE"), "the wallet could not pay the fee. Top it up and run again"
	case ledger.InDoubt:
		return "", decide.CodeOutstanding, "sent, but no answer tells what came of it (" + doubtCause(a) + "). Run again to settle it"
	default:
		return "", "", ""
	}
}

func doubtCause(a *answered) string {
	switch {
	case a.class == ledger.KeyUsed:
		return "its idempotency key was used before"
	case a.class == ledger.DupUser:
		return "its e-mail is known, perhaps through an earlier attempt of ours"
	case a.answer.Cause != "":
		return a.answer.Cause
	case a.answer.HTTPStatus != 0:
		return "HTTP " + strconv.Itoa(a.answer.HTTPStatus)
	default:
		return string(a.class)
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
