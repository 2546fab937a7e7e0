package settings

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
)

// PlanFlags are the flags about saved plans. Those of plan and of run are different
// ones.
type PlanFlags struct {
	Save        string // file for another machine, saveInLedger, or "" = not saved
	PlanReports []string
	Plan        string // ID or file of the plan that run carries out
	Approvers   string // file with the public keys of those who may sign a plan
}

const (
	// saveInLedger is the value of --save without a file.
	saveInLedger = "ledger"
	// PlanFileExtension is that of a saved plan.
	PlanFileExtension = ".json"

	maxApprovers = 1 << 20 // bytes
)

// AddSaveFlags adds the flags of plan.
func (p *PlanFlags) AddSaveFlags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&p.Save, "save", "", "keep the plan in the ledger, to be approved by a second person; with `FILE`.json also in a file for another machine")
	f.Lookup("save").NoOptDefVal = saveInLedger
	f.StringArrayVar(&p.PlanReports, "report", nil, "write what would become of each row to `FILE`: .csv, .xlsx or .json (repeatable)")
}

// AddPlanFlag adds the flags of run.
func (p *PlanFlags) AddPlanFlag(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&p.Plan, "plan", "", "carry out an approved plan and nothing else: its ID, or its `FILE`")
	p.addApproversFlag(c)
}

func (p *PlanFlags) addApproversFlag(c *cobra.Command) {
	c.Flags().StringVar(&p.Approvers, "approvers", "", "with --plan: public keys of those who may sign a plan, in a `FILE` that only you can change")
	HideAdvanced(c.Flags(), "approvers")
}

// SplitSaveFile takes the file of --save out of the arguments: --save plan.json is
// meant as --save=plan.json, because no input is a .json file.
func (p *PlanFlags) SplitSaveFile(args []string) (inputs []string, err error) {
	for _, arg := range args {
		if !strings.EqualFold(filepath.Ext(arg), PlanFileExtension) || p.Save == "" {
			inputs = append(inputs, arg)
			continue
		}
		if p.Save != saveInLedger {
			return nil, exit.UsageErrorf("--save names one file, not %s and %s", p.Save, arg)
		}
		p.Save = arg
	}
	if p.Save != "" && p.Save != saveInLedger && !strings.EqualFold(filepath.Ext(p.Save), PlanFileExtension) {
		return nil, exit.UsageErrorf("--save %s: the file of a plan ends in %s", p.Save, PlanFileExtension)
	}
	if len(inputs) == 0 {
		return nil, exit.NewUsageError(errors.New("plan needs a FILE"), "bulkonboard plan --save customers.csv")
	}
	return inputs, nil
}

// SaveFile returns the file of --save; "" if the plan is kept in the ledger only.
func (p *PlanFlags) SaveFile() string {
	if p.Save == saveInLedger {
		return ""
	}
	return p.Save
}

// ReadApprovers reads the list of approvers. Nobody else may be able to change it: it
// decides who can release money.
func ReadApprovers(path string) (approval.Approvers, error) {
	if path == "" {
		return nil, nil
	}
	text, err := ReadGuarded("approvers", path)
	if err != nil {
		return nil, err
	}
	all, err := approval.ParseApprovers(string(text))
	if err != nil {
		return nil, exit.UsageErrorf("--approvers %s: %w", path, err)
	}
	return all, nil
}

// ReadGuarded reads a file that decides who may do what. Nobody else may be able to
// change it. flag names it in errors.
func ReadGuarded(flag, path string) ([]byte, error) {
	f, err := openWithoutLinks(path)
	if err != nil {
		return nil, exit.UsageErrorf("--%s %s: %w", flag, path, term.PlainError(err))
	}
	defer f.Close()
	text, info, err := readOpenFile(f, maxApprovers)
	if err != nil {
		return nil, exit.UsageErrorf("--%s %s: %w", flag, path, err)
	}
	if !info.Mode().IsRegular() || !ownedByUserOrRoot(info) || writableByOthers(info) {
		return nil, exit.NewUsageError(fmt.Errorf("--%s %s: you do not own it, or others can write to it", flag, path), "take ownership of it, and run chmod go-w on it")
	}
	return text, nil
}

// IsPlanFile reports whether a PLAN names a file and no plan of the ledger.
func IsPlanFile(plan string) bool {
	if !approval.IsID(plan) {
		return true
	}
	_, err := os.Stat(plan)
	return err == nil
}

// ReadPlanFile reads at most so many bytes of a plan's file.
func ReadPlanFile(path string) ([]byte, error) {
	text, _, err := readNamedFile(path, maxApprovers)
	if err != nil {
		return nil, exit.UsageErrorf("%s: %w", path, err)
	}
	return text, nil
}
