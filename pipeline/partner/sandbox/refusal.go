package sandbox

import (
	"net/http"
	"strings"
	"time"
)

// delay is how much later than usual a fault makes its request take effect.
func (f *Fault) delay() time.Duration {
	if f.spec.acts == actsLate || f.spec.acts == actsGone {
		return f.wait
	}
	return 0
}

// refusal is what a fault that does not act answers; for one that does not
// answer either, a reply without status.
func (f *Fault) refusal(r *http.Request) reply {
	switch f.Name {
	case "500-before", "500-before-free", "list-500":
		return broken(http.StatusInternalServerError)
	case "502-html-before":
		return gateway(http.StatusBadGateway)
	case "503-html-before":
		rep := gateway(http.StatusServiceUnavailable)
		rep.retryAfter = f.form
		return rep
	case "path-gone":
		return f.pathGone()
	case "503-before", "wallet-down":
		rep := refusal(http.StatusServiceUnavailable, ClassUnknown, "SERVICE_UNAVAILABLE", "The service is unavailable")
		rep.retryAfter = f.form
		return rep
	case "408-before":
		return refusal(http.StatusRequestTimeout, ClassUnknown, "REQUEST_TIMEOUT", "The request took too long")
	case "429":
		return busy(f.form)
	case "401":
		return keyRefused("The API key is not valid")
	case "402":
		return noFunds()
	case "403":
		return suspended()
	case "403-html":
		return gateway(http.StatusForbidden)
	case "422":
		return invalid([]fieldError{{"firstName", "must be 1-100 characters"}})
	case "unknown-400", "unknown-400-free":
		return refusal(http.StatusBadRequest, ClassUnclear, f.code, f.text)
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

// reword is what a fault that acted answers instead of what was decided.
func (f *Fault) reword(rep reply) reply {
	switch f.Name {
	case "500-after":
		return broken(http.StatusInternalServerError)
	case "unknown-400-after":
		return refusal(http.StatusBadRequest, ClassUnclear, f.code, f.text)
	case "502-html-after":
		return gateway(http.StatusBadGateway)
	case "503-html-after":
		return gateway(http.StatusServiceUnavailable)
	case "504-html-after":
		return gateway(http.StatusGatewayTimeout)
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
		data.ServiceID = "someone-else-rain-user-" + derive(15, 0, "user", data.ServiceID, 0)
	case "html-201":
		rep.html, rep.text = true, "Created"
	}
	rep.data = data
	return rep
}

// garble changes the bytes of a success.
func (f *Fault) garble(rep reply, body []byte) []byte {
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
