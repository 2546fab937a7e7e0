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
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// configCheck is run with the settings of the file and the environment, and without
// input: what run would refuse before it opens anything, `config check` lists.
type configCheck struct {
	app   *term.Console
	run   *cobra.Command
	flags settings.RunFlags
	file  map[string]settings.Setting
	all   []error
}

func newConfigCheck(con *term.Console, file map[string]settings.Setting) *configCheck {
	t := &configCheck{app: con, file: file, run: &cobra.Command{Use: "run"}}
	t.flags.AddFlags(t.run)
	_ = settings.FillFrom(con, t.run, file) // values that are wrong by themselves have been listed
	return t
}

// findMistakes lists what is wrong, each with the place of a setting that has to do
// with it.
func (t *configCheck) findMistakes() []error {
	for _, m := range t.flags.Conflicts() {
		t.addMistake(m.Err, m.Flags...)
	}
	t.checkTarget()
	t.checkInput()
	t.checkFiles()
	return t.all
}

// addMistake places a mistake at the first of the flags that is set.
func (t *configCheck) addMistake(err error, flags ...string) {
	if err == nil {
		return
	}
	for _, name := range flags {
		set, ok := settings.ReadEnvironment(t.app, name)
		if !ok {
			set, ok = t.file[name]
		}
		if ok {
			t.all = append(t.all, set.Places[0].Locate(name, err))
			return
		}
	}
	t.all = append(t.all, err)
}

// tryValues tries the values of a flag one by one.
func (t *configCheck) tryValues(flag string, values []string, try func(value string) error) {
	set, ok := settings.ReadEnvironment(t.app, flag)
	if !ok {
		set = t.file[flag]
	}
	for _, v := range values {
		err := try(v)
		if err == nil {
			continue
		}
		if i := slices.Index(set.Values, v); i >= 0 {
			err = set.Places[i].Locate(flag, err)
		}
		t.all = append(t.all, err)
	}
}

// checkTarget checks whom the settings choose, and who may choose it.
func (t *configCheck) checkTarget() {
	f := &t.flags
	if f.Ledger == "" {
		f.Ledger = "any" // it may be given on the command line
	}
	key := settings.SandboxKeyName
	if f.KeyFile != "" || strings.TrimSpace(t.app.Env[settings.KeyVariable]) != "" {
		given, failed := settings.ReadAPIKey(t.app, f.KeyFile)
		t.addMistake(failed, "api-key-file")
		key = cmp.Or(given, key)
	}
	t.checkSandbox()
	t.checkClient(partner.Config{BaseURL: settings.StagingURL, CAFile: f.CAFile}, "ca-file")
	t.checkClient(partner.Config{BaseURL: settings.StagingURL, Proxy: f.Proxy.Text}, "proxy")
	to, err := f.Resolve(settings.LevelsOf(t.run))
	if err != nil {
		t.addMistake(err, "env", "sandbox", "base-url", "fresh")
		return
	}
	if to.BaseURL != "" { // the sandbox's own is known when it listens
		t.checkClient(partner.Config{BaseURL: to.BaseURL, Key: key}, "base-url", "api-key-file")
		t.addMistake(to.CheckKey(key), "env", "api-key-file")
	}
}

// checkClient checks a part of what the partner is talked to with.
func (t *configCheck) checkClient(c partner.Config, flags ...string) {
	c.Key = cmp.Or(c.Key, settings.SandboxKeyName)
	client, err := partner.New(c)
	if err == nil {
		client.CloseIdle()
	}
	t.addMistake(session.NameFlag(err), flags...)
}

// checkSandbox checks how the simulated partner is to behave.
func (t *configCheck) checkSandbox() {
	cfg, err := t.flags.Play.SandboxConfig()
	if err == nil {
		var server *sandbox.Server
		if server, err = sandbox.New(cfg); err == nil {
			err = server.Close()
		}
	}
	t.addMistake(err, "sandbox-fault", "sandbox-latency", "sandbox-preexist", "sandbox-balance", "sandbox-fee")
}

// checkInput checks how the input is to be read and which rules it is held to.
func (t *configCheck) checkInput() {
	f := &t.flags
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
	t.addMistake(alone(func(i *settings.InputFlags) { i.PhoneRegion = f.PhoneRegion }), "phone-region")
	t.addMistake(alone(func(i *settings.InputFlags) { i.Delimiter = f.Delimiter }), "delimiter")
	t.addMistake(alone(func(i *settings.InputFlags) { i.Encoding = f.Encoding }), "encoding")
	t.addMistake(alone(func(i *settings.InputFlags) { i.MapFile = f.MapFile }), "map-file")
	t.tryValues("map", f.Mapping.Texts(), pair(func(i *settings.InputFlags) *settings.Pairs { return &i.Mapping }))
	t.tryValues("default", f.Defaults.Texts(), pair(func(i *settings.InputFlags) *settings.Pairs { return &i.Defaults }))
	t.tryValues("send", f.Send.Texts(), pair(func(i *settings.InputFlags) *settings.Pairs { return &i.Send }))
}

// checkFiles checks the names of what is written, and whether there is a place for it.
func (t *configCheck) checkFiles() {
	f := &t.flags
	before := len(t.all)
	t.tryValues("report", f.Reports, func(path string) error {
		if _, err := report.KindOf(path); err != nil {
			return err
		}
		return outputs.CheckDirectory(path)
	})
	if _, err := outputs.New(f.Reports, f.Rejects, nil, "", f.Ledger); err != nil && len(t.all) == before {
		t.addMistake(err, "rejects", "report")
	}
	if f.Annotate != "" {
		t.addMistake(outputs.CheckAnnotate(f.Annotate, nil), "annotate")
	}
	for _, made := range [][2]string{{"rejects", f.Rejects}, {"annotate", f.Annotate}, {"metrics-file", f.MetricsFile}, {"log-file", f.File}, {"ledger", f.Ledger}} {
		if made[1] != "" {
			t.addMistake(outputs.CheckDirectory(made[1]), made[0])
		}
	}
}
