package sandbox

import (
	"net/http"
	"strings"
	"time"
)

// actDelay returns how much later than usual the request takes effect.
func (f *Fault) actDelay() time.Duration {
	if f.spec.acts == actsLate || f.spec.acts == actsGone {
		return f.wait
	}
	return 0
}

// refusalReply returns the answer of a fault that does not act: a reply without
// status where the fault does not answer either.
func (f *Fault) refusalReply(r *http.Request) reply {
	switch f.Name {
	case "500-before", "500-before-free", "list-500":
		return serverError(http.StatusInternalServerError)
	case "502-html-before":
		return gatewayPage(http.StatusBadGateway)
	case "503-html-before":
		rep := gatewayPage(http.StatusServiceUnavailable)
		rep.retryAfter = f.form
		return rep
	case "path-gone":
		return f.pathGone()
	case "503-before", "wallet-down":
		rep := errorReply(http.StatusServiceUnavailable, ClassUnknown, "SERVICE_UNAVAILABLE", "The service is unavailable")
		rep.retryAfter = f.form
		return rep
	case "408-before":
		return errorReply(http.StatusRequestTimeout, ClassUnknown, "REQUEST_TIMEOUT", "The request took too long")
	case "429":
		return tooManyRequests(f.form)
	case "401":
		return keyRefused("The API key is not valid")
	case "402":
		return noFunds()
	case "403":
		return accountSuspended()
	case "403-html":
		return gatewayPage(http.StatusForbidden)
	case "422":
		return invalidFields([]fieldError{{"firstName", "must be 1-100 characters"}})
	case "unknown-400", "unknown-400-free":
		return errorReply(http.StatusBadRequest, ClassUnclear, f.code, f.text)
	case "redirect":
		target := f.text
		if target == "" {
			target = "http://" + r.Host + r.URL.RequestURI()
		}
		return reply{status: f.status, class: ClassUnknown, location: target}
	default:
		return reply{class: ClassUnknown}
	}
}

// pathGone answers for a path that is not there any more.
func (f *Fault) pathGone() reply {
	rep := notFound("There is nothing at this path")
	if f.status != 0 {
		rep.status = f.status
	}
	rep.class = ClassUnknown
	return rep.byGateway(f.text)
}

// rewordReply returns the answer of a fault that acted, instead of what was
// decided.
func (f *Fault) rewordReply(rep reply) reply {
	switch f.Name {
	case "500-after":
		return serverError(http.StatusInternalServerError)
	case "unknown-400-after":
		return errorReply(http.StatusBadRequest, ClassUnclear, f.code, f.text)
	case "502-html-after":
		return gatewayPage(http.StatusBadGateway)
	case "503-html-after":
		return gatewayPage(http.StatusServiceUnavailable)
	case "504-html-after":
		return gatewayPage(http.StatusGatewayTimeout)
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
