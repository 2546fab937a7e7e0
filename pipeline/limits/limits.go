// Package limits holds all limits on what the program reads. It imports no other package
// of the program, so that each reader can use it. The limits are far above what an honest
// sender or partner needs, and low enough that no input uses more than [Memory] of memory.
//
// samples/docs/limits.md explains each one.
package limits

import "time"

// Memory is how much memory the program may use with any input, in bytes.
const Memory = 512 << 20

// One record: a row of a table, or a value of a JSON file.
const (
	Record    = 4 << 20  // bytes of a row, or of one value of a JSON file
	Cell      = 1 << 20  // bytes of one cell
	CellShown = 32_767   // characters that a cell of a spreadsheet holds
	Columns   = 1_000    // of a list
	RowRead   = 64 << 10 // bytes of those cells of a row that are read, carried ones included
	Batch     = 1 << 20  // bytes of rows that are handed on together
)

// A compressed file.
const (
	Ratio     = 200      // times its packed size
	RatioFrom = 16 << 20 // bytes unpacked; below that any ratio is accepted
)

// A workbook.
const (
	Workbook      = 4 << 30   // bytes unpacked, all parts; of a .csv.gz too
	WorkbookParts = 10_000    // entries of its zip directory
	ZipDirectory  = 16 << 20  // bytes read before the entries are known
	OtherParts    = 64 << 20  // bytes unpacked of all but the sheet that is read and its texts
	ListPart      = 16 << 20  // bytes of the list of sheets, or of the relationships of a part
	StylePart     = 32 << 20  // bytes of the table of styles
	PartElements  = 400_000   // XML elements of those tables together
	Sheets        = 1_000     // of a workbook
	SheetRows     = 1_048_576 // of a sheet, as in Excel
	SheetColumns  = 16_384    // XFD, as in Excel
	Merges        = 1_000_000 // merged ranges of a sheet
	XMLToken      = 2 << 20   // bytes of one tag or one run of text
	XMLDepth      = 256       // elements inside each other
	KeptCells     = 300_000   // cells and rows of a workbook that --annotate keeps
	KeptElements  = 900_000   // XML elements of such a workbook, all parts together
)

// Files that the operator writes.
const (
	Config   = 1 << 20  // bytes of a configuration or mapping file
	Settings = 1_000    // settings of a configuration, or fields of a mapping
	Secret   = 16 << 10 // bytes of a file that holds a key, a secret or a link
	Roots    = 4 << 20  // bytes of a file of certificates
	Lock     = 4 << 10  // bytes read of a ledger's lock file
	Names    = 8 << 20  // bytes of a list of e-mails to be forgotten
	Existing = 1 << 20  // rows of the sandbox's list of users that exist already
)

// What the partner answers.
const (
	Answer        = 1 << 20    // bytes of an answer, decoded
	Page          = 8 << 20    // bytes of one page of list-users, decoded
	PageUsers     = 20_000     // users of one page; 1,000 are asked for
	AnswerHeaders = 256 << 10  // bytes
	Users         = 5_000_000  // read of the partner's list by a run
	UsersWalked   = 20_000_000 // read of it by kyc sync
)

// What webhook callers send.
const (
	Webhook        = 64 << 10 // bytes of a body
	WebhookHeaders = 16 << 10 // bytes
	WebhookConns   = 512      // connections
	WebhookSlots   = 64       // events that work on the ledger at the same time
)

// Times and connections.
const (
	Dial         = 10 * time.Second // one TCP connection to the partner
	Handshake    = 10 * time.Second // one TLS handshake with it
	IdlePartner  = 2 * time.Second  // an unused connection to the partner
	IdleConns    = 4                // unused connections to the partner
	WebhookHead  = 5 * time.Second  // the headers of a webhook
	WebhookRead  = 3 * time.Second  // the body of a webhook
	WebhookWait  = 5 * time.Second  // for a place among WebhookSlots
	WebhookWrite = 90 * time.Second // its answer
	WebhookIdle  = time.Minute      // a connection between two webhooks
)
