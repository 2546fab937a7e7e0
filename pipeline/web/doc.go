// Package web serves the finance page: senders and reviewers drop a spreadsheet, correct
// it, plan, approve, send and fetch the report in a browser, and nothing leaves the
// machine. Start at [New] and the table in routes.go.
//
// # What is where
//
//	web            server, routes, handlers, pages; imported by cmd only
//	web/access     the guard: host, headers, session, role, cross-origin; users; the log
//	web/lists      uploads, corrections, checks, rows, downloads; everything up to "Check & fix"
//	web/plans      plans, approvals, runs and reports, over the commands of the program
//	web/api        the JSON bodies, each with an example in api/testdata
//	web/static     style sheets and ES modules, as they are served
//	web/templates  html/template pages
//
// The package knows neither flags nor the partner. What needs them is behind
// plans.Commands, which cmd implements by carrying out its own subcommands inside the
// process: a plan, a run or a report made here is the one that the command line makes.
//
// # A request
//
// [Server.ServeHTTP] is one guard around one mux. In this order: the Host is on the
// list (421), security headers are set, the session is known (401), its role suffices
// (403), the request is from our own pages (403, net/http.CrossOriginProtection), the
// handler runs. The role of a route is in the table, so a new route cannot forget it; a
// test walks the table.
//
// Handlers return errors; writeError turns each into {code, sentence, whatToDo}, with
// the sentences of package messages. What is said of an input file is what the command
// line says of it. Bodies are application/json without unknown fields. Answers
// are not stored by browsers.
//
// # A list
//
// A list is a directory of its own below Config.Folder, beside the ledger, 0700, its
// files 0600:
//
//	input.xlsx     the sender's bytes, never changed; the extension is that of its kind
//	events.jsonl   everything that was decided, one line each; the number of lines is the revision
//	rows.jsonl     the rows as read, a cache that can be made again
//
// The state is what the events say: a process that is killed loses nothing that it
// answered for, and a torn last line was never answered for. Undo is an event that names
// another one. Corrections of cells are an overlay that package source applies to each
// record as it is read, so that the rules see what they would see in a corrected file;
// the reading settings carry the overlay's hash, and so does the batch's fingerprint.
//
// A check reads the whole list in the background, by pipeline.Check. After a cell is
// edited, only the rows are checked again that have the e-mail, customer number, or name
// and phone number of the edited one before or after: how rows look to each other
// depends on nothing else. Figures are those of validate --json.
//
// # A plan and its run
//
// The ledger has the plans. plans.jsonl below Config.Folder says of which list, in which
// revision, each is. A run is one of this process at a time and goes on without a
// browser; events have figures only, and a browser that stalls misses some. A process
// that is killed leaves the plan running in the ledger, so that the same request
// continues it. A list is removed once it was sent and left nothing to correct, or once
// its plan has expired and it was not changed since.
//
// # Who may what
//
// Roles are prepare, approve and see. On loopback the owner of the process has all three;
// behind TLS users come from a file. Two sides of one plan are told apart by package
// approval, not here.
//
// # What is written where
//
// log.jsonl below Config.Folder names every upload, decision, edit, download, plan,
// approval, run and login: who, when, from where, row numbers and codes, no values.
// The process log has no values either.
package web
