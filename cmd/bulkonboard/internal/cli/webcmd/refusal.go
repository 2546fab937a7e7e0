package webcmd

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/plans"
)

// refusalOf returns what a command ended with as an answer of the page: the sentence and
// the hints of the command line, under the code of its stop reason or exit code.
func refusalOf(err error) error {
	if err == nil {
		return nil
	}
	var input *source.Error
	if errors.As(err, &input) { // the page words it
		return err
	}
	r := &api.Refusal{Status: statusOf(err), Body: api.Error{Code: codeOf(err), Sentence: sentenceOf(err), WhatToDo: sentenceOf(errors.New(strings.Join(exit.HintsOf(err), "; ")))}}
	var differs *approval.NotAsApproved
	if errors.As(err, &differs) {
		r.Body.Differs, r.Body.WhatToDo = differs.Differences, "" // the page words it, without commands
	}
	return r
}

// refusalFor is refusalOf for a command with a list, which the sender knows by another
// name.
func refusalFor(o plans.Order, err error) error {
	var input *source.Error
	if errors.As(err, &input) {
		named := *input
		named.File = o.Name
		return &named
	}
	return refusalOf(err)
}

// codeOf returns the code of an error: why a run stopped, or what its exit code is.
func codeOf(err error) string {
	switch reason := exit.StopReasonOf(err); {
	case errors.Is(err, ledger.ErrLocked):
		return "held"
	case errors.As(err, new(*approval.NotAsApproved)):
		return "plan_stale"
	case errors.Is(err, ledger.ErrPlan):
		return "plan_refused"
	case reason != "":
		return string(reason)
	}
	return "exit_" + strconv.Itoa(int(exit.CodeOf(err)))
}

func statusOf(err error) int {
	switch exit.CodeOf(err) {
	case exit.Refused:
		return http.StatusConflict
	case exit.Usage, exit.Wallet, exit.Guard, exit.Limit:
		return http.StatusUnprocessableEntity
	case exit.Partner:
		return http.StatusBadGateway
	}
	return http.StatusInternalServerError
}

// sentenceOf returns a text of the command line as a sentence.
func sentenceOf(err error) string {
	text := strings.TrimSpace(err.Error())
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
