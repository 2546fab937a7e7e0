package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// trial is run with the settings of the file and the environment, and without
// input: what run would refuse before it opens anything, `config check` tells.
type trial struct {
	app   *term.Console
	run   *cobra.Command
	flags runFlags
	file  map[string]setting
	all   []error
}

func newTrial(con *term.Console, file map[string]setting) *trial {
	t := &trial{app: con, file: file, run: &cobra.Command{Use: "run"}}
	t.flags.flags(t.run.Flags())
	_ = fillFrom(con, t.run, file) // values that are wrong by themselves have been told
	return t
}

// mistakes lists what is wrong, each with the place of a setting that has to do
// with it.
func (t *trial) mistakes() []error {
	for _, m := range t.flags.mistakes() {
		t.wrong(m.err, m.flags...)
	}
	t.target()
	t.input()
	t.files()
	return t.all
}

// wrong places a mistake at the first of the flags that is set.
func (t *trial) wrong(err error, flags ...string) {
	if err == nil {
		return
	}
	for _, name := range flags {
		set, ok := fromEnv(t.app, name)
		if !ok {
			set, ok = t.file[name]
		}
		if ok {
			t.all = append(t.all, set.places[0].wrong(name, err))
			return
		}
	}
	t.all = append(t.all, err)
}

// each tries the values of a flag one by one.
func (t *trial) each(flag string, values []string, try func(value string) error) {
	set, ok := fromEnv(t.app, flag)
	if !ok {
		set = t.file[flag]
	}
	for _, v := range values {
		err := try(v)
		if err == nil {
			continue
		}
		if i := slices.Index(set.values, v); i >= 0 {
			err = set.places[i].wrong(flag, err)
		}
		t.all = append(t.all, err)
	}
}

// target checks whom the settings choose, and who may choose it.
func (t *trial) target() {
	f := &t.flags
	if f.ledger == "" {
		f.ledger = "any" // it may be given on the command line
	}
	key := sandboxKeyName
	if f.keyFile != "" || strings.TrimSpace(t.app.Env[envKey]) != "" {
		given, failed := apiKey(t.app, f.keyFile)
		t.wrong(failed, "api-key-file")
		key = cmp.Or(given, key)
	}
	t.play()
	t.client(partner.Config{BaseURL: stagingBase, CAFile: f.caFile}, "ca-file")
	t.client(partner.Config{BaseURL: stagingBase, Proxy: f.proxy.text}, "proxy")
	to, err := f.resolve(levels(t.run))
	if err != nil {
		t.wrong(err, "env", "sandbox", "base-url", "fresh")
		return
	}
	if to.base != "" { // the sandbox's own is known when it listens
		t.client(partner.Config{BaseURL: to.base, Key: key}, "base-url", "api-key-file")
		t.wrong(to.contradicts(key), "env", "api-key-file")
	}
}

// client checks a part of what the partner is talked to with.
func (t *trial) client(c partner.Config, flags ...string) {
	c.Key = cmp.Or(c.Key, sandboxKeyName)
	client, err := partner.New(c)
	if err == nil {
		client.CloseIdle()
	}
	t.wrong(inWords(err), flags...)
}

// play checks how the simulated partner is to behave.
func (t *trial) play() {
	cfg, err := t.flags.play.config()
	if err == nil {
		var server *sandbox.Server
		if server, err = sandbox.New(cfg); err == nil {
			err = server.Close()
		}
	}
	t.wrong(err, "sandbox-fault", "sandbox-latency", "sandbox-preexist", "sandbox-balance", "sandbox-fee")
}

// input checks how the input is to be read and which rules it is held to.
func (t *trial) input() {
	f := &t.flags
	alone := func(set func(*inputFlags)) error {
		var i inputFlags
		set(&i)
		if _, err := i.rules(false); err != nil {
			return err
		}
		opt, err := i.options()
		if err != nil {
			return err
		}
		return opt.Validate()
	}
	pair := func(to func(*inputFlags) *pairs) func(string) error {
		return func(text string) error {
			return alone(func(i *inputFlags) { _ = to(i).Set(text) }) // it could be set before
		}
	}
	t.wrong(alone(func(i *inputFlags) { i.phoneRegion = f.phoneRegion }), "phone-region")
	t.wrong(alone(func(i *inputFlags) { i.delimiter = f.delimiter }), "delimiter")
	t.wrong(alone(func(i *inputFlags) { i.encoding = f.encoding }), "encoding")
	t.wrong(alone(func(i *inputFlags) { i.mapFile = f.mapFile }), "map-file")
	t.each("map", f.mapping.texts(), pair(func(i *inputFlags) *pairs { return &i.mapping }))
	t.each("default", f.defaults.texts(), pair(func(i *inputFlags) *pairs { return &i.defaults }))
	t.each("send", f.send.texts(), pair(func(i *inputFlags) *pairs { return &i.send }))
}

// files checks the names of what is written, and whether there is a place for it.
func (t *trial) files() {
	f := &t.flags
	before := len(t.all)
	t.each("report", f.reports, func(path string) error {
		if _, err := report.KindOf(path); err != nil {
			return err
		}
		return placeFor(path)
	})
	if _, err := newOutputs(f.reports, f.rejects, nil, "", f.ledger); err != nil && len(t.all) == before {
		t.wrong(err, "rejects", "report")
	}
	if f.annotate != "" {
		t.wrong(annotatable(f.annotate, nil), "annotate")
	}
	for _, made := range [][2]string{{"rejects", f.rejects}, {"annotate", f.annotate}, {"metrics-file", f.metricsFile}, {"log-file", f.file}, {"ledger", f.ledger}} {
		if made[1] != "" {
			t.wrong(placeFor(made[1]), made[0])
		}
	}
}

// placeFor names the directory of a file if it is not there: the system's own
// words do not say which.
func placeFor(path string) error {
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: there is no directory %s", path, dir)
	}
	return nil
}
