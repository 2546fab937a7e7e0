package term

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestJSONLines(t *testing.T) {
	var out bytes.Buffer
	s := &Stream{W: &out}
	s.WriteJSON(true)
	fmt.Fprint(s, "one")
	fmt.Fprint(s, " line\n\n  warning: \"two\" $HOME\u001b[2J\nbulkonboard: thr")
	fmt.Fprint(s, "ee\nwhat now? ")
	fmt.Fprintln(s.LogWriter(), `{"msg":"event"}`)
	s.EndLine()
	s.EndLine()
	var got []string
	for line := range strings.Lines(out.String()) {
		var m struct{ Level, Msg, Text string }
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		got = append(got, strings.Join([]string{m.Level, m.Msg, m.Text}, "|"))
	}
	want := []string{"INFO|message|one line", `WARN|message|warning: "two" $HOME\u001b[2J`, "ERROR|message|bulkonboard: three", "|event|", "INFO|message|what now?"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if strings.Contains(out.String(), "$") {
		t.Errorf("a shell would expand %s", out.String())
	}
}
