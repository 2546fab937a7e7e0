package ledger

import (
	"strconv"

	"github.com/google/uuid"
)

// Key returns the idempotency key of a customer in an environment: UUID version 5
// (RFC 9562) of a readable preimage. It depends on nothing but its arguments,
// so that a lost ledger, a sorted file or a second machine come to the same key.
//
// Identity is the normalised e-mail (validate.Identity). Generation counts from 0
// and is raised only after a refusal.
func Key(environment, identity string, generation int) string {
	preimage := "bulkonboard/1|" + environment + "|" + identity + "|" + strconv.Itoa(generation)
	return uuid.NewSHA1(keyNamespace(), []byte(preimage)).String()
}

// keyNamespace is version 5 of the URL namespace and the project's address,
// 4d860c5a-6ec5-5639-90ef-4eb4f7339518. It never changes, even if the address does.
func keyNamespace() uuid.UUID {
	return uuid.UUID{0x4d, 0x86, 0x0c, 0x5a, 0x6e, 0xc5, 0x56, 0x39, 0x90, 0xef, 0x4e, 0xb4, 0xf7, 0x33, 0x95, 0x18}
}
