package session

import (
	"runtime/debug"
	"testing"
)

func TestVersionOf(t *testing.T) {
	vcs := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}}
	for _, test := range []struct {
		stamped string
		info    debug.BuildInfo
		want    string
	}{
		{"v1.2.3", debug.BuildInfo{Main: debug.Module{Version: "v1.0.0"}}, "v1.2.3"},
		{"", debug.BuildInfo{Main: debug.Module{Version: "v1.0.0"}, Settings: vcs}, "v1.0.0"},
		{"", debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: vcs}, "devel-0123456789ab"},
		{"", debug.BuildInfo{Settings: append(vcs[:1:1], debug.BuildSetting{Key: "vcs.modified", Value: "true"})}, "devel-0123456789ab+changes"},
		{"", debug.BuildInfo{}, "devel"},
	} {
		if got := versionOf(test.stamped, &test.info); got != test.want {
			t.Errorf("%q, %+v: %s, want %s", test.stamped, test.info, got, test.want)
		}
	}
}
