//go:build race

package main

// slowdown stretches the times that both sides agree on: the race detector
// makes the ledger ten times slower, and a partner that acts later than agreed
// is another test.
const slowdown = 6
