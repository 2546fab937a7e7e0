// Package access decides who may ask the finance page for what: which host names it
// answers to, who is signed in, with which roles. Start at [Guard]. It also keeps the
// log of who did what.
package access

import (
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// User is who uses the page.
type User struct {
	Name  string // as the log and the ledger show it
	Roles []api.Role
}

// AllRoles returns every role.
func AllRoles() []api.Role { return []api.Role{api.Prepare, api.Approve, api.See} }

// HasAny reports whether the user has one of the roles. Whoever may prepare or approve
// may also see. No role asks for nothing more than a session.
func (u User) HasAny(roles ...api.Role) bool {
	if len(roles) == 0 {
		return true
	}
	return slices.ContainsFunc(roles, func(r api.Role) bool {
		return slices.Contains(u.Roles, r) || r == api.See && len(u.Roles) > 0
	})
}

func rolesOf(text string) ([]api.Role, bool) {
	var roles []api.Role
	for word := range strings.SplitSeq(text, ",") {
		role := api.Role(strings.TrimSpace(word))
		if !slices.Contains(AllRoles(), role) {
			return nil, false
		}
		if !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	return roles, true
}
