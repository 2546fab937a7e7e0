package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// noteLinksShown keeps in the ledger that its links are about to be handed out:
// from then on a mixed-up answer is no longer put right silently, because
// someone may hold the wrong link. A ledger that this user may only read cannot
// note it, which is said.
func noteLinksShown(con *term.Console, ctx context.Context, info ledger.Info, command string) {
	l, err := sqlite.Open(ctx, sqlite.Options{Path: info.Path, Environment: info.Environment, Concurrent: true, Command: command})
	if err == nil {
		err = errors.Join(l.Learn(ctx, pipeline.LearntLinksShown, command, time.Now()), l.Close())
	}
	if err != nil {
		fmt.Fprintf(con.Err, "warning: the ledger could not note that links were handed out: %v\n", err)
	}
}

// createdNeedsReview reports whether a created row with this code is one that an
// operator has to look at.
func createdNeedsReview(code string) bool {
	return code == ledger.CodeOtherAccount || ledger.Pairing(code).NeedsReview()
}

// createdToReview counts created rows that an operator has to look at.
func createdToReview(t ledger.Tally) (n int) {
	for cause, rows := range t.Code {
		if cause.Status == ledger.Created && createdNeedsReview(cause.Code) {
			n += rows
		}
	}
	return n
}
