// Command make writes as many invented customers as asked for, as CSV on
// standard output, all of them good:
//
//	go run ./samples/make -rows 1000000 > big.csv
//
// The same number of rows with the same seed gives the same bytes. Nobody is
// real: the e-mails are at example.com, the addresses of registration are of
// the range for documentation.
package main

import (
	"bufio"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"

	"golang.org/x/crypto/sha3"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("make", flag.ContinueOnError)
	flags.SetOutput(stderr)
	rows := flags.Int("rows", 1000, "customers to write")
	seed := flags.Uint64("seed", 1, "another seed makes other people")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil, flags.NArg() > 0, *rows < 0:
		_, _ = fmt.Fprintln(stderr, "usage: make -rows N [-seed N] > FILE") // the exit code says it too
		return 2
	}
	if err := write(stdout, *rows, *seed); err != nil {
		_, _ = fmt.Fprintln(stderr, "make:", err)
		return 1
	}
	return 0
}

func write(w io.Writer, rows int, seed uint64) error {
	buffered := bufio.NewWriterSize(w, 1<<16)
	out := csv.NewWriter(buffered)
	if err := out.Write([]string{"firstName", "lastName", "email", "phoneNumber", "accountPurpose", "ipAddress",
		"isTermsOfServiceAccepted", "program", "walletAddress"}); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range rows {
		if err := out.Write(customer(random, seed, i)); err != nil {
			return err
		}
	}
	out.Flush()
	return errors.Join(out.Error(), buffered.Flush())
}

// customer is one row. The number i is in everything that must differ.
func customer(random *rand.Rand, seed uint64, i int) []string {
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
