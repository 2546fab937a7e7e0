package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"time"
)

// reply is what the partner has decided to say. How it is said, or whether it
// arrives, is up to the faults.
type reply struct {
	status     int
	class      string // what the answer means; see Post.Class
	code       string // errors: the code in the envelope
	text       string // the message
	data       any    // successes
	fields     []fieldError
	html       bool
	bare       *bare         // instead of the envelope; nil: the envelope
	age        time.Duration // since the answer was put into a cache
	location   string
	retryAfter retryForm

	id string // the user that was created
}

type fieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// The shapes are those of the vendor's pages.
type envelope struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	Data    any    `json:"data"`
}

type errorData struct {
	Error  string       `json:"error"`
	Errors []fieldError `json:"errors,omitempty"`
}

type createdData struct {
	ServiceID       string `json:"serviceId,omitempty"`
	VerificationURL any    `json:"verificationUrl,omitempty"`
}

// Classes of answers, in Post.Class and Counters.Classes.
const (
	ClassOK      = "OK"
	ClassKeyUsed = "KEY_USED"
	ClassDupUser = "DUP_USER"
	ClassReject  = "REJECT"
	ClassUnclear = "UNCLEAR"
	ClassBusy    = "BUSY"
	ClassFunds   = "FUNDS"
	ClassAuth    = "AUTH"
	ClassUnknown = "UNKNOWN" // an error that proves nothing, or none at all
)

func successReply(status int, message string, data any) reply {
	return reply{status: status, class: ClassOK, text: message, data: data}
}

func errorReply(status int, class, code, text string) reply {
	return reply{status: status, class: class, code: code, text: text}
}

func noFunds() reply {
	return errorReply(http.StatusPaymentRequired, ClassFunds, "INSUFFICIENT_WALLET_BALANCE", "Insufficient balance: the wallet cannot pay the KYC fee")
}

func tooManyRequests(form retryForm) reply {
	r := errorReply(http.StatusTooManyRequests, ClassBusy, "TOO_MANY_REQUESTS", "Too many requests")
	r.retryAfter = form
	return r
}

func keyRefused(text string) reply {
	return errorReply(http.StatusUnauthorized, ClassAuth, "UNAUTHORIZED", text)
}

func invalidFields(fields []fieldError) reply {
	r := errorReply(http.StatusUnprocessableEntity, ClassReject, "VALIDATION_ERROR", "Request body validation failed")
	r.fields = fields
	return r
}

func gatewayPage(status int) reply {
	return reply{status: status, class: ClassUnknown, html: true, text: http.StatusText(status)}
}

func notFound(text string) reply {
	return errorReply(http.StatusNotFound, ClassReject, "NOT_FOUND", text)
}

// keyUsed says that an idempotency key is known, in the words chosen.
func keyUsed(c chosen) reply {
	f := c.faultNamed(faultKeyUsedText)
	return errorReply(http.StatusBadRequest, ClassKeyUsed, cmp.Or(f.code, "IDEMPOTENCY_KEY_ALREADY_USED"), cmp.Or(f.text, "This idempotency key was already used"))
}

// renderBody renders the reply: its content type and its bytes.
func (r reply) renderBody(c chosen) (string, []byte, error) {
	switch {
	case r.bare != nil:
		return r.bare.contentType, r.bare.body, nil
	case r.html:
		return "text/html", []byte("<html>\r\n<head><title>" + r.text + "</title></head>\r\n<body>\r\n<center><h1>" +
			r.text + "</h1></center>\r\n<hr><center>gateway</center>\r\n</body>\r\n</html>\r\n"), nil
	case r.status/100 == 3:
		return "", nil, nil
	case r.status/100 == 2:
		body, err := json.Marshal(envelope{"success", r.text, r.data})
		return jsonType, body, err
	case c.hasFault(faultEmptyBodies):
		return "", nil, nil
	case c.hasFault(faultPlainBodies):
		// The vendor's create-user page, which shows no bodies, has these words.
		words := map[string]string{ClassDupUser: "Duplicate user", ClassFunds: "Insufficient balance"}
		return "text/plain; charset=utf-8", []byte(cmp.Or(words[r.class], r.text)), nil
	default:
		body, err := json.Marshal(envelope{"error", r.code, errorData{r.text, r.fields}})
		return jsonType, body, err
	}
}
