package ledger

import "testing"

func TestSlugOf(t *testing.T) {
	for id, want := range map[string]string{
		"acme-rain-user-abc123def456ghi":       "acme",
		"acme-user-abc123def456ghi":            "acme",
		"acme-corp-user-abc":                   "acme-corp",
		"acme-user-group-rain-user-abc":        "acme-user-group",
		"acme-rain-user-club-user-abc":         "acme-rain-user-club",
		"acme-rain-user-a-b":                   "acme",
		"acme-brain-user-abc":                  "acme-brain",
		"acme-rain-user-":                      "",
		"acme-user-":                           "",
		"-rain-user-abc":                       "",
		"-user-abc":                            "",
		"user-abc":                             "",
		"acme-person-abc":                      "",
		"550e8400-e29b-41d4-a716-446655440000": "",
		"Acme-User-abc":                        "",
		"7":                                    "",
		"":                                     "",
	} {
		if slug := SlugOf(id); slug != want {
			t.Errorf("%q: %q, want %q", id, slug, want)
		}
	}
}
