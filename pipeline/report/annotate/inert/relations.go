package inert

import (
	"encoding/xml"
	"fmt"
	"path"
	"strings"
)

// relation is one entry of a .rels part.
type relation struct {
	id, kind string // kind: last step of the type's address
	target   string // a part; "" if it leads out of the package
}

// readRelations reads the relations of a part; "" is the package itself.
func (p *parts) readRelations(part string) ([]relation, error) {
	dir, file := path.Split(part)
	data, err := p.readPart(dir + "_rels/" + file + ".rels")
	if data == nil || err != nil {
		return nil, err
	}
	var all []relation
	err = eachElement(data, func(_ *xml.Decoder, at xml.StartElement) error {
		if at.Name.Local != "Relationship" {
			return nil
		}
		r := relation{id: attr(at, "Id"), kind: path.Base(attr(at, "Type"))}
		if to := strings.ReplaceAll(attr(at, "Target"), `\`, "/"); attr(at, "TargetMode") != "External" {
			if r.target = path.Join(dir, to); strings.HasPrefix(to, "/") {
				r.target = path.Clean(to)[1:]
			}
		}
		all = append(all, r)
		return nil
	})
	return all, err
}

// firstTarget returns the target of the first relation of a kind, "" if there is
// none.
func firstTarget(all []relation, kind string) string {
	for _, r := range all {
		if r.kind == kind && r.target != "" {
			return r.target
		}
	}
	return ""
}

// relID returns the id of the relationship that an element names.
func relID(at xml.StartElement) string {
	for _, a := range at.Attr {
		if a.Name.Local == "id" && (a.Name.Space == relSpace || a.Name.Space == strictRels) {
			return a.Value
		}
	}
	return ""
}

// relList writes the relationships of a part of the copy.
type relList struct {
	b strings.Builder
	n int
}

func (l *relList) addRelation(kind, to string) (id string) {
	l.n++
	id = fmt.Sprintf("rId%d", l.n)
	space := relSpace
	if kind == "threadedComment" || kind == "person" {
		space = threadRels
	}
	fmt.Fprintf(&l.b, `<Relationship Id="%s" Type="%s/%s" Target="%s"/>`, id, space, kind, to)
	return id
}

func (l *relList) partXML() []byte {
	return []byte(header + `<Relationships xmlns="` + packageRels + `">` + l.b.String() + `</Relationships>`)
}
