package inert

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// copySheet copies one sheet, its comments and tables, as number n of the copy.
func (c *copier) copySheet(s bookSheet, n int) error {
	rels, err := c.from.readRelations(s.part)
	if err != nil {
		return err
	}
	data, err := c.from.readPart(s.part)
	if err != nil {
		return err
	}
	if data == nil {
		return errors.New("it is not there")
	}
	for _, r := range rels {
		c.countDropped(relationKind(r.kind), 1)
	}
	out := &relList{}
	drawing, parts, err := c.copyComments(rels, out)
	if err != nil {
		return fmt.Errorf("comments: %w", err)
	}
	tables, err := c.copyTables(rels, out)
	if err != nil {
		return fmt.Errorf("table: %w", err)
	}
	cells := &sheetCopy{copier: c, rewriter: &rewriter{grammar: parseGrammar(sheetGrammar+textGrammar, mainSpace, strictSpace), left: c.countDropped}}
	cells.inspect = cells.inspectElement
	text, err := cells.rewrite(data, func() string { return tailXML(drawing, tables) })
	if err != nil {
		return err
	}
	parts.Cells = countTags(text, "c") + countTags(text, "row")
	c.copied[s.name] = parts
	if out.n > 0 {
		if err := c.to.addPart(fmt.Sprintf("xl/worksheets/_rels/sheet%d.xml.rels", n), "", out.partXML()); err != nil {
			return err
		}
	}
	return c.to.addPart(fmt.Sprintf("xl/worksheets/sheet%d.xml", n), sheetType+"worksheet+xml", text)
}

// tailXML returns the elements at the end of a sheet: its comment boxes and
// tables, by the ids of their relationships.
func tailXML(drawing string, tables []string) string {
	tail := ""
	if drawing != "" {
		tail = `<legacyDrawing r:id="` + drawing + `"/>`
	}
	if len(tables) > 0 {
		tail += fmt.Sprintf(`<tableParts count="%d">`, len(tables))
		for _, id := range tables {
			tail += `<tablePart r:id="` + id + `"/>`
		}
		tail += "</tableParts>"
	}
	return tail
}

// sheetCopy is a sheet that is being copied.
type sheetCopy struct {
	*copier
	*rewriter
}

// inspectElement decides about the elements that may hold a formula or a link.
func (s *sheetCopy) inspectElement(at *xml.StartElement) (verdict, error) {
	switch at.Name.Local {
	case "c":
		return verdictWritten, s.copyCell(*at)
	case "hyperlink":
		if relID(*at) != "" || !s.isPlace(attr(*at, "location")) && !s.names[strings.ToUpper(attr(*at, "location"))] {
			return verdictDrop, nil
		}
	case "dataValidation", "cfRule":
		return s.copyFormulas(*at)
	}
	return verdictCopy, nil
}

// copyFormulas copies an element with formulas if all of them are harmless;
// otherwise nothing of it.
func (s *sheetCopy) copyFormulas(at xml.StartElement) (verdict, error) {
	from, sound := s.out.Len(), true
	s.writeStart(at, "")
	defer func(was func(*xml.StartElement) (verdict, error)) { s.inspect = was }(s.inspect)
	s.inspect = func(at *xml.StartElement) (verdict, error) {
		switch at.Name.Local {
		case "formula", "formula1", "formula2":
			text, err := readText(s.d)
			if err != nil {
				return verdictWritten, err
			}
			sound = sound && s.isHarmless(text)
			s.out.WriteString("<" + at.Name.Local + ">" + escapeXML(text) + "</" + at.Name.Local + ">")
			return verdictWritten, nil
		case "cfvo":
			kind := attr(*at, "type")
			sound = sound && (kind == "min" || kind == "max" || isNumber(attr(*at, "val")))
		}
		return verdictCopy, nil
	}
	if _, err := s.copyContent(s.rules[at.Name.Local]); err != nil {
		return verdictWritten, err
	}
	s.out.WriteString("</" + at.Name.Local + ">")
	if !sound {
		s.out.Truncate(from)
		s.countDropped(elementKind(at.Name.Local), 1)
		return verdictSkipped, nil
	}
	return verdictWritten, nil
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// notCalculated is the value of a cell whose formula has no value. It is an
// error, so that no reader mistakes the cell for an empty one.
const notCalculated = "#N/A"

// copyCell copies a cell, a formula as its value.
func (s *sheetCopy) copyCell(at xml.StartElement) error {
	from := s.out.Len()
	s.writeStart(at, "")
	var formula, value string
	var hasFormula, hasValue bool
	for {
		token, err := s.d.Token()
		if err != nil {
			return err
		}
		child, begins := token.(xml.StartElement)
		if _, ends := token.(xml.EndElement); ends {
			break
		}
		if !begins {
			continue
		}
		switch child.Name.Local {
		case "f":
			hasFormula = true
			formula, err = readText(s.d)
		case "v":
			hasValue = true
			if value, err = readText(s.d); err == nil {
				s.out.WriteString("<v>" + escapeText([]byte(value)) + "</v>")
			}
		case "is":
			before := s.out.Len()
			hasValue = true
			_, err = s.copyChild(rule{children: []string{"is"}}, child)
			if s.out.Len() > before+len("<is><t></t></is>") {
				value = "text"
			}
		default:
			err = s.d.Skip()
		}
		if err != nil {
			return err
		}
	}
	if hasFormula {
		s.countDropped("formula", 1)
		kind := attr(at, "t")
		isConstant := kind == "b" && (formula == "TRUE()" && value == "1" || formula == "FALSE()" && value == "0")
		if !isConstant && (s.isStale || !hasValue || value == "" && kind != "str") {
			s.out.Truncate(from)
			at.Attr = slices.DeleteFunc(at.Attr, func(a xml.Attr) bool { return a.Name.Local == "t" })
			s.writeStart(at, ` t="e"`)
			s.out.WriteString("<v>" + notCalculated + "</v>")
		}
	}
	s.out.WriteString("</c>")
	return nil
}

// countTags counts the start tags of an element in a part as it is written here.
func countTags(text []byte, name string) int {
	return bytes.Count(text, []byte("<"+name+">")) + bytes.Count(text, []byte("<"+name+" "))
}
