package xlsx

import "slices"

// namespace separates a part's own elements from those of extensions. A part
// writes its elements with one prefix, mostly none. A part that mixes prefixes
// for the same elements is legal XML, but no spreadsheet program writes it: it is
// refused rather than read in part.
type namespace struct {
	root    string // name of the root element
	prefix  string
	aliases []string // other prefixes that the root element gives the same meaning
}

// enterElement looks at the start tag read last and reports whether it is the part's
// own element.
func (ns *namespace) enterElement(s *xmlScanner) (bool, error) {
	if s.depth() == 1 {
		ns.prefix = string(s.prefix)
		isMain := false
		for i := range s.attrs {
			prefix, ok := s.attrs[i].declaredPrefix()
			switch {
			case !ok || !isMainNamespace(s.attrs[i].value):
			case prefix == ns.prefix:
				isMain = true
			default:
				ns.aliases = append(ns.aliases, prefix)
			}
		}
		if string(s.name) != ns.root || !isMain {
			return false, malformedXML("its root element is not that of a workbook's " + ns.root)
		}
		return true, nil
	}
	isMixed := slices.Contains(ns.aliases, string(s.prefix))
	for i := range s.attrs {
		prefix, ok := s.attrs[i].declaredPrefix()
		isMixed = isMixed || ok && isMainNamespace(s.attrs[i].value) != (prefix == ns.prefix)
	}
	if isMixed {
		return false, malformedXML("it mixes namespace prefixes")
	}
	return string(s.prefix) == ns.prefix, nil
}

// declaredPrefix returns the prefix that an attribute gives a namespace. ok is
// false for other attributes.
func (a *xmlAttr) declaredPrefix() (prefix string, ok bool) {
	if len(a.prefix) == 0 && string(a.name) == "xmlns" {
		return "", true
	}
	return string(a.name), string(a.prefix) == "xmlns"
}

// isMainNamespace reports whether this is one of the two namespaces of
// spreadsheets: transitional, which all programs write, and strict.
func isMainNamespace(uri []byte) bool {
	return string(uri) == "http://schemas.openxmlformats.org/spreadsheetml/2006/main" ||
		string(uri) == "http://purl.oclc.org/ooxml/spreadsheetml/main"
}
