package partner

import (
	"strconv"
	"strings"
)

// Paths below the base URL (vendor's create-user page for v2, public docs for
// v1).
const (
	createPath = "/v2/partner/card/users"
	listPath   = "/v1/partner/card/users"
	walletPath = "/v1/partner/wallet"
)

// request is one call, as it goes out.
type request struct {
	method string
	path   string // below the base URL, escaped, with its query
	key    string // idempotency key, "" for none: a token
	body   []byte // JSON; nil for none
}

// letterhead is what all requests to one partner have in common. The
// authorization in it is why it is kept as a secret.
type letterhead struct {
	to     string // what stands before a request's path
	fields secret // header lines
}

// newLetterhead writes for the partner itself or, with passed set, for a proxy
// that passes requests on (RFC 9112, 3.2.1 and 3.2.2). Every value was checked:
// none can end its line.
func newLetterhead(s settings, passed bool) letterhead {
	host := ascii(s.base.Hostname())
	if strings.Contains(host, ":") {
		host, _, _ = strings.Cut(host, "%") // a zone means nothing to the other end
		host = "[" + host + "]"
	}
	if port := s.base.Port(); port != "" {
		host += ":" + port
	}
	h := letterhead{to: s.base.EscapedPath()}
	fields := "Host: " + host + "\r\nUser-Agent: " + s.UserAgent + "\r\nAuthorization: Bearer " + s.Key + "\r\nAccept: application/json\r\n" +
		"Accept-Encoding: identity\r\n" // a compressed answer could grow without bound
	if passed {
		h.to = s.base.Scheme + "://" + host + h.to
		if auth := proxyAuth(s.proxy.User); auth != "" {
			fields += "Proxy-Authorization: " + auth + "\r\n"
		}
	}
	h.fields = hide(fields)
	return h
}

// write appends a request. The idempotency key stands under the vendor's own
// lower-case spelling.
func (h letterhead) write(to []byte, r request) []byte {
	to = append(append(append(append(to, r.method...), ' '), h.to...), r.path...)
	to = append(append(to, " HTTP/1.1\r\n"...), h.fields.reveal()...)
	if r.key != "" {
		to = append(append(append(to, "idempotency-key: "...), r.key...), "\r\n"...)
	}
	if r.body != nil {
		to = append(to, "Content-Type: application/json\r\nContent-Length: "...)
		to = append(strconv.AppendInt(to, int64(len(r.body)), 10), "\r\n"...)
	}
	return append(append(to, "\r\n"...), r.body...)
}
