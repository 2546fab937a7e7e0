package access

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

func hash(t *testing.T, password string) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), minBcryptCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(h)
}

func TestUsers(t *testing.T) {
	users, err := ParseUsers("\n# our team\nsabine : prepare, see :" + hash(t, "päss:wörd") + "\r\njonas:approve:" + hash(t, "x") + "\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, password string
		want           bool
	}{
		{"sabine", "päss:wörd", true}, {"SABINE", "päss:wörd", true}, {"sabine", "päss:wörd ", false}, {"sabine", "", false}, {"sabine", strings.Repeat("x", 2000), false},
		{"jonas", "x", true}, {"jonas", "päss:wörd", false}, {"", "x", false}, {"eve", "x", false}, {"eve", "päss:wörd", false}, // that of the first user
	} {
		if u, got := users.Verify(c.name, c.password); got != c.want || got != (u.Name != "") {
			t.Errorf("%s: %t %+v", c.name, got, u)
		}
	}
	u, _ := users.Verify("sabine", "päss:wörd")
	if !u.HasAny(api.Prepare) || !u.HasAny(api.See) || u.HasAny(api.Approve) || !u.HasAny() || u.Name != "sabine" {
		t.Errorf("%+v", u)
	}
	if got := users.Names(func(u User) bool { return u.HasAny(api.Approve) }); len(got) != 1 || got[0] != "jonas" {
		t.Errorf("%v", got)
	}
	others, err := ParseUsers("a:see:" + strings.Replace(hash(t, "correct horse"), "$2a$", "$2y$", 1)) // as htpasswd writes it
	if err != nil {
		t.Fatal(err)
	}
	if _, isRight := others.Verify("a", "correct horse"); !isRight {
		t.Error("a hash of htpasswd does not match its password")
	}
	if _, isRight := others.Verify("a", "Correct horse"); isRight {
		t.Error("a hash of htpasswd matches another password")
	}
	if !(User{Roles: []api.Role{api.Approve}}).HasAny(api.See) || (User{}).HasAny(api.See) {
		t.Error("whoever approves may see; whoever has no role may not")
	}
}

func TestRefusedUsers(t *testing.T) {
	good := hash(t, "x")
	for name, text := range map[string]string{
		"empty":        "\n# nobody\n",
		"no hash":      "a:see",
		"no role":      "a::" + good,
		"unknown role": "a:admin:" + good,
		"no name":      ":see:" + good,
		"control":      "a\tb\x01:see:" + good,
		"twice":        "a:see:" + good + "\nA:see:" + good,
		"plain":        "a:see:secretpassword",
		"cheap":        "a:see:$2a$04$uxNMb3R9Sbz0Ll0LKOgHUOAy0Y5RY2nlTXxcjQD3bVfAvpUcHGqEm",
		"dear":         "a:see:$2a$31$uxNMb3R9Sbz0Ll0LKOgHUOAy0Y5RY2nlTXxcjQD3bVfAvpUcHGqEm",
		"cut":          "a:see:" + good[:len(good)-30],
		"argon2id":     "a:see:$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5a2V5a2V5",
	} {
		if _, err := ParseUsers(text); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "secretpassword") || strings.Contains(err.Error(), "$") {
			t.Errorf("%s: the error has the hash: %v", name, err)
		}
	}
}

// An attempt on one user, or from one address, does not lock the others out.
func TestAttempts(t *testing.T) {
	var a attempts
	for range maxAttempts {
		if _, isAllowed := a.begin("from 1", "user a"); !isAllowed {
			t.Fatal("refused too early")
		}
	}
	for _, c := range []struct {
		keys []string
		want bool
	}{{[]string{"from 1", "user b"}, false}, {[]string{"from 2", "user a"}, false}, {[]string{"from 2", "user b"}, true}} {
		if _, isAllowed := a.begin(c.keys...); isAllowed != c.want {
			t.Errorf("%v: %t", c.keys, isAllowed)
		}
	}
	a.succeed("from 1", "user a")
	if _, isAllowed := a.begin("from 1", "user a"); !isAllowed {
		t.Error("refused after a success")
	}
}

func TestLog(t *testing.T) {
	dir := t.TempDir()
	open := func() *Log {
		l, err := OpenLog(dir)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := open()
	by := Visitor{User: User{Name: "sabine"}, From: "127.0.0.1"}
	for _, action := range []string{"upload", "cells", "cells"} {
		if err := l.Add(by, api.LogEntry{Action: action, User: "someone else", List: "k"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "log.jsonl")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(before, `{"torn`...), 0o600); err != nil {
		t.Fatal(err)
	}
	l = open()
	if err := l.Add(by, api.LogEntry{Action: "discard"}); err != nil {
		t.Fatal(err)
	}
	all := func(*api.LogEntry) bool { return true }
	got, err := l.Read(all, 0, 10)
	if err != nil || got.Total != 4 || got.Entries[0].Action != "discard" || got.Entries[3].Action != "upload" || got.Entries[3].User != "sabine" {
		t.Errorf("%+v %v", got, err)
	}
	got, err = l.Read(func(e *api.LogEntry) bool { return e.Action == "cells" }, 1, 10)
	if err != nil || got.Total != 2 || len(got.Entries) != 1 {
		t.Errorf("%+v %v", got, err)
	}
	if got, err = l.Read(all, 9, 10); err != nil || len(got.Entries) != 0 || got.Entries == nil {
		t.Errorf("%+v %v", got, err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(after), string(before)) {
		t.Errorf("earlier lines have changed: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Add(by, api.LogEntry{Action: "links"}); err == nil {
		t.Error("a closed log accepts an entry")
	}
}
