package access

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// Users are the users of a team. They are read-only, so any number of goroutines may
// use them.
type Users struct {
	list []teamUser
}

type teamUser struct {
	User

	hash string
}

const (
	maxUsers    = 1_000
	maxPassword = 1 << 10 // bytes

	// A hash of a users file, which may come from elsewhere, must neither be guessed soon nor
	// stall the machine.
	minBcryptCost = 10
	maxBcryptCost = 15
)

// ParseUsers reads a users file: one user a line, NAME:ROLE,ROLE:HASH. A hash is one of
// bcrypt. Blank lines and lines that begin with # are ignored. Errors name the line, and
// never a hash.
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
	return users, nil
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
	cost, err := bcrypt.Cost([]byte(hash))
	switch {
	case err != nil:
		return errors.New("the hash is not one of bcrypt")
	case cost < minBcryptCost || cost > maxBcryptCost:
		return fmt.Errorf("the bcrypt cost is %d, and must be %d to %d", cost, minBcryptCost, maxBcryptCost)
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
// the first one.
func (u *Users) Verify(name, password string) (User, bool) {
	known, isThere := u.find(name)
	hash := known.hash
	if !isThere {
		hash = u.list[0].hash
	}
	matches := len(password) <= maxPassword && bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
	if !matches || !isThere {
		return User{}, false
	}
	return known.User, true
}
