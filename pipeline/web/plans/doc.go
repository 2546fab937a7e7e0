// Package plans makes plans of lists, has them approved and carries them out, for the
// finance page. Start at [Desk]. What a plan binds is for package approval to say, and
// what a run does for package pipeline: the commands of the program do both, behind
// [Commands]. This package knows which plan is of which list, and which runs of this
// process go on.
package plans
