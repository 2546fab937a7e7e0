// Package pacing says when a request may leave: at the rate that we set and that
// the partner allows ([Limiter]), and only while the partner answers sensibly,
// does not ask to wait and the wallet can pay ([Gate], [GateController]). [Clock]
// relates our clock to the partner's.
package pacing
