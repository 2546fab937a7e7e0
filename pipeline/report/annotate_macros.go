package report

import (
	"encoding/xml"
	"regexp"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

const (
	workbookType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
	workbookRels = "xl/_rels/workbook.xml.rels"
)

var macroRelationship = regexp.MustCompile(`<Relationship [^>]*Type="[^"]*/vbaProject"[^>]*>(</Relationship>)?`)

// dropMacros makes a workbook with macros, or a template, one that may be
// named .xlsx: Excel opens no file of that name that holds macros or says it
// is of another kind. It tells whether there were macros.
func dropMacros(f *excelize.File) (dropped bool, err error) {
	for i := range f.ContentTypes.Overrides {
		if part := &f.ContentTypes.Overrides[i]; strings.HasSuffix(part.ContentType, ".main+xml") && part.PartName == "/xl/workbook.xml" {
			part.ContentType = workbookType
		}
	}
	f.Pkg.Range(func(name, _ any) bool {
		if part, _ := name.(string); macroPart(part) {
			f.Pkg.Delete(name)
			dropped = true
		}
		return true
	})
	if !dropped {
		return false, nil
	}
	kept := f.ContentTypes.Overrides[:0]
	for _, part := range f.ContentTypes.Overrides {
		if !macroPart(strings.TrimPrefix(part.PartName, "/")) {
			kept = append(kept, part)
		}
	}
	f.ContentTypes.Overrides = slices.Clip(kept)
	text := packed(f, workbookRels)
	if rels, read := f.Relationships.Load(workbookRels); read {
		if text, err = xml.Marshal(rels); err != nil {
			return dropped, err
		}
		f.Relationships.Delete(workbookRels) // excelize reads it anew
	}
	f.Pkg.Store(workbookRels, macroRelationship.ReplaceAll(text, nil))
	return dropped, nil
}

func macroPart(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "xl/vba") || strings.HasPrefix(name, "xl/_rels/vba")
}
