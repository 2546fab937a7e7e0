package api

import "time"

// PlanState is how far a plan has come.
type PlanState string

// The states of a plan.
const (
	PlanWaiting  PlanState = "waiting"
	PlanApproved PlanState = "approved"
	PlanDeclined PlanState = "declined"
	PlanExpired  PlanState = "expired"
	PlanStale    PlanState = "stale" // the list was edited, or users were created meanwhile: Plan.Differs says what
	PlanRunning  PlanState = "running"
	PlanUsed     PlanState = "used"
	PlanVoid     PlanState = "void"
)

// MakePlan is the body of POST /api/lists/{id}/plans, with If-Match.
type MakePlan struct {
	Fee    string `json:"fee,omitempty"`    // typed upper bound where no fee is known
	Limit  int    `json:"limit,omitempty"`  // canary: at most so many rows; 0 = all
	Funded bool   `json:"funded,omitempty"` // send what the wallet covers
	Save   bool   `json:"save"`             // submit it for approval; false = show the figures only
}

// Plans answers GET /api/plans, newest first.
type Plans struct {
	Plans []PlanSummary `json:"plans"`
}

// PlanSummary is a plan on the home page.
type PlanSummary struct {
	ID       string    `json:"id"`       // "" = not submitted
	List     string    `json:"list"`     // "" = the plan was made on a command line
	Revision int       `json:"revision"` // of the list when the plan was made
	Name     string    `json:"name"`     // of the sender's file
	State    PlanState `json:"state"`
	Maker    string    `json:"maker"`
	Mine     bool      `json:"mine"` // the reader made it or edited its list, and cannot decide on it
	Made     time.Time `json:"madeAt"`
	Expires  time.Time `json:"expiresAt"`
	Send     int       `json:"send"` // at most, those in doubt included
	AtMost   string    `json:"atMost"`
	Run      int64     `json:"run"` // 0 = none yet
}

// Plan answers POST /api/lists/{id}/plans, GET /api/plans/{id}, approve and decline.
type Plan struct {
	PlanSummary

	Target      Target      `json:"target"`
	Rows        int         `json:"rows"`  // as plan --json counts them: without those that a decision leaves out
	Known       int         `json:"known"` // created before
	LeftOut     []LeftCount `json:"leftOut"`
	ToCorrect   int         `json:"toCorrect"` // stay behind
	InDoubt     int         `json:"inDoubt"`   // of Send: looked up before they are sent again
	Fee         string      `json:"fee"`       // "" = not known
	Currency    string      `json:"currency"`
	Wallet      string      `json:"wallet"`    // "" = not known
	Remains     string      `json:"remains"`   // "" = not known
	Shortfall   string      `json:"shortfall"` // "" = none
	Covers      int         `json:"covers"`    // rows that the wallet pays; -1 = not known
	Seconds     float64     `json:"seconds"`   // how long it takes at the rate; 0 = not known
	Limit       int         `json:"limit"`
	Fingerprint string      `json:"fingerprint"` // of the list, short
	RowDigest   string      `json:"rowDigest"`   // of the rows to send, short
	Digest      string      `json:"digest"`      // what approve has to repeat
	Approvers   []string    `json:"approvers"`   // who may decide; empty = any other user
	Blocked     *Error      `json:"blocked"`     // why it cannot be submitted; null = it can
	Differs     []string    `json:"differs"`     // of a stale plan: sentences
	Last        *LastRun    `json:"lastRun"`
	SampleRows  []int       `json:"sampleRows"` // numbers of 20 rows to send, drawn when the plan was made
	Sample      []Row       `json:"sample"`     // these rows; empty for the role see
	Overlaps    []Overlap   `json:"overlaps"`   // other plans with the same rows, when this one was submitted
	Warnings    []string    `json:"warnings"`   // of the command, when the figures were computed
	Columns     []Column    `json:"columns"`
	Decisions   []Decision  `json:"decisions"`
	Decided     *PlanAnswer `json:"decided"`    // null before it
	Command     string      `json:"command"`    // what makes the plan from a command line
	RunCommand  string      `json:"runCommand"` // what carries it out
}

// LeftCount is how many rows are not sent for a reason.
type LeftCount struct {
	Status string `json:"status"`
	Code   string `json:"code"`
	Rows   int    `json:"rows"`
	Text   string `json:"text"`
}

// Overlap is another open plan that allows some of the same rows to be sent.
type Overlap struct {
	Plan  string `json:"plan"`
	Maker string `json:"maker"`
	Rows  int    `json:"rows"`
}

// LastRun is how the list differs from its last run.
type LastRun struct {
	Run     int64     `json:"run"`
	At      time.Time `json:"at"`
	Rows    int       `json:"rows"`
	Created int       `json:"created"`
	Added   int       `json:"added"`
	Gone    int       `json:"gone"`
}

// PlanAnswer is a decision on a plan.
type PlanAnswer struct {
	Approves bool      `json:"approves"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	Comment  string    `json:"comment"`
}

// Approval is the body of POST /api/plans/{id}/approve and decline.
type Approval struct {
	Digest  string `json:"digest"`  // Plan.Digest that was on the screen
	Rows    int    `json:"rows"`    // typed by the approver; approve compares it with Plan.Send
	Comment string `json:"comment"` // of decline: why
}
