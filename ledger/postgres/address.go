package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ErrAddress says that an address cannot be used.
var ErrAddress = errors.New("not a usable address of a ledger in PostgreSQL")

// defaultSchema is the schema of an address that names none.
const defaultSchema = "bulkonboard"

// IsAddress reports whether a ledger's name is an address in PostgreSQL, and not a file.
func IsAddress(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://") || strings.HasPrefix(name, "service=")
}

// address says where a ledger is.
type address struct {
	text   string // as given; it holds no secret
	schema string
	config *pgx.ConnConfig
}

// CheckAddress returns ErrAddress, with what to change, for an address that cannot be
// used. It connects to nothing.
func CheckAddress(text string) error {
	_, err := parseAddress(text)
	return err
}

// parseAddress reads postgres://user@host/database?schema=name, or service=name with
// schema=name behind it. No error names a password.
func parseAddress(text string) (address, error) {
	a := address{text: text, schema: defaultSchema}
	var rest, mode string
	var err error
	if strings.HasPrefix(text, "service=") {
		rest, err = a.readWords(text)
	} else {
		rest, mode, err = a.readURL(text)
	}
	if err != nil {
		return a, err
	}
	if !regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`).MatchString(a.schema) {
		return a, fmt.Errorf("--ledger: schema=%q: use 1 to 63 small letters, digits and underscores: %w", a.schema, ErrAddress)
	}
	if mode == "" {
		mode = os.Getenv("PGSSLMODE")
	}
	if a.config, err = pgx.ParseConfig(rest); err != nil {
		if file := (*fs.PathError)(nil); errors.As(err, &file) {
			return a, fmt.Errorf("--ledger: cannot read %s, which the address or the environment names: %w: %w", file.Path, file.Err, ErrAddress)
		}
		return a, fmt.Errorf("--ledger: cannot read the address; use postgres://USER@HOST/DATABASE?schema=NAME, or service=NAME: %w", ErrAddress)
	}
	if !a.isProtected() && mode == "" {
		separator := " "
		if strings.Contains(rest, "://") {
			separator = "&"
		}
		a.config, err = pgx.ParseConfig(rest + separator + "sslmode=verify-full")
	}
	if err != nil || !a.isProtected() {
		return a, fmt.Errorf("--ledger: sslmode=%s would send customers unprotected to %s: use sslmode=verify-full: %w", mode, a.config.Host, ErrAddress)
	}
	if len(a.config.Fallbacks) > 0 {
		a.config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	return a, nil
}

// readURL returns the address without its schema, and its sslmode.
func (a *address) readURL(text string) (rest, mode string, err error) {
	u, err := url.Parse(text)
	var q url.Values
	if err == nil {
		q, err = url.ParseQuery(u.RawQuery)
	}
	if err != nil {
		return "", "", fmt.Errorf("--ledger: cannot read the URL: %w", ErrAddress) // the error of net/url would show it
	}
	_, hasPassword := u.User.Password()
	if hasPassword || q.Has("password") || q.Has("sslpassword") {
		return "", "", errPassword()
	}
	if q.Has("schema") {
		a.schema = q.Get("schema")
	}
	q.Del("schema")
	if !q.Has("application_name") {
		q.Set("application_name", "bulkonboard")
	}
	u.RawQuery = q.Encode()
	return u.String(), q.Get("sslmode"), nil
}

// readWords returns service=NAME without its schema.
func (a *address) readWords(text string) (rest string, err error) {
	var words []string
	for word := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "password", "sslpassword":
			return "", errPassword()
		case "schema":
			a.schema = value
		case "service":
			words = append(words, word)
		default:
			return "", fmt.Errorf("--ledger: service=NAME can have schema=NAME behind it, and nothing else: %w", ErrAddress)
		}
	}
	return strings.Join(words, " ") + " application_name=bulkonboard", nil
}

// errPassword refuses an address with a password in it.
func errPassword() error {
	return fmt.Errorf("--ledger: every user of this machine can read a password on the command line; put it into PGPASSFILE (~/.pgpass), a service file or PGPASSWORD: %w", ErrAddress)
}

// isProtected reports whether every way to the server is encrypted, or stays on this
// machine.
func (a *address) isProtected() bool {
	if a.config.TLSConfig == nil && !isLocal(a.config.Host) {
		return false
	}
	for _, f := range a.config.Fallbacks {
		if f.TLSConfig == nil && !isLocal(f.Host) {
			return false
		}
	}
	return true
}

// isLocal reports whether a host is this machine.
func isLocal(host string) bool {
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
