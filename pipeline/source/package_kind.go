package source

import (
	"archive/zip"
	"strings"
)

// kind refuses zip packages that are something else than a workbook of ours.
func (p *workbookPackage) kind() (reason, hint string) {
	const resave = "Open it and save or export it as .xlsx"
	switch {
	case p.parts["mimetype"] != nil:
		return "this is an OpenDocument file (.ods), not .xlsx", resave
	case p.parts["xl/workbook.bin"] != nil:
		return "this is a binary workbook (.xlsb), not .xlsx", resave
	case p.parts["index/document.iwa"] != nil, p.parts["index.zip"] != nil:
		return "this is a Numbers document, not .xlsx", resave
	case p.parts["word/document.xml"] != nil:
		return "this is a Word document, not a workbook", "Copy its table into a spreadsheet and save it as .xlsx"
	case p.parts["ppt/presentation.xml"] != nil:
		return "this is a presentation, not a workbook", "Name the workbook"
	case p.parts["[content_types].xml"] == nil:
		for _, name := range p.names {
			if strings.HasSuffix(name, ".xlsx") || strings.HasSuffix(name, ".csv") {
				return "this is a zip archive with files in it, not a workbook", "Unpack it and name the file inside"
			}
		}
		return "this is a zip archive, not a workbook", "Name the workbook"
	}
	return "", ""
}

// extras are the notes on what a workbook carries beside its cells. None of it
// is read or run.
func (p *workbookPackage) extras() []Note {
	var macros, links, connections, objects bool
	for name, f := range p.parts {
		macros = macros || strings.HasSuffix(name, "/vbaproject.bin") || strings.HasPrefix(name, "xl/macrosheets/")
		links = links || strings.HasPrefix(name, "xl/externallinks/") && !isFolder(f)
		connections = connections || name == "xl/connections.xml" || strings.HasPrefix(name, "xl/querytables/") && !isFolder(f)
		objects = objects || (strings.HasPrefix(name, "xl/embeddings/") || strings.HasPrefix(name, "xl/activex/")) && !isFolder(f)
	}
	var notes []Note
	add := func(is bool, code, message string) {
		if is {
			notes = append(notes, Note{Code: code, Message: message, Warning: true})
		}
	}
	add(macros, "macros", "the workbook has macros. they were not run, only its values were read")
	add(links, "external_links", "the workbook has links to other workbooks. they were not followed, the values last saved were read")
	add(connections, "data_connections", "the workbook has data connections. they were not refreshed, the values last saved were read")
	add(objects, "embedded_objects", "the workbook has embedded objects. they were not opened")
	return notes
}

func isFolder(f *zip.File) bool { return strings.HasSuffix(f.Name, "/") }
