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
		c.addProblem(FieldIPAddress, CodeIPFormat, "has an IPv6 zone, which means something on one machine only. write the address that the user registered from")
		return ""
	}
	addr = addr.Unmap()
	if what := nonPublicKind(addr); what != "" {
		c.addProblem(FieldIPAddress, CodeIPNotPublic, "is "+what+". write the public address that the user registered from")
		return ""
	}
	if c.rules.Live && isDocumentation(addr) {
		c.addWarning(FieldIPAddress, CodeIPExample, "is of a range for documentation, and a real wallet pays for it. write the address that the user registered from")
	}
	return c.canonicalIP(v, addr)
}

// canonicalIP avoids a new string for an address that is written canonically.
func (c *rowCheck) canonicalIP(v string, addr netip.Addr) string {
	var buf [48]byte
	if string(addr.AppendTo(buf[:0])) == v {
		return v
	}
	c.addChange(FieldIPAddress, "spelling")
	return addr.String()
}

func explainIP(v string) string {
	const then = "write the address alone, such as 203.0.113.42"
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
		return "is a number without dots, as a spreadsheet leaves of some addresses. format the column as text, then enter the address again"
	}
	for part := range strings.SplitSeq(v, ".") {
		if len(part) > 1 && part[0] == '0' && strings.Trim(part, "0123456789") == "" {
			return "has a part with a leading zero, which some programs read as octal. write it without"
		}
	}
	return "is no IPv4 or IPv6 address. " + then
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
	if a.Is4() {
		b := a.As4()
		return b[0] == 192 && b[1] == 0 && b[2] == 2 || b[0] == 198 && b[1] == 51 && b[2] == 100 || b[0] == 203 && b[1] == 0 && b[2] == 113
	}
	b := a.As16()
	return b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8 || b[0] == 0x3f && b[1] == 0xff && b[2]&0xf0 == 0
}
