// Package lists keeps the lists that are dropped on the finance page: the sender's bytes,
// what was corrected and decided, and what the check says. Start at [Store], then at
// check.go for the whole list and recheck.go for the rows that an edit concerns.
package lists
