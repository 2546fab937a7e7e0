//go:build !windows

package main

import "testing"

// TestOneSender: what is about several senders says of a ledger in a file that it has one.
func TestOneSender(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cases := []commandCase{{0, "created:", []string{"ledger", "create", "--sandbox", "--ledger", "l.db"}}}
	for _, args := range [][]string{{"senders"}, {"hold", "--because", "tests"}, {"release"}, {"pace"}, {"pace", "--rate", "5/s"}, {"merge", "x.emergency"}} {
		cases = append(cases, commandCase{2, "has one sender", append([]string{"ledger", args[0], "--sandbox", "--ledger", "l.db"}, args[1:]...)})
	}
	playCommands(t, dir, append(cases, commandCase{2, "--because is missing", []string{"ledger", "hold", "--sandbox", "--ledger", "l.db"}}))
}
