package report

import (
	"bytes"
	"encoding/xml"
	"io"
	"strconv"
	"strings"
)

// usualPrefixes writes a part anew with the prefixes that programs usually
// give to its name spaces, as pairs of prefix and name space, all declared at
// its root element. Others are declared where they stand. ok is false if the
// part is not well-formed or has another root.
func usualPrefixes(part []byte, root string, usual [][2]string) (_ []byte, ok bool) {
	var b strings.Builder
	b.WriteString(xml.Header)
	declared := ""
	prefixes := map[string]string{"http://www.w3.org/XML/1998/namespace": "xml:"}
	for _, pair := range usual {
		prefixes[pair[1]] = pair[0] + ":"
		if declared += ` xmlns:` + pair[0] + `="` + pair[1] + `"`; pair[0] == "" {
			prefixes[pair[1]], declared = "", strings.Replace(declared, "xmlns:=", "xmlns=", 1)
		}
	}
	var open []string
	rooted := false
	for dec := xml.NewDecoder(bytes.NewReader(part)); ; {
		token, err := dec.Token()
		if err == io.EOF {
			return []byte(b.String()), rooted && len(open) == 0
		}
		if err != nil {
			return nil, false
		}
		switch token := token.(type) {
		case xml.StartElement:
			spaces := declared
			if len(open) > 0 {
				spaces = ""
			}
			name := func(n xml.Name, attr bool) string {
				prefix, known := prefixes[n.Space]
				switch {
				case n.Space == "", attr && prefix == "" && known:
					return n.Local
				case !known:
					prefix = "n" + strconv.Itoa(strings.Count(spaces, " xmlns:")) + ":"
					spaces += ` xmlns:` + strings.TrimSuffix(prefix, ":") + `="` + escaped(n.Space) + `"`
				}
				return prefix + n.Local
			}
			element, attrs := name(token.Name, false), ""
			if len(open) == 0 && element != root {
				return nil, false
			}
			for _, a := range token.Attr {
				if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
					attrs += " " + name(a.Name, true) + `="` + escaped(a.Value) + `"`
				}
			}
			rooted = true
			b.WriteString("<" + element + spaces + attrs + ">")
			open = append(open, element)
		case xml.EndElement:
			b.WriteString("</" + open[len(open)-1] + ">")
			open = open[:len(open)-1]
		case xml.CharData:
			b.WriteString(escaped(string(token)))
		}
	}
}
