package main

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
)

// expectEvents holds a log to the list of events that the reference prints.
func expectEvents(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: events FILE EVENT...")
	}
	seen := map[string]bool{}
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		var members map[string]any
		if err := json.Unmarshal([]byte(line), &members); err != nil {
			ts.Fatalf("not JSON: %s", line)
		}
		name, _ := members["msg"].(string)
		level, _ := members["level"].(string)
		seen[name] = true
		i := slices.IndexFunc(session.Events(), func(e session.Event) bool { return e.Name == name })
		if i < 0 {
			if level != "WARN" && level != "ERROR" {
				ts.Fatalf("not in the list of events: %s", line)
			}
			continue
		}
		e := session.Events()[i]
		for _, m := range append([]string{"time", "level", "msg"}, e.Members...) {
			if _, ok := members[m]; !ok {
				ts.Fatalf("without %s: %s", m, line)
			}
			delete(members, m)
		}
		for m := range members {
			if !slices.Contains(e.Options, m) {
				ts.Fatalf("%s is not documented: %s", m, line)
			}
		}
	}
	for _, want := range args[1:] {
		if !seen[want] {
			ts.Fatalf("no event %q", want)
		}
	}
}
