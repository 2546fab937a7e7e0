package ledger

import (
	"strconv"

	"github.com/google/uuid"
)

// Key returns the idempotency key of a customer in an environment: the UUID of version 5
// (RFC 9562) of a readable preimage. It depends only on its arguments. A new ledger, a
// re-sorted file and a second machine therefore arrive at the same key.
//
// Identity is the normalised e-mail (validate.Identity). Generation starts at 0. It
// rises by one after a refusal, a deletion of the user, an order to send again
// (--again), or a used key whose request is proved to have created nothing; see
// decide.NextGeneration.
func Key(environment, identity string, generation int) string {
	preimage := "bulkonboard/1|" + environment + "|" + identity + "|" + strconv.Itoa(generation)
	return uuid.NewSHA1(keyNamespace(), []byte(preimage)).String()
}

// keyNamespace is version 5 of the URL namespace and the project's address,
// 4d860c5a-6ec5-5639-90ef-4eb4f7339518. It never changes, even if the address does.
func keyNamespace() uuid.UUID {
	return uuid.UUID{0x4d, 0x86, 0x0c, 0x5a, 0x6e, 0xc5, 0x56, 0x39, 0x90, 0xef, 0x4e, 0xb4, 0xf7, 0x33, 0x95, 0x18}
}
