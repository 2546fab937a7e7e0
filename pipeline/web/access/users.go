package access

import (
	"bufio"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// Users are the users of a team. They are read-only, so any number of goroutines may
// use them.
type Users struct {
	list []teamUser
	none string // a hash that no password has, so that unknown names cost the same time
}

type teamUser struct {
	User

	hash string
}

const (
	maxUsers    = 1_000
	maxPassword = 1 << 10 // bytes

	// What hashes of a users file may cost at most: a hash from elsewhere must not stall
	// the machine.
	maxArgonMemory = 256 << 10 // KiB
	maxArgonPasses = 16
	maxBcryptCost  = 15

	argonMemory = 19 << 10 // KiB; this and the next two are the OWASP recommendation
	argonPasses = 2
	argonLanes  = 1
	argonSalt   = 16 // bytes
	argonKey    = 32 // bytes
)

// ParseUsers reads a users file: one user a line, NAME:ROLE,ROLE:HASH. A hash is one of
// bcrypt ($2b$...) or argon2id ($argon2id$...). Blank lines and lines that begin with #
// are ignored. Errors name the line, and never a hash.
func ParseUsers(text string) (*Users, error) {
	users := &Users{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		u, err := parseUser(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if _, isThere := users.find(u.Name); isThere {
			return nil, fmt.Errorf("line %d: user %s is there twice", n, u.Name)
		}
		if users.list = append(users.list, u); len(users.list) > maxUsers {
			return nil, fmt.Errorf("more than %d users", maxUsers)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(users.list) == 0 {
		return nil, errors.New("no user")
	}
	var err error
	users.none, err = HashPassword(rand.Text())
	return users, err
}

func parseUser(line string) (teamUser, error) {
	parts := strings.SplitN(line, ":", 3)
	if len(parts) != 3 {
		return teamUser{}, errors.New("write NAME:ROLE,ROLE:HASH")
	}
	u := teamUser{User: User{Name: strings.TrimSpace(parts[0])}, hash: strings.TrimSpace(parts[2])}
	if u.Name == "" || len(u.Name) > 100 || strings.ContainsFunc(u.Name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return u, errors.New("the name is empty, too long or has control characters")
	}
	var isKnown bool
	if u.Roles, isKnown = rolesOf(parts[1]); !isKnown {
		return u, errors.New("roles are prepare, approve and see, with commas between them")
	}
	return u, checkHash(u.hash)
}

// checkHash refuses a hash that is of no known kind or too costly.
func checkHash(hash string) error {
	if strings.HasPrefix(hash, "$argon2id$") {
		_, err := parseArgon(hash)
		return err
	}
	cost, err := bcrypt.Cost([]byte(hash))
	switch {
	case err != nil:
		return errors.New("the hash is neither bcrypt nor argon2id")
	case cost < 10 || cost > maxBcryptCost:
		return fmt.Errorf("the bcrypt cost is %d, and must be 10 to %d", cost, maxBcryptCost)
	}
	return nil
}

func (u *Users) find(name string) (teamUser, bool) {
	for _, known := range u.list {
		if strings.EqualFold(known.Name, name) {
			return known, true
		}
	}
	return teamUser{}, false
}

// Names returns the names of those users who have one of the roles.
func (u *Users) Names(isWanted func(User) bool) []string {
	var names []string
	for _, known := range u.list {
		if isWanted(known.User) {
			names = append(names, known.Name)
		}
	}
	return names
}

// Verify returns the user with a name and a password. An unknown name costs the time of
// a known one.
func (u *Users) Verify(name, password string) (User, bool) {
	known, isThere := u.find(name)
	hash := known.hash
	if !isThere {
		hash = u.none
	}
	matches := len(password) <= maxPassword && matchesHash(hash, password)
	if !matches || !isThere {
		return User{}, false
	}
	return known.User, true
}

func matchesHash(hash, password string) bool {
	if !strings.HasPrefix(hash, "$argon2id$") {
		return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
	}
	a, err := parseArgon(hash)
	if err != nil {
		return false
	}
	key := argon2.IDKey([]byte(password), a.salt, a.passes, a.memory, a.lanes, uint32(len(a.key)))
	return subtle.ConstantTimeCompare(key, a.key) == 1
}

// argonHash is a hash of argon2id with its parameters.
type argonHash struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

func parseArgon(hash string) (argonHash, error) {
	var a argonHash
	parts := strings.Split(hash, "$")
	wrong := errors.New("the argon2id hash is not of the form $argon2id$v=19$m=,t=,p=$SALT$KEY")
	if len(parts) != 6 || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return a, wrong
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &a.memory, &a.passes, &a.lanes); n != 3 || err != nil {
		return a, wrong
	}
	var errSalt, errKey error
	a.salt, errSalt = base64.RawStdEncoding.DecodeString(parts[4])
	a.key, errKey = base64.RawStdEncoding.DecodeString(parts[5])
	switch {
	case errSalt != nil || errKey != nil || len(a.salt) < 8 || len(a.key) < 16 || len(a.key) > 64 || a.passes < 1 || a.lanes < 1:
		return a, wrong
	case a.memory > maxArgonMemory || a.passes > maxArgonPasses || a.memory < 8<<10:
		return a, fmt.Errorf("the argon2id hash needs %d KiB and %d passes; 8192 to %d KiB and at most %d passes are accepted", a.memory, a.passes, maxArgonMemory, maxArgonPasses)
	}
	return a, nil
}

// HashPassword returns the argon2id hash of a password for a users file.
func HashPassword(password string) (string, error) {
	if password == "" || len(password) > maxPassword {
		return "", fmt.Errorf("a password has 1 to %d bytes", maxPassword)
	}
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails, see its documentation
	key := argon2.IDKey([]byte(password), salt, argonPasses, argonMemory, argonLanes, argonKey)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonPasses, argonLanes, enc.EncodeToString(salt), enc.EncodeToString(key)), nil
}
