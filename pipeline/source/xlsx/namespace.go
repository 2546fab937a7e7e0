package xlsx

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
		uri := s.declaredNamespace(s.prefix)
		if string(s.name) != ns.root || !isMainNamespace(uri) {
			return false, malformedXML("its root element is not that of a workbook's " + ns.root)
		}
		for i := range s.attrs {
			a := &s.attrs[i]
			if string(a.prefix) == "xmlns" && string(a.name) != ns.prefix && isMainNamespace(a.value) {
				ns.aliases = append(ns.aliases, string(a.name))
			} else if len(a.prefix) == 0 && string(a.name) == "xmlns" && ns.prefix != "" && isMainNamespace(a.value) {
				ns.aliases = append(ns.aliases, "")
			}
		}
		return true, nil
	}
	own := string(s.prefix) == ns.prefix
	for _, alias := range ns.aliases {
		if string(s.prefix) == alias {
			return false, malformedXML("it mixes namespace prefixes")
		}
	}
	for i := range s.attrs {
		a := &s.attrs[i]
		bare := len(a.prefix) == 0 && string(a.name) == "xmlns"
		if !bare && string(a.prefix) != "xmlns" {
			continue
		}
		declares := ""
		if !bare {
			declares = string(a.name)
		}
		if isMainNamespace(a.value) != (declares == ns.prefix) {
			return false, malformedXML("it mixes namespace prefixes")
		}
	}
	return own, nil
}

// declaredNamespace returns the namespace that the start tag read last gives a prefix.
func (s *xmlScanner) declaredNamespace(prefix []byte) []byte {
	for i := range s.attrs {
		a := &s.attrs[i]
		if len(prefix) == 0 && len(a.prefix) == 0 && string(a.name) == "xmlns" ||
			len(prefix) > 0 && string(a.prefix) == "xmlns" && string(a.name) == string(prefix) {
			return a.value
		}
	}
	return nil
}

// isMainNamespace reports whether this is one of the two namespaces of
// spreadsheets: transitional, which all programs write, and strict.
func isMainNamespace(uri []byte) bool {
	return string(uri) == "http://schemas.openxmlformats.org/spreadsheetml/2006/main" ||
		string(uri) == "http://purl.oclc.org/ooxml/spreadsheetml/main"
}
