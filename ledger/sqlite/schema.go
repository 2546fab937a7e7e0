package sqlite

import _ "embed"

// applicationID marks the file as ours: "BOLG" as a number, at offset 68 of
// the SQLite header.
const applicationID = 0x424f4c47

// schemaVersion is the version that this program writes (user_version). Versions
// 1 to 7 were never released. See migrate.go for later ones.
const schemaVersion = 8

// oldestSchema is the oldest version that reading commands read as it is, and
// that an opening for writing brings forward.
const oldestSchema = 8

//go:embed schema.sql
var schema string
