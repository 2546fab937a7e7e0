package pipeline

import (
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
