package inert

import (
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// bookSheet is a sheet with cells, in the order of the tabs.
type bookSheet struct {
	name, part string
	was        int // its index among all sheets of the sender's workbook
}

// copyAll copies the workbook part by part.
func (c *copier) copyAll() error {
	root, err := c.from.readRelations("")
	if err != nil {
		return err
	}
	book := firstTarget(root, "officeDocument")
	rels, err := c.from.readRelations(book)
	if err != nil {
		return err
	}
	data, err := c.from.readPart(book)
	if err != nil {
		return err
	}
	if data == nil {
		return errors.New("the workbook has no list of sheets")
	}
	sheets, err := c.readBook(data, rels)
	if err != nil {
		return err
	}
	for _, r := range append(root, rels...) {
		c.countDropped(relationKind(r.kind), 1)
	}
	out := &relList{}
	text, err := c.copySheetList(data, sheets, out)
	if err != nil {
		return err
	}
	if err := c.to.addPart("xl/workbook.xml", sheetType+"sheet.main+xml", text); err != nil {
		return err
	}
	for i, s := range sheets {
		if err := c.copySheet(s, i+1); err != nil {
			return fmt.Errorf("sheet %d: %w", i+1, err)
		}
	}
	if err := c.copyShared(rels, out); err != nil {
		return err
	}
	if err := c.to.addPart("xl/_rels/workbook.xml.rels", "", out.partXML()); err != nil {
		return err
	}
	top := &relList{}
	top.addRelation("officeDocument", "xl/workbook.xml")
	top.addRelation("extended-properties", "docProps/app.xml")
	if err := c.to.addPart("docProps/app.xml", "application/vnd.openxmlformats-officedocument.extended-properties+xml", []byte(header+
		`<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><Application>bulkonboard</Application></Properties>`)); err != nil {
		return err
	}
	return c.to.addPart("_rels/.rels", "", top.partXML())
}

// readBook returns the sheets that have cells, and notes which defined names are
// kept: those of places.
func (c *copier) readBook(data []byte, rels []relation) (sheets []bookSheet, err error) {
	parts, kinds := map[string]string{}, map[string]string{}
	for _, r := range rels {
		parts[r.id], kinds[r.id] = r.target, r.kind
	}
	c.sheets, c.names = map[string]bool{}, map[string]bool{}
	places := map[string][]string{} // of each name
	n := 0
	err = eachElement(data, func(d *xml.Decoder, at xml.StartElement) error {
		switch name := attr(at, "name"); at.Name.Local {
		case "sheet":
			if id := relID(at); kinds[id] == "worksheet" && parts[id] != "" {
				sheets = append(sheets, bookSheet{name, parts[id], n})
				c.sheets[strings.ToUpper(name)] = true
			}
			n++
		case "calcPr":
			c.isStale = isTrue(attr(at, "fullCalcOnLoad")) || isTrue(attr(at, "forceFullCalc")) ||
				attr(at, "calcCompleted") == "0" || attr(at, "calcCompleted") == "false"
		case "definedName":
			text, err := readText(d)
			places[name] = append(places[name], text)
			return err
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case len(sheets) == 0:
		return nil, errors.New("the workbook has no sheet with cells")
	case len(sheets) > maxSheets:
		return nil, ErrTooLarge
	}
	for name, texts := range places {
		if c.formulas.isHarmlessName(name) && slices.ContainsFunc(texts, c.isPlace) {
			c.names[strings.ToUpper(name)] = true
		}
	}
	return sheets, nil
}

// copySheetList returns the copy of the list of sheets.
func (c *copier) copySheetList(data []byte, sheets []bookSheet, out *relList) ([]byte, error) {
	now := map[int]int{} // index in the sender's workbook → in the copy
	for i, s := range sheets {
		now[s.was] = i
	}
	n := 0
	r := &rewriter{grammar: parseGrammar(bookGrammar, mainSpace, strictSpace), left: c.countDropped}
	r.inspect = func(at *xml.StartElement) (verdict, error) {
		switch at.Name.Local {
		case "sheet":
			place, kept := now[n]
			n++
			if !kept {
				return verdictDrop, nil
			}
			id := out.addRelation("worksheet", fmt.Sprintf("worksheets/sheet%d.xml", place+1))
			r.writeStart(*at, ` r:id="`+id+`"/`)
			return verdictWritten, r.d.Skip()
		case "definedName":
			return c.copyDefinedName(r, at, now)
		}
		return verdictCopy, nil
	}
	return r.rewrite(data, nil)
}

// copyDefinedName copies a defined name of places, with its sheet's new index.
func (c *copier) copyDefinedName(r *rewriter, at *xml.StartElement, now map[int]int) (verdict, error) {
	text, err := readText(r.d)
	if err != nil {
		return verdictSkipped, err
	}
	local, kept := attr(*at, "localSheetId"), true
	if local != "" {
		was, err := strconv.Atoi(local)
		place, ok := now[was]
		kept = err == nil && ok
		for i := range at.Attr {
			if at.Attr[i].Name.Local == "localSheetId" {
				at.Attr[i].Value = strconv.Itoa(place)
			}
		}
	}
	if !kept || !c.formulas.isHarmlessName(attr(*at, "name")) || !c.isPlace(text) {
		c.countDropped("defined name", 1)
		return verdictSkipped, nil
	}
	r.writeStart(*at, "")
	r.out.WriteString(escapeXML(strings.TrimPrefix(text, "=")) + "</definedName>")
	return verdictWritten, nil
}

// copyShared copies what all sheets share: texts, looks, theme, authors of conversations.
func (c *copier) copyShared(rels []relation, out *relList) error {
	for _, shared := range []struct {
		kind, to, contentType string
		copy                  func([]byte) ([]byte, error)
	}{
		{"styles", "styles.xml", sheetType + "styles+xml", c.byGrammar(stylesGrammar, mainSpace, strictSpace)},
		{"sharedStrings", "sharedStrings.xml", sheetType + "sharedStrings+xml", c.byGrammar(stringsGrammar+textGrammar, mainSpace, strictSpace)},
		{"theme", "theme/theme1.xml", "application/vnd.openxmlformats-officedocument.theme+xml", copyTheme},
		{"person", "persons/person.xml", microsoftXML + "person+xml", c.byGrammar(personsGrammar, threadSpace)},
	} {
		data, err := c.from.readPart(firstTarget(rels, shared.kind))
		if data == nil && err == nil {
			continue
		}
		if err == nil {
			data, err = shared.copy(data)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", shared.kind, err)
		}
		out.addRelation(shared.kind, shared.to)
		if err := c.to.addPart("xl/"+shared.to, shared.contentType, data); err != nil {
			return err
		}
	}
	return nil
}

// byGrammar returns a function that copies a part by its grammar alone.
// Extensions of such parts hold nothing visible.
func (c *copier) byGrammar(text string, spaces ...string) func([]byte) ([]byte, error) {
	return func(data []byte) ([]byte, error) {
		return (&rewriter{grammar: parseGrammar(text, spaces...)}).rewrite(data, nil)
	}
}

// readText reads the text of an element whose start was read, to its end.
func readText(d *xml.Decoder) (string, error) {
	var b strings.Builder
	for depth := 1; depth > 0; {
		token, err := d.Token()
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 1 {
				b.Write(token)
			}
		}
	}
	return b.String(), nil
}

func isTrue(s string) bool { return s == "1" || s == "true" }
