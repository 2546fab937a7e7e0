package main

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
)

// sandboxKeyName stands for the key of the simulated partner where keys are told
// apart: it has another key in each process, and is the same account.
const sandboxKeyName = "sk_sandbox_rehearsal"

// newSandboxKey returns a key for the simulated partner of one process. Other
// users of this machine can reach its port, and must not read customers there.
func newSandboxKey() string { return "sk_sandbox_" + rand.Text() }

// apiKey reads the key from its file, else from the environment, else asks for
// it. It is never a flag: command lines are seen by everyone on the machine.
func apiKey(con *app, file string) (string, error) {
	if file != "" {
		text, err := readSecret(con, "api-key-file", file)
		if err != nil {
			return "", err
		}
		key := strings.TrimSpace(strings.TrimPrefix(string(text), "\ufeff"))
		if key == "" {
			return "", usagef("--api-key-file %s is empty", file)
		}
		return key, nil
	}
	if key := strings.TrimSpace(con.env[envKey]); key != "" {
		return key, nil
	}
	in, ok := con.stdin.(*os.File)
	if !ok || !isTerminal(con.stdin) {
		return "", usage(fmt.Errorf("there is no API key"), "give --api-key-file FILE, or set "+envKey, "to rehearse without a key: --sandbox")
	}
	con.err.release()
	fmt.Fprint(con.err, "API key (not shown): ")
	key, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(con.err)
	if err != nil {
		return "", usagef("reading the API key: %w", err)
	}
	if len(key) == 0 {
		return "", usagef("there is no API key")
	}
	return strings.TrimSpace(string(key)), nil
}

// keyPrint tells keys apart in the ledger's log without telling the key.
func keyPrint(key string) string {
	sum := sha256.Sum256([]byte("bulkonboard key\n" + key))
	return hex.EncodeToString(sum[:6])
}

// ask puts a question to the person at the terminal; only yes is yes.
func (con *app) ask(question string) (bool, error) {
	con.err.release()
	fmt.Fprintf(con.err, "%s Type yes to go on: ", question)
	line, err := bufio.NewReader(con.stdin).ReadString('\n')
	if err != nil && line == "" {
		return false, nil
	}
	return strings.TrimSpace(strings.ToLower(line)) == "yes", nil
}
