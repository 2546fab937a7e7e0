package ledger

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
)

func TestKeyVectors(t *testing.T) {
	if got, want := keyNamespace(), uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/bulkonboard/bulkonboard")); got != want {
		t.Errorf("namespace %s, want %s", got, want)
	}
	for generation, want := range []string{
		"866c8eba-eb42-517c-b5f0-479a00f6d285",
		"f10f7f0c-8f3f-52ec-89fe-7d0c629f38d8",
	} {
		if got := Key("staging", "jane@example.com", generation); got != want {
			t.Errorf("generation %d: %s, want %s", generation, got, want)
		}
	}
}

// Invariant 15: the key is a valid UUID of version 5 that depends on nothing but
// environment, identity and generation, and no two of these share one, however
// an address is written.
func TestKeysAreApart(t *testing.T) {
	seen := map[string]string{}
	for _, environment := range []string{"sandbox", "staging", "production", "api.example.com", "api.example.com:8443"} {
		for _, identity := range []string{"jane@example.com", "jane|0@example.com", "staging|jane@example.com", "0@example.com", "|@example.com", "jané@example.com", "1@example.com"} {
			for generation := range 12 {
				key := Key(environment, identity, generation)
				if again := Key(environment, identity, generation); again != key {
					t.Errorf("%s became %s", key, again)
				}
				if id, err := uuid.Parse(key); err != nil || id.Version() != 5 || id.String() != key {
					t.Errorf("%q is no UUID of version 5: %v", key, err)
				}
				what := fmt.Sprint(environment, " ", identity, " ", generation)
				if other, isUsed := seen[key]; isUsed {
					t.Errorf("%s and %s share %s", what, other, key)
				}
				seen[key] = what
			}
		}
	}
}
