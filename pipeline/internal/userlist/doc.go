// Package userlist reads the partner's list of users and compares it with what
// the ledger knows. [Reader.ScanUsers] reads it completely, or its newest end;
// [Pairing] compares created users with it. It writes nothing.
package userlist
