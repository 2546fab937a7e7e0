package xlsx

import (
	"archive/zip"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// noteExtras says what a workbook has besides its cells. None of it is read or
// run.
func (p *workbookPackage) noteExtras() []table.Note {
	var macros, links, connections, objects bool
	for name, f := range p.parts {
		macros = macros || strings.HasSuffix(name, "/vbaproject.bin") || strings.HasPrefix(name, "xl/macrosheets/")
		links = links || strings.HasPrefix(name, "xl/externallinks/") && !isFolder(f)
		connections = connections || name == "xl/connections.xml" || strings.HasPrefix(name, "xl/querytables/") && !isFolder(f)
		objects = objects || (strings.HasPrefix(name, "xl/embeddings/") || strings.HasPrefix(name, "xl/activex/")) && !isFolder(f)
	}
	var notes []table.Note
	add := func(is bool, code, message string) {
		if is {
			notes = append(notes, table.Note{Code: code, Message: message, Warning: true})
		}
	}
	add(macros, "macros", "the workbook has macros. They were not run. Only its values were read")
	add(links, "external_links", "the workbook has links to other workbooks. They were not followed. The values last saved were read")
	add(connections, "data_connections", "the workbook has data connections. They were not refreshed. The values last saved were read")
	add(objects, "embedded_objects", "the workbook has embedded objects. They were not opened")
	return notes
}

func isFolder(f *zip.File) bool { return strings.HasSuffix(f.Name, "/") }
