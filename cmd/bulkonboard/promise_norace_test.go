//go:build !race

package main

// slowdown stretches the times that both sides agree on.
const slowdown = 1
