package partner

import "testing"

func TestSlug(t *testing.T) {
	for id, want := range map[string][2]string{
		"acme-rain-user-abc123def456ghi":       {"acme", "-rain-user-"},
		"acme-user-abc123def456ghi":            {"acme", "-user-"},
		"acme-corp-user-abc":                   {"acme-corp", "-user-"},
		"acme-user-group-rain-user-abc":        {"acme-user-group", "-rain-user-"},
		"acme-rain-user-club-user-abc":         {"acme-rain-user-club", "-user-"},
		"acme-rain-user-a-b":                   {"acme", "-rain-user-"},
		"acme-brain-user-abc":                  {"acme-brain", "-user-"},
		"acme-rain-user-":                      {},
		"acme-user-":                           {},
		"-rain-user-abc":                       {},
		"-user-abc":                            {},
		"user-abc":                             {},
		"acme-person-abc":                      {},
		"550e8400-e29b-41d4-a716-446655440000": {},
		"Acme-User-abc":                        {},
		"7":                                    {},
		"":                                     {},
	} {
		if slug, form := Slug(id); slug != want[0] || form != want[1] {
			t.Errorf("%q: %q, %q, want %q", id, slug, form, want)
		}
	}
}
