package validate

import (
	"net/netip"
	"strings"
)

// checkIP checks one IPv4 or IPv6 address that a user can have registered from.
// Ranges for documentation pass, because the partner's own example is one.
func (c *rowCheck) checkIP(raw string) string {
	v, ok := c.readRequired(FieldIPAddress, raw, strictText)
	if !ok {
		return ""
	}
	addr, err := netip.ParseAddr(v)
	if err != nil {
		c.addProblem(FieldIPAddress, CodeIPFormat, explainIP(v))
		return ""
	}
	if addr.Zone() != "" {
		c.addProblem(FieldIPAddress, CodeIPFormat, "has an IPv6 zone, which is valid on one machine only. Write the address that the user registered from")
		return ""
	}
	addr = addr.Unmap()
	if what := nonPublicKind(addr); what != "" {
		c.addProblem(FieldIPAddress, CodeIPNotPublic, "is "+what+". Write the public address that the user registered from")
		return ""
	}
	if c.rules.Live && isDocumentation(addr) {
		c.addWarning(FieldIPAddress, CodeIPExample, "is from a range for documentation, and the fee is real. Write the address that the user registered from")
	}
	sent := addr.String()
	if sent != v {
		c.addChange(FieldIPAddress, "spelling")
	}
	return sent
}

func explainIP(v string) string {
	const then = "Write only the address, such as 203.0.113.42"
	if _, err := netip.ParseAddrPort(v); err == nil {
		return "has a port. " + then
	}
	if _, err := netip.ParsePrefix(v); err == nil {
		return "is a network with a prefix length. " + then
	}
	if v[0] == '[' {
		return "has brackets. " + then
	}
	if strings.ContainsAny(v, " ,;") {
		return "is more than one address. " + then
	}
	if strings.Trim(v, "0123456789") == "" {
		return "is a number without dots, which is what spreadsheets make of some addresses. Format the column as text, then enter the address again"
	}
	for part := range strings.SplitSeq(v, ".") {
		if len(part) > 1 && part[0] == '0' && strings.Trim(part, "0123456789") == "" {
			return "has a part with a leading zero, which some programs read as octal. Write it without the zero"
		}
	}
	return "is not an IPv4 or IPv6 address. " + then
}

// nonPublicKind names the kind of an address that no user registers from; "" if it
// is public. Private and shared addresses are those of a router or load balancer in
// between (RFC 1918, RFC 4193, RFC 6598).
func nonPublicKind(a netip.Addr) string {
	switch {
	case a.IsUnspecified():
		return "the unspecified address"
	case a.IsLoopback():
		return "a loopback address"
	case a.IsPrivate():
		return "a private address"
	case a.IsLinkLocalUnicast():
		return "a link-local address"
	case a.IsMulticast():
		return "a multicast address"
	}
	if !a.Is4() {
		return ""
	}
	switch b := a.As4(); {
	case b[0] == 0:
		return "an address of the unspecified network"
	case b[0] == 100 && b[1]&0xc0 == 64:
		return "a shared address inside a provider's network"
	case b[0] >= 240:
		return "a reserved address"
	}
	return ""
}

// isDocumentation reports whether an address is of a range for documentation (RFC
// 5737, RFC 3849, RFC 9637).
func isDocumentation(a netip.Addr) bool {
	if !a.Is4() {
		b := a.As16()
		return [4]byte(b[:4]) == [4]byte{0x20, 0x01, 0x0d, 0xb8} || b[0] == 0x3f && b[1] == 0xff && b[2] < 0x10
	}
	b := a.As4()
	switch [3]byte(b[:3]) {
	case [3]byte{192, 0, 2}, [3]byte{198, 51, 100}, [3]byte{203, 0, 113}:
		return true
	}
	return false
}
