package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger/postgres"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// configCheck is run with the settings of the file and the environment, and without
// input: what run would refuse before it opens anything, `config check` lists.
type configCheck struct {
	con   *term.Console
	run   *cobra.Command
	flags settings.RunFlags
	file  map[string]settings.Setting
	all   []error
}

func newConfigCheck(con *term.Console, file map[string]settings.Setting) *configCheck {
	check := &configCheck{con: con, file: file, run: &cobra.Command{Use: "run"}}
	check.flags.AddFlags(check.run)
	_ = settings.FillFrom(con, check.run, file) // values that are wrong by themselves have been listed
	return check
}

// findMistakes lists what is wrong, each with the place of a setting that has to do
// with it.
func (check *configCheck) findMistakes() []error {
	for _, m := range check.flags.Conflicts() {
		check.addMistake(m.Err, m.Flags...)
	}
	check.checkTarget()
	check.checkInput()
	check.checkFiles()
	return check.all
}

// addMistake places a mistake at the first of the flags that is set.
func (check *configCheck) addMistake(err error, flags ...string) {
	if err == nil {
		return
	}
	for _, name := range flags {
		set, ok := settings.ReadEnvironment(check.con, name)
		if !ok {
			set, ok = check.file[name]
		}
		if ok {
			check.all = append(check.all, set.Places[0].Locate(name, err))
			return
		}
	}
	check.all = append(check.all, err)
}

// tryValues tries the values of a flag one by one.
func (check *configCheck) tryValues(flag string, values []string, try func(value string) error) {
	set, ok := settings.ReadEnvironment(check.con, flag)
	if !ok {
		set = check.file[flag]
	}
	for _, v := range values {
		err := try(v)
		if err == nil {
			continue
		}
		if i := slices.Index(set.Values, v); i >= 0 {
			err = set.Places[i].Locate(flag, err)
		}
		check.all = append(check.all, err)
	}
}

// checkTarget checks whom the settings choose, and who may choose it.
func (check *configCheck) checkTarget() {
	f := &check.flags
	if f.Ledger == "" {
		f.Ledger = "any" // it may be given on the command line
	}
	key := settings.SandboxKeyName
	if f.KeyFile != "" || strings.TrimSpace(check.con.Env[settings.KeyVariable]) != "" {
		given, failed := settings.ReadAPIKey(check.con, f.KeyFile)
		check.addMistake(failed, "api-key-file")
		key = cmp.Or(given, key)
	}
	check.checkSandbox()
	check.checkClient(partner.Config{BaseURL: settings.StagingURL, CAFile: f.CAFile}, "ca-file")
	check.checkClient(partner.Config{BaseURL: settings.StagingURL, Proxy: f.Proxy.Text}, "proxy")
	to, err := f.Resolve(settings.LevelsOf(check.run))
	if err != nil {
		check.addMistake(err, "env", "sandbox", "base-url", "fresh")
		return
	}
	if to.BaseURL != "" { // the sandbox's own is known when it listens
		check.checkClient(partner.Config{BaseURL: to.BaseURL, Key: key}, "base-url", "api-key-file")
		check.addMistake(to.CheckKey(key), "env", "api-key-file")
	}
}

// checkClient checks a part of what the partner is talked to with.
func (check *configCheck) checkClient(c partner.Config, flags ...string) {
	c.Key = cmp.Or(c.Key, settings.SandboxKeyName)
	client, err := partner.New(c)
	if err == nil {
		client.CloseIdle()
	}
	check.addMistake(session.NameFlag(err), flags...)
}

// checkSandbox checks how the simulated partner is to behave.
func (check *configCheck) checkSandbox() {
	cfg, err := check.flags.Play.SandboxConfig()
	if err == nil {
		var server *sandbox.Server
		if server, err = sandbox.New(cfg); err == nil {
			err = server.Close()
		}
	}
	check.addMistake(err, "sandbox-fault", "sandbox-latency", "sandbox-preexist", "sandbox-balance", "sandbox-fee")
}

// checkInput checks how the input is to be read and which rules it is held to.
func (check *configCheck) checkInput() {
	f := &check.flags
	alone := func(set func(*settings.InputFlags)) error {
		var i settings.InputFlags
		set(&i)
		if _, err := i.Rules(false); err != nil {
			return err
		}
		opt, err := i.SourceOptions()
		if err != nil {
			return err
		}
		return opt.Validate()
	}
	pair := func(to func(*settings.InputFlags) *settings.Pairs) func(string) error {
		return func(text string) error {
			return alone(func(i *settings.InputFlags) { _ = to(i).Set(text) }) // it could be set before
		}
	}
	check.addMistake(alone(func(i *settings.InputFlags) { i.PhoneRegion = f.PhoneRegion }), "phone-region")
	check.tryValues("value", f.Words.Texts(), func(text string) error {
		return alone(func(i *settings.InputFlags) { _ = i.Words.Set(text) })
	})
	check.tryValues("join", f.Joins.Texts(), func(text string) error {
		return alone(func(i *settings.InputFlags) { _ = i.Joins.Set(text) })
	})
	check.addMistake(alone(func(i *settings.InputFlags) { i.Delimiter = f.Delimiter }), "delimiter")
	check.addMistake(alone(func(i *settings.InputFlags) { i.Encoding = f.Encoding }), "encoding")
	check.addMistake(alone(func(i *settings.InputFlags) { i.MapFile = f.MapFile }), "map-file")
	check.tryValues("map", f.Mapping.Texts(), pair(func(i *settings.InputFlags) *settings.Pairs { return &i.Mapping }))
	check.tryValues("default", f.Defaults.Texts(), pair(func(i *settings.InputFlags) *settings.Pairs { return &i.Defaults }))
	check.tryValues("send", f.Send.Texts(), pair(func(i *settings.InputFlags) *settings.Pairs { return &i.Send }))
}

// checkFiles checks the names of what is written, and whether there is a place for it.
func (check *configCheck) checkFiles() {
	f := &check.flags
	before := len(check.all)
	check.tryValues("report", f.Reports, func(path string) error {
		if _, err := report.KindOf(path); err != nil {
			return err
		}
		return outputs.CheckDirectory(path)
	})
	if _, err := outputs.New(f.Reports, f.Rejects, nil, "", f.Ledger); err != nil && len(check.all) == before {
		check.addMistake(err, "rejects", "report")
	}
	if f.Annotate != "" {
		check.addMistake(outputs.CheckAnnotate(f.Annotate, nil), "annotate")
	}
	for _, made := range [][2]string{{"rejects", f.Rejects}, {"annotate", f.Annotate}, {"metrics-file", f.MetricsFile}, {"log-file", f.File}, {"ledger", f.Ledger}} {
		if made[1] != "" && !postgres.IsAddress(made[1]) { // Resolve has checked an address
			check.addMistake(outputs.CheckDirectory(made[1]), made[0])
		}
	}
}
