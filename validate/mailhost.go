package validate

import (
	"slices"
	"strings"
)

// mailProvider is a provider of mailboxes that so many customers use that a host
// next to it is a typing error.
type mailProvider struct {
	name    string
	endings string // after the name, separated by spaces
}

// mailProviders are the big providers whose names are no words and no neighbours
// of other hosts. Short names (gmx, web, aol, mail, live) are in no list: a letter
// more or less makes another real host of them.
func mailProviders() [9]mailProvider {
	return [...]mailProvider{
		{"gmail", "com"},
		{"googlemail", "com"},
		{"hotmail", "com fr de it es co.uk be nl ch se no dk fi co.jp com.br com.ar com.tr ca"},
		{"yahoo", "com fr de it es co.uk ie gr ca in co.in co.id co.jp co.za com.br com.mx com.ar com.au com.sg com.ph com.tw com.hk com.vn"},
		{"outlook", "com fr de it es pt be at ie dk jp in com.br com.au com.ar co.th"},
		{"icloud", "com"},
		{"protonmail", "com ch"},
		{"rediffmail", "com"},
		{"btinternet", "com"},
	}
}

// likelyHost returns the host of a big provider that another host, in lower case,
// seems to be a typing error of; "" if it is that of a provider, or any other.
func likelyHost(host string) string {
	name, ending, _ := strings.Cut(host, ".")
	for _, p := range mailProviders() {
		switch {
		case name == p.name:
			isCut := ending == "co" || ending == "cm" || ending == "om" // real, but not of these
			if (isCut || isMistypedCom(ending)) && !p.hasEnding(ending) {
				return p.name + ".com"
			}
			return ""
		case !isSlip(name, p.name) || isRealNeighbour(name):
		case p.hasEnding(ending):
			return p.name + "." + ending
		case isMistypedCom(ending):
			return p.name + ".com"
		}
	}
	return ""
}

func (p *mailProvider) hasEnding(ending string) bool {
	for known := range strings.SplitSeq(p.endings, " ") {
		if known == ending {
			return true
		}
	}
	return false
}

// isRealNeighbour reports whether a name that is a slip away from that of a
// provider is one of its own.
func isRealNeighbour(name string) bool {
	return slices.Contains([]string{"gail", "gmai", "hotail", "homail", "outlooks", "cloud"}, name)
}

// isMistypedCom reports whether a host ends in what is no domain, and com on the
// neighbouring keys.
func isMistypedCom(ending string) bool {
	switch ending {
	case "con", "cmo", "ocm", "vom", "xom", "dom", "cpm", "cim", "ckm", "clm", "comm", "coom", "ccom", "comn", "coml", "como", "con.com", "com.com":
		return true
	}
	return false
}

// isSlip reports whether a text is a name typed with one slip: two letters
// swapped, one left out, one typed twice or with a key beside it. The first letter
// is right: other ones make real names (ymail, mail).
func isSlip(text, name string) bool {
	if text == "" || text[0] != name[0] || len(text) < len(name)-1 || len(text) > len(name)+1 {
		return false
	}
	i := 0
	for i < len(text) && i < len(name) && text[i] == name[i] {
		i++
	}
	rest := func(from, of int) bool { return text[min(from, len(text)):] == name[min(of, len(name)):] }
	switch {
	case len(text) < len(name):
		return rest(i, i+1)
	case len(text) > len(name):
		return rest(i+1, i) && (text[i] == text[i-1] || areNeighbours(text[i], text[i-1]))
	case i+1 < len(name) && text[i] == name[i+1] && text[i+1] == name[i] && rest(i+2, i+2):
		return true
	}
	return i < len(name) && rest(i+1, i+1) && areNeighbours(text[i], name[i])
}

// areNeighbours reports whether two keys are beside each other in a row of a
// keyboard, or one below the other.
func areNeighbours(a, b byte) bool {
	const rows = "qwertyuiop asdfghjkl zxcvbnm"
	const below = "qa az wsx edc rfv tgb yhn ujm ik ol"
	for _, keys := range []string{rows, below} {
		if strings.Contains(keys, string([]byte{a, b})) || strings.Contains(keys, string([]byte{b, a})) {
			return true
		}
	}
	return false
}
