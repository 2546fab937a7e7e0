package partner

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// The one table that turns an answer into a Class. The partner documents little, so the
// order is: its code, then what its text plainly says, then the fields that it names in a
// known form (problems.go), then the status. If these leave any doubt it is Unknown.
//
//	status         code, text or fields say         else
//	2xx            whole, valid, success: OK        OKBroken
//	3xx            -                                Unknown, Redirected
//	400            key, duplicate, funds, refused   any JSON object or list: Unclear; else Unknown
//	409            key, duplicate, funds, refused   Unknown
//	402            code: key, duplicate, refused    envelope, empty or text of funds: Funds; else Unknown
//	401, 403       code: key, funds, refused        envelope, empty, a refusal in JSON, text of credentials: Auth;
//	                                                else Unknown, Blocked
//	404, 405,
//	410, 415       -                                Unknown; of create-user also PathGone
//	422            key, duplicate, funds            Reject
//	429            in an envelope: key              envelope: Busy; else Throttled, HTML too
//	any other      -                                Unknown
//
// Above all of these but 2xx and 3xx: a page of HTML but for 429, or a body that
// speaks of success under a 4xx, is Unknown.

// verdict is the part of an Answer that the body and status decide.
type verdict struct {
	class     ledger.Class
	cause     string
	stopCause StopCause
}

// judgeStatus looks up the table for an answer that is not 2xx. fields are those of
// the request.
func judgeStatus(status int, m message, fields fieldTable) verdict {
	v := verdict{class: ledger.Unknown, cause: CauseStatus}
	switch {
	case status >= 300 && status <= 399:
		return verdict{ledger.Unknown, CauseRedirect, Redirected}
	case status >= 500 && status <= 599:
		return verdict{class: ledger.Unknown, cause: CauseServer}
	case m.form == html && status != http.StatusTooManyRequests:
		v.cause = CauseHTML
	case m.form == contrary:
		v.cause = CauseBody
	default:
		v.class = judge4xx(status, m, fields)
	}
	switch {
	case v.class != ledger.Unknown:
		return verdict{class: v.class}
	case m.form == cut && status >= 400 && status <= 499:
		v.cause = CauseBody
	}
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		v.stopCause = Blocked
	}
	return v
}

// isPathGone reports whether a status says that the path of the request is not
// there, as that of create-user must be.
func isPathGone(status int) bool {
	return slices.Contains([]int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusUnsupportedMediaType}, status)
}

func judge4xx(status int, m message, fields fieldTable) ledger.Class {
	code := m.byCode()
	own := m.form == enveloped || m.form == empty // probably the partner's own answer
	switch status {
	case 400, 409:
		if c := classOf(m.readMeaning(fields)); c != ledger.Unknown {
			return c
		}
		if status == 400 && (m.form == enveloped || m.form == object) {
			return ledger.Unclear
		}
	case 402:
		if c := classOf(code); c != ledger.Unknown {
			return c
		}
		if own || m.byText() == saysNoFunds {
			return ledger.Funds
		}
	case 401, 403:
		if c := classOf(code); c != ledger.Unknown && c != ledger.DupUser {
			return c
		}
		if own || m.isRefusal() || m.form != cut && textRefusesUs(m.text) {
			return ledger.Auth
		}
	case 422:
		if c := classOf(m.readMeaning(fields)); c != ledger.Unknown {
			return c
		}
		return ledger.Reject
	case 429:
		return judge429(m, fields)
	}
	return ledger.Unknown
}

func judge429(m message, fields fieldTable) ledger.Class {
	switch {
	case m.form != enveloped:
		return ledger.Throttled
	case m.readMeaning(fields) == saysKeyUsed:
		return ledger.KeyUsed
	default:
		return ledger.Busy
	}
}

func classOf(m meaning) ledger.Class {
	return cmp.Or(map[meaning]ledger.Class{saysKeyUsed: ledger.KeyUsed, saysDupUser: ledger.DupUser, saysNoFunds: ledger.Funds,
		saysRefused: ledger.Reject, saysInvalid: ledger.Reject}[m], ledger.Unknown)
}

// judgeCreation looks up the 2xx line of the table.
func judgeCreation(c creation) verdict {
	switch {
	case !c.valid || c.status != "success":
		return verdict{class: ledger.OKBroken, cause: CauseBody}
	case c.id == "":
		return verdict{class: ledger.OKBroken, cause: CauseServiceID}
	case c.link == "":
		return verdict{class: ledger.OKBroken, cause: CauseLink}
	default:
		return verdict{class: ledger.OK}
	}
}

// redirectHost is the host that a Location names, base's own for a relative
// one.
func redirectHost(base *url.URL, location string) string {
	if location == "" {
		return ""
	}
	u, err := base.Parse(location)
	if err != nil {
		return ""
	}
	return toPrintable(u.Host, 255)
}
