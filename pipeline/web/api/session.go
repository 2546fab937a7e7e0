package api

import "time"

// Role is what a user may do.
type Role string

// The roles. A user may have several.
const (
	Prepare Role = "prepare" // drop, correct, plan
	Approve Role = "approve" // see a plan, approve or decline it
	See     Role = "see"     // status, and reports without links
)

// Login is the body of POST /session: the one-time token of the address that the
// program printed, or a user of the users file with the password.
type Login struct {
	Token    string `json:"token,omitempty"`
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
}

// Session answers POST /session and GET /api/session.
type Session struct {
	User   string   `json:"user"`
	Roles  []Role   `json:"roles"`
	Team   bool     `json:"team"` // users log in with a password; else the owner of the process is the only one
	Target Target   `json:"target"`
	Until  Deadline `json:"until"`
	Held   *Held    `json:"held"` // the ledger is held by a command; null = it is free
	Limits Limits   `json:"limits"`
}

// Target is where users would be created.
type Target struct {
	Environment string `json:"environment"` // "sandbox", "staging", "production" or a host
	Rehearsal   bool   `json:"rehearsal"`   // no real users: the simulated partner
	Live        bool   `json:"live"`        // real users and real money
	Host        string `json:"host"`
	Account     string `json:"account"` // "" = not known yet
	Key         string `json:"key"`     // short fingerprint of the API key; "" = no key
	Ledger      string `json:"ledger"`  // file name, or host and database
	Wallet      string `json:"wallet"`  // decimal; "" = not known
	Currency    string `json:"currency"`
	// WalletProblem says why the wallet is not known; "" = it is known, or was not asked yet.
	WalletProblem string `json:"walletProblem"`
	Version       string `json:"version"` // of the program
}

// Deadline is when a session ends.
type Deadline struct {
	Idle time.Time `json:"idle"` // without another request
	Last time.Time `json:"last"` // whatever happens
}

// Held says who holds the ledger.
type Held struct {
	Who   string    `json:"who"`
	Since time.Time `json:"since"`
	What  string    `json:"what"` // the command, such as "run"
}

// Limits are what uploads are held to.
type Limits struct {
	Upload int64 `json:"upload"` // bytes
	Rows   int   `json:"rows"`   // that GET rows returns at most
}

// LogEntry is one line of the log. It has no values of any list.
type LogEntry struct {
	At     time.Time `json:"at"`
	User   string    `json:"user"`
	From   string    `json:"from"`   // network address of the browser
	Action string    `json:"action"` // such as "upload", "cells", "decision", "plan", "approve", "run", "links", "login"
	List   string    `json:"list,omitempty"`
	Plan   string    `json:"plan,omitempty"`
	Run    int64     `json:"run,omitempty"`
	Rows   int       `json:"rows,omitempty"`   // how many rows or cells
	Detail string    `json:"detail,omitempty"` // codes, row numbers, fields; never a value
}

// Log answers GET /api/log?action=&user=&from=&n=, newest first.
type Log struct {
	Entries []LogEntry `json:"entries"`
	Total   int        `json:"total"` // that match
}
