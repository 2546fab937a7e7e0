package sqlite

// applicationID marks the file as ours: "BOLG" as a number, at offset 68 of
// the SQLite header.
const applicationID = 0x424f4c47

// schemaVersion is the version that this program writes (user_version).
const schemaVersion = 7

// schema creates the tables.
//
//   - state: one row. seq counts the writes; opened and closed the openings
//     for writing and their clean ends. indexed is the attempt up to which
//     marks and services are complete. changed counts the writes after which a
//     report may look different.
//   - chunks: the rows of batches, packed; id is the batch << 32 | first ordinal.
//   - identities: digest of an e-mail → customer.
//   - places: the row that last claimed a customer. A customer that has a
//     place and no row in customers is pending and was never sent; what there
//     is to know of it stands in its chunk.
//   - customers: folders; see there. attempt is the newest one's id, link a
//     digest of the verification link, 0 if there is none.
//   - underway: intents of which nothing is recorded yet, packed; id is the
//     first one's attempt. One that is in its customer's folder, too, counts as
//     it stands there.
//   - services: serviceId → customer.
//   - marks: who may be the same person under another e-mail.
//   - told: outcomes that a finished run has reported.
//   - tallies: what the rows of a batch come to, as long as nothing has changed.
//   - kyc: users' identity checks, also of users whose answer is not recorded yet.
//   - gaps, gap_people: what was lost with a copy that was put back; see gaps.go.
const schema = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, opened INTEGER NOT NULL, closed INTEGER NOT NULL,
	indexed INTEGER NOT NULL DEFAULT 0, changed INTEGER NOT NULL DEFAULT 0);
INSERT INTO state VALUES (1, 0, 0, 0, 0, 0);
CREATE TABLE batches (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, files TEXT NOT NULL, settings TEXT NOT NULL,
	carried TEXT NOT NULL, rows INTEGER NOT NULL, registered INTEGER NOT NULL);
CREATE TABLE chunks (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE identities (digest BLOB PRIMARY KEY, customer INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE places (customer INTEGER PRIMARY KEY, batch INTEGER NOT NULL, row INTEGER NOT NULL);
CREATE TABLE marks (digest INTEGER NOT NULL, customer INTEGER NOT NULL, PRIMARY KEY (digest, customer)) WITHOUT ROWID;
CREATE TABLE runs (id INTEGER PRIMARY KEY, command TEXT NOT NULL, batch INTEGER NOT NULL, who TEXT NOT NULL, host TEXT NOT NULL,
	version TEXT NOT NULL, key_print TEXT NOT NULL, settings TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER NOT NULL,
	exit_code INTEGER NOT NULL, stop_reason TEXT NOT NULL, sent INTEGER NOT NULL, created INTEGER NOT NULL,
	wallet_from TEXT NOT NULL, wallet_to TEXT NOT NULL);
CREATE TABLE told (digest INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE TABLE learnt (name TEXT PRIMARY KEY, value TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
` + kycTable + underwayTables + customersTable + gapTables

const kycTable = `CREATE TABLE kyc (service_id TEXT PRIMARY KEY, status TEXT NOT NULL, at INTEGER NOT NULL, seen INTEGER NOT NULL,
	retries INTEGER NOT NULL, retry_open INTEGER NOT NULL, reasons TEXT NOT NULL DEFAULT '', denied INTEGER NOT NULL DEFAULT 0,
	linked INTEGER NOT NULL DEFAULT 0, resubmitted INTEGER NOT NULL DEFAULT 0, retry_count INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
`

const underwayTables = `CREATE TABLE tallies (batch INTEGER PRIMARY KEY, data TEXT NOT NULL);
CREATE TABLE underway (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE services (service_id TEXT NOT NULL, customer INTEGER NOT NULL, PRIMARY KEY (service_id, customer)) WITHOUT ROWID;
`

const customersTable = `CREATE TABLE customers (id INTEGER PRIMARY KEY, status TEXT NOT NULL, service_id TEXT NOT NULL, decided INTEGER NOT NULL,
	attempt INTEGER NOT NULL, pairing TEXT NOT NULL, link INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX customers_in_doubt ON customers (id) WHERE status = 'in_doubt';
CREATE INDEX customers_forgotten ON customers (id) WHERE status = 'forgotten';
CREATE INDEX customers_attempt ON customers (attempt);
CREATE INDEX customers_unconfirmed ON customers (id) WHERE pairing = 'unconfirmed';
CREATE INDEX customers_link ON customers (link) WHERE link <> 0;
`
