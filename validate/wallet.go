package validate

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/crypto/sha3"

	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
)

const walletDigits = 40

// checkWallet checks an Ethereum address, which the partner requires for the program
// non_custodial. program is that of the row, "" if it is unsound: then no address is
// required.
func (c *rowCheck) checkWallet(raw, program string) string {
	read := c.readOptional
	if program == nonCustodial {
		if strings.TrimSpace(raw) == "" {
			c.addProblem(FieldWalletAddress, CodeRequired, "is empty, and the program non_custodial needs it. Fill it in")
			return ""
		}
		read = c.readRequired
	}
	v, ok := read(FieldWalletAddress, raw, strictText)
	if !ok {
		return ""
	}
	if fault := explainWallet(v); fault != "" {
		c.addProblem(FieldWalletAddress, CodeWalletFormat, fault)
		return ""
	}
	hexPart := v[2:]
	if strings.Trim(hexPart, "0") == "" {
		c.addProblem(FieldWalletAddress, CodeWalletZero, "is the zero address, which has no owner. Write the user's own address")
		return ""
	}
	lower, upper := strings.ContainsAny(hexPart, "abcdef"), strings.ContainsAny(hexPart, "ABCDEF")
	switch {
	case lower && upper && !hasChecksum(hexPart):
		c.addProblem(FieldWalletAddress, CodeWalletChecksum, "does not match its EIP-55 checksum, so at least one character is wrong. Copy the address again from the wallet")
		return ""
	case lower != upper:
		c.addWarning(FieldWalletAddress, CodeWalletNoChecksum, "is all lower or all upper case, so typing errors go unnoticed. Copy the address with its capitals from the wallet")
	}
	return v
}

func explainWallet(v string) string {
	const then = "Write 0x and 40 hexadecimal digits"
	switch {
	case len(v) > 4 && strings.EqualFold(v[len(v)-4:], ".eth"):
		return "is an ENS name. " + then + ", the address of that name"
	case len(v) == walletDigits && celltext.IsHex(v):
		return "has no 0x in front. Add it"
	case !strings.HasPrefix(v, "0x"):
		return "does not begin with 0x. " + then
	case len(v) != 2+walletDigits:
		return fmt.Sprintf("has %d characters after the 0x. %s", len(v)-2, then)
	case !celltext.IsHex(v[2:]):
		return "has a character that is not a hexadecimal digit. " + then
	}
	return ""
}

// hasChecksum reports whether the digits of an address are written as EIP-55
// demands: a letter is a capital if the digit in its place of the Keccak-256
// hash of the lower-case digits is 8 or more.
func hasChecksum(digits string) bool {
	h := sha3.NewLegacyKeccak256()
	h.Write([]byte(strings.ToLower(digits))) // a hash never returns an error
	hash := hex.EncodeToString(h.Sum(nil))
	for i, digit := range digits {
		if isCapital := unicode.IsUpper(digit); unicode.IsLetter(digit) && isCapital != (hash[i] >= '8') {
			return false
		}
	}
	return true
}
