package validate

import "strings"

// exampleHost tells the domains that are set aside for examples and tests:
// RFC 2606, RFC 6761, and test.com, which people type for a test.
func exampleHost(host string) bool {
	switch last := host[strings.LastIndexByte(host, '.')+1:]; last {
	case "test", "example", "invalid", "localhost", "local", "internal":
		return true
	}
	for _, d := range [...]string{"example.com", "example.org", "example.net", "test.com"} {
		if inDomain(host, d) {
			return true
		}
	}
	return false
}

// disposableHost tells the best-known services for throw-away addresses. The
// list is short on purpose: there are thousands, they change by the day, and
// this is a warning.
func disposableHost(host string) bool {
	for _, d := range [...]string{
		"10minutemail.com", "20minutemail.com", "burnermail.io", "discard.email", "dispostable.com",
		"emailondeck.com", "fakeinbox.com", "getairmail.com", "getnada.com", "grr.la", "guerrillamail.com",
		"guerrillamail.net", "guerrillamail.org", "guerrillamailblock.com", "maildrop.cc", "mailinator.com",
		"mailnesia.com", "mailsac.com", "mintemail.com", "mohmal.com", "moakt.com", "mytemp.email",
		"sharklasers.com", "spam4.me", "spamgourmet.com", "temp-mail.io", "temp-mail.org", "tempail.com",
		"tempmail.com", "tempmail.net", "tempmailo.com", "tempr.email", "throwawaymail.com", "trashmail.com",
		"trashmail.de", "wegwerfemail.de", "wegwerfmail.de", "yopmail.com", "yopmail.fr", "yopmail.net",
	} {
		if inDomain(host, d) {
			return true
		}
	}
	return false
}

// inDomain tells a domain and everything below it.
func inDomain(host, domain string) bool {
	return strings.HasSuffix(host, domain) && (len(host) == len(domain) || host[len(host)-len(domain)-1] == '.')
}
