package sandbox

import (
	"cmp"
	"net/http"
	"strings"
	"time"
)

// isRefusal reports whether the fault keeps the request from acting.
func (f *Fault) isRefusal() bool { return f.Name != "" && f.spec.acts == actsNot }

// actDelay returns how much later than usual the request takes effect.
func (f *Fault) actDelay() time.Duration {
	if f.spec.acts == actsLate || f.spec.acts == actsGone {
		return f.wait
	}
	return 0
}

// faultReplies returns the answers of faults by their names. What a fault adds to
// its own is up to reply.
func faultReplies() map[string]reply {
	serverError := errorReply(http.StatusInternalServerError, ClassUnknown, "INTERNAL_SERVER_ERROR", "An unexpected error occurred")
	unavailable := errorReply(http.StatusServiceUnavailable, ClassUnknown, "SERVICE_UNAVAILABLE", "The service is unavailable")
	unknown := errorReply(http.StatusBadRequest, ClassUnclear, "", "")
	return map[string]reply{
		"500-before":        serverError,
		"500-before-free":   serverError,
		"500-after":         serverError,
		"list-500":          serverError,
		"502-html-before":   gatewayPage(http.StatusBadGateway),
		"502-html-after":    gatewayPage(http.StatusBadGateway),
		"503-html-before":   gatewayPage(http.StatusServiceUnavailable),
		"503-html-after":    gatewayPage(http.StatusServiceUnavailable),
		"504-html-after":    gatewayPage(http.StatusGatewayTimeout),
		"503-before":        unavailable,
		"wallet-down":       unavailable,
		"408-before":        errorReply(http.StatusRequestTimeout, ClassUnknown, "REQUEST_TIMEOUT", "The request took too long"),
		"429":               tooManyRequests(retryForm{}),
		"401":               keyRefused("The API key is not valid"),
		"402":               noFunds(),
		"403":               errorReply(http.StatusForbidden, ClassAuth, "ACCOUNT_SUSPENDED", "The partner account is suspended"),
		"403-html":          gatewayPage(http.StatusForbidden),
		"422":               invalidFields([]fieldError{{"firstName", "must be 1-100 characters"}}),
		"unknown-400":       unknown,
		"unknown-400-free":  unknown,
		"unknown-400-after": unknown,
		"path-gone":         errorReply(http.StatusNotFound, ClassUnknown, "NOT_FOUND", "There is nothing at this path"),
		"redirect":          {status: http.StatusTemporaryRedirect, class: ClassUnknown},
	}
}

// reply returns the answer of a fault that has one of its own, with what its
// value says. A fault that does not answer has a reply without status.
func (f *Fault) reply(r *http.Request) reply {
	rep, isKnown := faultReplies()[f.Name]
	if !isKnown {
		return reply{class: ClassUnknown}
	}
	rep.retryAfter = f.form
	rep.status = cmp.Or(f.status, rep.status)
	switch f.spec.value {
	case valueCode:
		rep.code, rep.text = f.code, f.text
	case valueForm:
		rep = rep.byGateway(f.text)
	case valueRedirect:
		rep.location = cmp.Or(f.text, "http://"+r.Host+r.URL.RequestURI())
	}
	return rep
}

// rewordReply returns what a fault that acted makes of what was decided.
func (f *Fault) rewordReply(rep reply, r *http.Request) reply {
	if own := f.reply(r); own.status != 0 {
		return own
	}
	data, ok := rep.data.(createdData)
	if !ok {
		return rep
	}
	switch f.Name {
	case "no-url":
		data.VerificationURL = nil
	case "null-url":
		data.VerificationURL = (*string)(nil) // not left out, unlike nil
	case "http-url":
		link, _ := data.VerificationURL.(string)
		data.VerificationURL = "http" + strings.TrimPrefix(link, "https")
	case "js-url":
		data.VerificationURL = "javascript:alert(document.domain)"
	case "no-id":
		data.ServiceID = ""
	case "other-id":
		data.ServiceID = "someone-else-rain-user-" + deriveText(15, 0, "user", data.ServiceID, 0)
	case "html-201":
		rep.html, rep.text = true, "Created"
	}
	rep.data = data
	return rep
}

// garbleBody changes the bytes of a success.
func (f *Fault) garbleBody(rep reply, body []byte) []byte {
	if rep.status/100 != 2 {
		return body
	}
	switch f.Name {
	case "empty-201":
		return nil
	case "trunc-201":
		return body[:len(body)/2]
	case "trailing-201":
		return append(body, "\n{\"status\":"...)
	}
	return body
}
