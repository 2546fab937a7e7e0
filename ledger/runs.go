package ledger

import "time"

// Info is what the ledger is bound to.
type Info struct {
	Path        string
	Environment string
	Account     Account // zero until the partner names it
	Schema      int
	DetailNames DetailNames
	Created     time.Time
	Opened      time.Time // when this process opened it: notAfter of attempts that a crash left open
}

// Run is one command that changed or read out the ledger.
type Run struct {
	ID       int64
	Command  string // run, resolve, rebind, forget, export, ...
	Batch    int64
	Who      string // OS user
	Host     string
	Version  string
	KeyPrint string // fingerprint of the API key, never the key
	Settings string
	Plan     string    // ID of the saved plan that it carries out, "" if none; see Plans
	Started  time.Time // if zero, Begin uses the present time
	End      *RunEnd   // nil while it runs, or if it was killed
}

// RunEnd is how a run ended.
type RunEnd struct {
	At         time.Time
	ExitCode   int
	StopReason string
	Sent       int
	Created    int
	WalletFrom string
	WalletTo   string
}
