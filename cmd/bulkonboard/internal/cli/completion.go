package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/plans"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
	"github.com/bulkonboard/bulkonboard/validate/phone"
)

// addCompletions registers what the shell proposes for the values of all flags and
// for the arguments of all commands.
func addCompletions(c *cobra.Command) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if _, registered := c.GetFlagCompletionFunc(f.Name); registered || f.NoOptDefVal != "" {
			return // a flag of a parent, or one that is on or off
		}
		if err := c.RegisterFlagCompletionFunc(f.Name, valueCompletion(f)); err != nil {
			panic(err) // the flag was just found
		}
	})
	if c.ValidArgsFunction == nil && c.RunE != nil && !c.HasSubCommands() {
		c.ValidArgsFunction = argumentCompletion(settings.CommandName(c))
	}
	for _, sub := range c.Commands() {
		if sub.Name() != "completion" && sub.Name() != "help" { // cobra completes its own
			addCompletions(sub)
		}
	}
}

// valueCompletion returns the completion of a flag's values. They are collected when a
// shell asks: doing so for all flags at each start would take longer than all else.
func valueCompletion(f *pflag.Flag) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completionOf(f)(c, args, typed)
	}
}

// completionOf chooses by the type and the name of a flag.
func completionOf(f *pflag.Flag) cobra.CompletionFunc {
	if choice, ok := f.Value.(*settings.Choice); ok {
		return words(choice.Words...)
	}
	if some, ok := f.Value.(*settings.Choices); ok {
		return lists(some.Allowed)
	}
	name := strings.TrimPrefix(f.Name, "sandbox-")
	if extensions, ok := fileExtensions()[name]; ok {
		return files(extensions...)
	}
	if list, ok := valueWords()[name]; ok {
		return words(list...)
	}
	switch name {
	case "map":
		return pairs(validate.Fields().Names())
	case "default":
		return pairs(validate.DefaultableFields())
	case "fault":
		return pairs(faultWords())
	case "only":
		return lists(statusWords())
	}
	return words() // a number, a time, an amount, a column: nothing to propose
}

// fileExtensions returns the flags that name a file, with the extensions that it
// can have; nil for any.
func fileExtensions() map[string][]string {
	yaml, inputs, reports := []string{"yaml", "yml"}, inputExtensions(), []string{"csv", "xlsx", "html", "json"}
	return map[string][]string{
		"config": yaml, "map-file": yaml, "save-map": yaml,
		"input": inputs, "report": reports, "rejects": {"xlsx", "csv"}, "annotate": {"xlsx"}, "output": {"csv", "xlsx"}, "preexist": {"csv"},
		"ledger": {"db"}, "ca-file": {"pem", "crt", "cer"}, "metrics-file": {"prom"}, "log-file": {"log", "json", "jsonl"},
		"api-key-file": nil, "notify-url-file": nil, "issued": {"csv"}, "secret-file": nil, "approvers": nil, "users": nil, "tls-cert": {"pem", "crt"}, "tls-key": {"pem", "key"}, "key": nil, "plan": {"json"}, "link-file": nil, "webhook-secret-file": nil, "webhook-old-secret-file": nil, "state": nil, "emergency": {"emergency"},
	}
}

// inputExtensions returns the extensions of lists of customers.
func inputExtensions() []string { return []string{"csv", "tsv", "gz", "xlsx", "jsonl", "ndjson"} }

// valueWords returns the words that a flag accepts, or examples of its form.
func valueWords() map[string][]string {
	return map[string][]string{
		"again":  {string(ledger.Rejected), string(ledger.Duplicate)},
		"accept": {pipeline.CodeIDKnown, pipeline.CodeLooksOnboarded},
		"run":    {lastRun}, "carry": {"all"}, "proxy": {"env"}, "workers": {"auto"}, "max-errors": {"none"},
		"rate":               {"5/s", "300/m", "1000/h", "unlimited"},
		"delimiter":          {",", ";", "|", "tab"},
		"encoding":           {"utf-8", "utf-16", "windows-1252", "iso-8859-1", "iso-8859-15", "macintosh", "gbk", "shift_jis", "big5", "euc-kr"},
		"signature-header":   {"X-Webhook-Signature"},
		"webhook-header":     {"X-Webhook-Signature"},
		"webhook-generation": {"1", "2", "3"},
		"phone-region":       append([]string{validate.RegionColumn}, phone.Regions()...),
		"value":              {validate.FieldTerms + ":ja=true", validate.FieldCountryCode + ":Germany=DE"},
		"join":               {validate.FieldAddress + "=Street+Number"},
		"leave-out":          {source.StruckOutRows, source.NoCustomerRows},
		"since":              {"24h"},
		"listen":             {anyFreePort},
		"older-than":         {"7d"},
	}
}

// anyFreePort is where web listens unless it is told otherwise.
const anyFreePort = "127.0.0.1:0"

// argumentCompletion returns the completion of the arguments of a command.
func argumentCompletion(command string) cobra.CompletionFunc {
	extensions := map[string][]string{
		"run": inputExtensions(), "validate": inputExtensions(), "plan": inputExtensions(), "links recover": inputExtensions(), "links renew": inputExtensions(),
		"approve": {"json"}, "approve keygen": {"key"}, "template": {"csv", "xlsx"}, "report": {"csv", "xlsx", "html", "json"}, "links export": {"csv", "xlsx"}, "cards plan": {"csv"}, "kyc import": {"json", "jsonl"},
		"ledger backup": {"db"}, "ledger restore": {"db", "csv", "xlsx", "json"}, "ledger import": {"csv", "xlsx", "json"}, "ledger export": {"jsonl"}, "ledger copy": {"db"}, "ledger merge": {"emergency"},
		"ledger log": {"txt", "jsonl"}, "ledger forget": {"txt", "csv"}, "ledger readmit": {"txt", "csv"}, "ledger resolve": {"csv", "tsv", "xlsx"},
	}
	if list, ok := extensions[command]; ok {
		return files(list...)
	}
	if command == "approve policy" {
		return words(plans.PolicyTwoPersons, plans.PolicyNone)
	}
	if command == "ledger rebind" {
		return words(settings.Production, settings.Staging, settings.Sandbox)
	}
	return words()
}

// words proposes these and no files.
func words(list ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp)
}

// files proposes files with these extensions, or all files.
func files(extensions ...string) cobra.CompletionFunc {
	if len(extensions) == 0 {
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	}
	return cobra.FixedCompletions(extensions, cobra.ShellCompDirectiveFilterFileExt)
}

// pairs proposes names that = follows.
func pairs(names []string) cobra.CompletionFunc {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = name + "="
	}
	return cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace)
}

// lists proposes one more word of a list that commas separate.
func lists(list []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndex(typed, ",")+1]
		given := strings.Split(before, ",")
		var all []string
		for _, word := range list {
			if !slices.Contains(given, word) {
				all = append(all, before+word)
			}
		}
		return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

func statusWords() []string {
	var all []string
	for _, s := range ledger.Statuses() {
		all = append(all, string(s))
	}
	return all
}

func faultWords() []string {
	var all []string
	for _, f := range sandbox.FaultNames() {
		all = append(all, f.Name)
	}
	return all
}
