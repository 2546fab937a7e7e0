package postgres

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAddress(t *testing.T) {
	services := filepath.Join(t.TempDir(), "services.conf")
	if err := os.WriteFile(services, []byte("[far]\nhost=db.example.com\nuser=u\npassword=CANARY\n[weak]\nhost=db.example.com\nsslmode=disable\n[near]\nhost=localhost\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGSERVICEFILE", services)
	for _, c := range []struct {
		text, mode, refusal, schema string // mode: of the environment
		isEncrypted                 bool
	}{
		{text: "postgres://u@db.example.com/x", schema: "bulkonboard", isEncrypted: true},
		{text: "postgres://u@db1.example.com,db2.example.com/x?schema=prod", schema: "prod", isEncrypted: true},
		{text: "postgres://u@db.example.com/x?sslmode=require", schema: "bulkonboard", isEncrypted: true},
		{text: "postgres://u@db.example.com/x?sslmode=prefer", refusal: "sslmode=verify-full"},
		{text: "postgres://u@db.example.com/x?sslmode=allow", refusal: "sslmode=verify-full"},
		{text: "postgres://u@db.example.com/x?sslmode=disable", refusal: "sslmode=verify-full"},
		{text: "postgres://u@127.0.0.1,db.example.com/x?sslmode=disable", refusal: "sslmode=verify-full"},
		{text: "postgres://u@db.example.com/x", mode: "disable", refusal: "sslmode=verify-full"},
		{text: "postgres://u@127.0.0.1/x", schema: "bulkonboard"},
		{text: "postgres://u@[::1]/x?sslmode=disable", schema: "bulkonboard"},
		{text: "postgresql:///x?host=/run/postgresql", schema: "bulkonboard"},
		{text: "postgres://u:CANARY@db.example.com/x", refusal: "PGPASSFILE"},
		{text: "postgres://u:CANARY%zz@db.example.com/x", refusal: "cannot read the URL"},
		{text: "postgres://u@db.example.com/x?password=CANARY", refusal: "PGPASSFILE"},
		{text: "postgres://u@db.example.com/x?schema=a;b", refusal: "cannot read the URL"},
		{text: "postgres://u@db.example.com/x?schema=%22", refusal: "schema"},
		{text: "postgres://u@db.example.com:abc/x", refusal: "cannot read"},
		{text: "postgres://u@db.example.com/x?sslrootcert=/none/ca.crt", refusal: "cannot read /none/ca.crt"},
		{text: "postgres://u@db.example.com/x?sslpassword=CANARY", refusal: "PGPASSFILE"},
		{text: "service=far schema=prod", schema: "prod", isEncrypted: true},
		{text: "service=weak", schema: "bulkonboard", isEncrypted: true},
		{text: "service=near", schema: "bulkonboard"},
		{text: "service=far password=CANARY", refusal: "PGPASSFILE"},
		{text: "service=far user=x", refusal: "nothing else"},
	} {
		t.Run(c.text, func(t *testing.T) {
			t.Setenv("PGSSLMODE", c.mode)
			a, err := parseAddress(c.text)
			if c.refusal != "" {
				if !errors.Is(err, ErrAddress) || !strings.Contains(err.Error(), c.refusal) || strings.Contains(err.Error(), "CANARY") {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			isEncrypted := a.config.TLSConfig != nil
			for _, f := range a.config.Fallbacks {
				isEncrypted = isEncrypted && f.TLSConfig != nil
			}
			if a.schema != c.schema || isEncrypted != c.isEncrypted {
				t.Errorf("schema %s, encrypted %t", a.schema, isEncrypted)
			}
			if strings.HasPrefix(c.text, "postgres://u@db.") && !strings.Contains(c.text, "require") && a.config.TLSConfig.ServerName != "db.example.com" {
				t.Errorf("the server's name is not verified: %q", a.config.TLSConfig.ServerName)
			}
		})
	}
}
