package main

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"

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
	digits := []byte(hex.EncodeToString(b[:]))
	h := sha3.NewLegacyKeccak256()
	_, _ = h.Write(digits) // a hash.Hash returns no error
	hash := hex.EncodeToString(h.Sum(nil))
	for i, c := range digits {
		if c >= 'a' && hash[i] >= '8' {
			digits[i] = c - 'a' + 'A'
		}
	}
	return "0x" + string(digits)
}
