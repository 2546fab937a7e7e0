package inert

import _ "embed"

// The grammars have the elements and attributes of ECMA-376 part 1, 18, that
// neither calculate nor lead anywhere, in the order of that text. Elements that
// a function inspects (cells, validations, links) are listed too.
var (
	//go:embed grammar/sheet.txt
	sheetGrammar string
	//go:embed grammar/strings.txt
	stringsGrammar string
	//go:embed grammar/styles.txt
	stylesGrammar string
	//go:embed grammar/book.txt
	bookGrammar string
	//go:embed grammar/table.txt
	tableGrammar string
	//go:embed grammar/comments.txt
	commentsGrammar string
	//go:embed grammar/threads.txt
	threadsGrammar string
	//go:embed grammar/persons.txt
	personsGrammar string
	//go:embed grammar/text.txt
	textGrammar string // rich text: of a cell, of the table of texts, of a comment
)
