package postgres

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/postgres/pgtest"
)

// authority is a certificate authority of a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	cert, key := newCertificate(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, authority{})
	return authority{cert, key}
}

// newCertificate makes a certificate, which the authority signs; it signs itself without one.
func newCertificate(t *testing.T, c *x509.Certificate, by authority) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber, c.Subject, c.NotAfter = big.NewInt(1), pkix.Name{CommonName: "test"}, time.Now().Add(time.Hour)
	parent, signer := by.cert, by.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err = x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c, key
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// serveTLS restarts a server with TLS, and a certificate for the name localhost.
func serveTLS(t *testing.T, cluster *pgtest.Cluster, by authority) {
	t.Helper()
	cert, key := newCertificate(t, &x509.Certificate{DNSNames: []string{"localhost"}}, by)
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile := cluster.WriteFile(t, "server.crt", pemOf("CERTIFICATE", cert.Raw))
	keyFile := cluster.WriteFile(t, "server.key", pemOf("EC PRIVATE KEY", der))
	hba := cluster.WriteFile(t, "hba.conf", "host all hana 127.0.0.1/32 scram-sha-256\nhost all hana ::1/128 scram-sha-256\nhost all all 127.0.0.1/32 trust\n")
	cluster.Stop(t, syscall.SIGQUIT)
	cluster.Run(t, "ssl=on", "ssl_cert_file="+certFile, "ssl_key_file="+keyFile, "hba_file="+hba)
}

// TestTLS: what cannot be trusted is refused at once, as a mistake of the address.
func TestTLS(t *testing.T) {
	cluster, ours, theirs := shared.Start(t), newAuthority(t), newAuthority(t)
	dir := t.TempDir()
	for name, a := range map[string]authority{"ours.pem": ours, "theirs.pem": theirs} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(pemOf("CERTIFICATE", a.cert.Raw)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PGPASSWORD", "CANARY")
	check := func(host, parameters, user, refusal string) {
		t.Helper()
		o := optionsFor(strings.Replace(cluster.AddressOf(host, parameters), "//postgres@", "//"+user+"@", 1))
		o.Create = true
		l, err := Open(t.Context(), o)
		if err == nil {
			err = l.Close()
		}
		_, asked := Exists(t.Context(), o.Address)
		for _, err := range []error{err, asked} {
			if refusal == "" && err != nil || refusal != "" && (!errors.Is(err, ErrAddress) || !strings.Contains(err.Error(), refusal) || strings.Contains(err.Error(), "CANARY")) {
				t.Errorf("%s %s: %v, want %q", host, parameters, err, refusal)
			}
		}
	}
	check("localhost", "sslmode=verify-full&sslrootcert="+filepath.Join(dir, "ours.pem"), "postgres", "offers no TLS")
	check("127.0.0.1", "schema=any", "nobody", "refused the user or the password") // with neither TLS nor such a user
	serveTLS(t, cluster, ours)
	check("localhost", "sslmode=verify-full&sslrootcert="+filepath.Join(dir, "ours.pem"), "postgres", "")
	check("localhost", "sslmode=verify-full&sslrootcert="+filepath.Join(dir, "theirs.pem"), "postgres", "sslrootcert=FILE")
	check("localhost", "sslmode=verify-full", "postgres", "sslrootcert=FILE")
	check("127.0.0.1", "sslmode=verify-full&sslrootcert="+filepath.Join(dir, "ours.pem"), "postgres", "not one of the name")
	check("127.0.0.1", "sslmode=disable", "hana", "refused the user or the password")
	if _, err := Open(t.Context(), optionsFor(strings.Replace(cluster.AddressOf("127.0.0.1", "sslmode=disable"), "/postgres?", "/nowhere?", 1))); !errors.Is(err, ErrAddress) {
		t.Errorf("a database that does not exist: %v", err)
	}
}

// TestPooler: a ledger works through a pooler that gives each client a session of its own,
// and any other is refused in one sentence.
func TestPooler(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	direct := openNew(t, cluster)
	for _, mode := range []string{"session", "transaction", "statement"} {
		port := strconv.Itoa(cluster.StartBouncer(t, mode))
		o := optionsFor("postgres://anyone@127.0.0.1:" + port + "/postgres?sslmode=disable&schema=pooled_" + mode)
		o.Create = true
		l, err := Open(t.Context(), o)
		if mode != "session" {
			if !errors.Is(err, ledger.ErrUnsafe) || !strings.Contains(err.Error(), "pool_mode = session") {
				t.Errorf("%s: %v", mode, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		b := registerRows(t, l, "list", 100, func(i int) ledger.Row { return rowOf(i, "a") })
		sendRows(t, l, b.ID, beginRun(t, l, b.ID), 0, 100)
		checkSound(t, l)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := direct.CheckWritable(t.Context()); err != nil {
		t.Error(err)
	}
}
