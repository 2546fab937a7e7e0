package main

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"

	"golang.org/x/crypto/sha3"
)

// The columns of a row.
const (
	firstName = iota
	lastName
	email
	phoneNumber
	accountPurpose
	ipAddress
	terms
	program
	wallet
	columns
)

func header() []string {
	return []string{"firstName", "lastName", "email", "phoneNumber", "accountPurpose", "ipAddress",
		"isTermsOfServiceAccepted", "program", "walletAddress"}
}

// newCustomer returns a row without mistakes. The number i is in everything that must differ.
func newCustomer(random *rand.Rand, seed uint64, i int) []string {
	first := pick(random, "Amara", "Björn", "Chloé", "Dmitri", "Esra", "Fatima", "Giulia", "Hana", "Ivo", "Jürgen",
		"Kwame", "Linh", "Mateo", "Noor", "Olga", "Pedro", "Quang", "Ravi", "Siobhán", "Tomás")
	last := pick(random, "Adeyemi", "Bauer", "Çelik", "Dubois", "Eriksen", "Fernández", "Górska", "Haddad", "Ito", "Janssen",
		"Kowalski", "Laurent", "Müller", "Nguyen", "O'Brien", "Papadakis", "Ruiz", "Sørensen", "Tanaka", "Zhou")
	email := fmt.Sprintf("customer-%d-%d@example.com", seed, i+1)
	phone := fmt.Sprintf("+49151%08d", 10_000_000+i%90_000_000)
	ip := fmt.Sprintf("2001:db8:%x:%x::%x", seed&0xffff, i>>16&0xffff, i&0xffff+1)
	program, wallet := "custodial", ""
	if random.IntN(4) == 0 {
		program, wallet = "non_custodial", walletAddress(random)
	}
	return []string{first, last, email, phone, pick(random, "cards", "savings", "salary", "travel"), ip, "TRUE", program, wallet}
}

func pick(random *rand.Rand, from ...string) string { return from[random.IntN(len(from))] }

// walletAddress is a random address with the capitals of its EIP-55 checksum.
func walletAddress(random *rand.Rand) string {
	var b [20]byte
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	lower := hex.EncodeToString(b[:])
	h := sha3.NewLegacyKeccak256()
	_, _ = h.Write([]byte(lower)) // a hash.Hash returns no error
	sum := h.Sum(nil)
	var out strings.Builder
	out.WriteString("0x")
	for i, c := range lower {
		nibble := sum[i/2] >> 4
		if i%2 == 1 {
			nibble = sum[i/2] & 15
		}
		if nibble >= 8 {
			out.WriteString(strings.ToUpper(string(c)))
		} else {
			out.WriteString(string(c))
		}
	}
	return out.String()
}
