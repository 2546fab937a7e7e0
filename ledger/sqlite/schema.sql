-- The ledger: what happened to every customer. Every statement of it can be asked
-- with the sqlite3 program; samples/docs/ledger.md has questions and answers.
--
-- Times are microseconds since 1970 in columns ending in _us; NULL is no time. The views
-- at the end show them as text in UTC: 2026-03-04T05:06:07.008Z. Our clock and the
-- partner's may differ: a column ending in _offset_us is what the partner's clock was
-- ahead, in microseconds, and _certain says whether the partner told it. Flags are 0
-- and 1. Blobs are keyed digests, and excerpts of answers.
--
-- Words are checked one by one, not by IN (...), for which SQLite makes a table with
-- each statement.

-- What the file is and what it belongs to. One row.
CREATE TABLE ledger (
	one INTEGER PRIMARY KEY CHECK (one = 1),      -- always 1
	id TEXT NOT NULL,                             -- random, the same in every copy
	environment TEXT NOT NULL,                    -- sandbox, staging, production or a host
	account_partner TEXT NOT NULL DEFAULT '',     -- partner account by the wallet call; '' = not known yet
	account_slug TEXT NOT NULL DEFAULT '',        -- partner account by the form of its serviceIds
	secret TEXT NOT NULL,                         -- keys the digests
	created_us INTEGER NOT NULL,                  -- when this ledger was made
	writes INTEGER NOT NULL DEFAULT 0,            -- transactions ever committed; fewer than known elsewhere = an older copy
	last_attempt INTEGER NOT NULL DEFAULT 0,      -- number of the newest attempt; numbers are never given twice
	openings INTEGER NOT NULL DEFAULT 0,          -- openings for writing
	closings INTEGER NOT NULL DEFAULT 0,          -- and clean ends: the number of the opening that ended so
	copy TEXT NOT NULL DEFAULT '' CHECK (copy = '' OR copy = 'restore' OR copy = 'adopt' OR copy = 'backup' OR copy = 'copy'), -- this file is a copy, made so
	token TEXT NOT NULL DEFAULT '',               -- of the last opening; the emergency file knows it, too
	place TEXT NOT NULL DEFAULT '',               -- device, file number and path at the last opening
	detail_names TEXT NOT NULL DEFAULT ''         -- fields whose change is noticed, in the order of the digests in the columns details: a JSON list, '' = none yet
) STRICT;

-- An input as it was registered: the files of one command, read with the same settings.
CREATE TABLE batch (
	id INTEGER PRIMARY KEY,                       -- number of the input
	fingerprint TEXT NOT NULL UNIQUE,             -- of the hashes of all files and the reading settings
	settings TEXT NOT NULL,                       -- the reading settings
	carried TEXT NOT NULL,                        -- names of the columns that reports carry along: a JSON list
	rows INTEGER NOT NULL,                        -- how many rows the ledger holds of it
	registered_us INTEGER NOT NULL                -- when it was checked and taken in
) STRICT;

-- A file, or a sheet of a workbook, of an input.
CREATE TABLE input_file (
	batch INTEGER NOT NULL REFERENCES batch,      -- the input
	number INTEGER NOT NULL,                      -- from 0
	name TEXT NOT NULL,                           -- path; - is standard input
	sheet TEXT NOT NULL,                          -- of a workbook; '' = the file has none
	sha256 TEXT NOT NULL,                         -- of the bytes of the file
	rows INTEGER NOT NULL,                        -- how many rows were read from it
	PRIMARY KEY (batch, number)
) STRICT, WITHOUT ROWID;

-- A command that changed the ledger or read it out.
CREATE TABLE run (
	id INTEGER PRIMARY KEY,                       -- number of the run
	command TEXT NOT NULL,                        -- run, resolve, rebind, forget, export ...
	batch INTEGER REFERENCES batch,               -- the input, NULL if it had none
	who TEXT NOT NULL,                            -- user of the operating system
	host TEXT NOT NULL,                           -- name of the machine
	version TEXT NOT NULL,                        -- of the program
	key_print TEXT NOT NULL,                      -- fingerprint of the API key
	settings TEXT NOT NULL,                       -- those that matter to what was done
	plan TEXT REFERENCES plan,                    -- the saved plan that it carried out, NULL if none
	started_us INTEGER NOT NULL,                  -- when it began
	ended_us INTEGER,                             -- NULL: still running, or killed
	exit_code INTEGER NOT NULL DEFAULT 0,         -- as the shell saw it
	stop_reason TEXT NOT NULL DEFAULT '',         -- why it ended early; '' = it did not
	sent INTEGER NOT NULL DEFAULT 0,              -- how many create-user requests it sent
	created INTEGER NOT NULL DEFAULT 0,           -- how many users it created
	wallet_from TEXT NOT NULL DEFAULT '',         -- balance before
	wallet_to TEXT NOT NULL DEFAULT ''            -- and after
) STRICT;
CREATE INDEX run_batch ON run (batch);

-- A customer: one e-mail address, and all that is known of it. Until a create-user
-- request was sent, names and details are those of the last input row.
CREATE TABLE customer (
	id INTEGER PRIMARY KEY,                       -- number of the customer
	status TEXT NOT NULL DEFAULT 'pending' CHECK (status = 'pending' OR status = 'in_doubt' OR status = 'created' OR status = 'link_missing' OR status = 'duplicate' OR status = 'rejected' OR status = 'insufficient_balance' OR status = 'forgotten'), -- what is known of the user
	generation INTEGER NOT NULL DEFAULT 0,        -- of the newest create-user request: part of its idempotency key
	intents INTEGER NOT NULL DEFAULT 0,           -- requests ever decided on; every change of state expects this number
	attempts INTEGER NOT NULL DEFAULT 0,          -- create-user requests less those that were never sent
	last_batch INTEGER NOT NULL DEFAULT 0,        -- the input row that named the customer last; 0 = none
	last_row INTEGER NOT NULL DEFAULT 0,          -- and its ordinal there
	identity TEXT,                                -- the e-mail in the form that is compared; NULL = as email is written
	email TEXT NOT NULL DEFAULT '',               -- as sent
	first_name TEXT NOT NULL DEFAULT '',          -- as sent
	last_name TEXT NOT NULL DEFAULT '',           -- as sent
	sender_id TEXT NOT NULL DEFAULT '',           -- the sender's own number
	details BLOB,                                 -- digests of the fields in ledger.detail_names, 4 bytes each, without zeros at the end: they show that a field changed
	sender_number TEXT NOT NULL DEFAULT '',       -- sender_id in the form that is compared
	name_mark INTEGER NOT NULL DEFAULT 0,         -- digest of name with phone; 0 = none
	service_id TEXT NOT NULL DEFAULT '',          -- the partner's id of the user
	service_mark INTEGER NOT NULL DEFAULT 0,      -- digest of service_id, by which it is found; 0 = none
	url TEXT NOT NULL DEFAULT '',                 -- the verification link: treat it like a password
	url_mark INTEGER NOT NULL DEFAULT 0,          -- digest of url, by which links are found; 0 = none
	issued_us INTEGER,                            -- when the link came to be known; NULL = when the status was decided
	pairing TEXT NOT NULL DEFAULT '' CHECK (pairing = '' OR pairing = 'unconfirmed' OR pairing = 'confirmed' OR pairing = 'email_differs' OR pairing = 'user_deleted' OR pairing = 'user_unlisted' OR pairing = 'answer_mixed_up'), -- what the partner's list says of service_id and e-mail
	field TEXT NOT NULL DEFAULT '',               -- why the status is what it is: the field,
	code TEXT NOT NULL DEFAULT '',                -- the code
	message TEXT NOT NULL DEFAULT '',             -- and a sentence
	manual INTEGER NOT NULL DEFAULT 0 CHECK (manual IN (0, 1)), -- an operator decided
	http_status INTEGER NOT NULL DEFAULT 0,       -- of the last create-user request
	key TEXT DEFAULT '',                          -- idempotency key of the newest create-user request; NULL = that of environment, identity and generation
	first_sent_us INTEGER,                        -- when the first create-user request was decided on
	decided_us INTEGER                            -- NULL while pending or in doubt
) STRICT;
CREATE UNIQUE INDEX customer_identity ON customer (coalesce(identity, email)) WHERE email <> '';
CREATE INDEX customer_in_doubt ON customer (id) WHERE status = 'in_doubt';
CREATE INDEX customer_unconfirmed ON customer (id) WHERE pairing = 'unconfirmed';
CREATE INDEX customer_service_id ON customer (service_mark) WHERE service_mark <> 0;
CREATE INDEX customer_url ON customer (url_mark) WHERE url_mark <> 0;
CREATE INDEX customer_sender_number ON customer (sender_number) WHERE sender_number <> '';
CREATE INDEX customer_name ON customer (name_mark) WHERE name_mark <> 0;

-- A request to create a user, or to delete one. It is written before the first byte
-- is sent, and closed once.
CREATE TABLE attempt (
	id INTEGER PRIMARY KEY,                       -- number of the request, in the order in which they were decided on
	customer INTEGER NOT NULL REFERENCES customer, -- for whom
	run INTEGER NOT NULL,                         -- by which run
	generation INTEGER NOT NULL,                  -- as in customer; of a deletion that of the next create-user request
	class TEXT NOT NULL DEFAULT '' CHECK (class = '' OR class = 'OK' OR class = 'OK_BROKEN' OR class = 'KEY_USED' OR class = 'DUP_USER' OR class = 'REJECT' OR class = 'UNCLEAR' OR class = 'BUSY' OR class = 'THROTTLED' OR class = 'FUNDS' OR class = 'AUTH' OR class = 'NOT_SENT' OR class = 'UNKNOWN' OR class = 'REMOVED' OR class = 'NOT_REMOVED'), -- how it ended; '' = open
	absent INTEGER NOT NULL DEFAULT 0 CHECK (absent IN (0, 1)), -- evidence shows that nothing of it is there or ever will be
	key TEXT NOT NULL,                            -- idempotency key; '' of a deletion
	removes TEXT NOT NULL DEFAULT '',             -- serviceId of the user to be deleted; '' = this creates one
	not_before_us INTEGER NOT NULL,               -- it cannot have begun earlier
	not_before_offset_us INTEGER NOT NULL,        -- see the head of this file
	not_before_certain INTEGER NOT NULL CHECK (not_before_certain IN (0, 1)), -- likewise
	not_after_us INTEGER,                         -- it ended by then; NULL while open
	not_after_offset_us INTEGER NOT NULL DEFAULT 0, -- likewise
	not_after_certain INTEGER NOT NULL DEFAULT 0 CHECK (not_after_certain IN (0, 1)), -- likewise
	http_status INTEGER NOT NULL DEFAULT 0,       -- of the answer; 0 = none came
	code TEXT NOT NULL DEFAULT '',                -- the partner's
	details BLOB,                                 -- digests of the fields sent; NULL = as in customer
	excerpt BLOB                                  -- of the answer, where it may serve as evidence
) STRICT;
CREATE INDEX attempt_customer ON attempt (customer);
CREATE UNIQUE INDEX attempt_open ON attempt (customer) WHERE class = ''; -- one request at a time

-- A row of an input. It never changes.
CREATE TABLE input_row (
	batch INTEGER NOT NULL REFERENCES batch,      -- the input
	ordinal INTEGER NOT NULL,                     -- from 0
	file INTEGER NOT NULL,                        -- input_file.number
	number INTEGER NOT NULL,                      -- of the row, as a spreadsheet shows it
	line INTEGER NOT NULL,                        -- of the file
	customer INTEGER REFERENCES customer,         -- NULL: no valid row of any input has this e-mail
	claims INTEGER NOT NULL CHECK (claims IN (0, 1)), -- the first valid row of its customer in this input: the one that is sent
	verdict TEXT NOT NULL CHECK (verdict = '' OR verdict = 'invalid' OR verdict = 'duplicate_in_input'), -- the row's own; '' = the customer's status counts
	repeats INTEGER NOT NULL,                     -- ordinal of another row that claims the customer; -1 = none
	identity TEXT,                                -- as in customer; NULL = as email is written
	email TEXT NOT NULL,                          -- as written
	first_name TEXT NOT NULL,                     -- as written
	last_name TEXT NOT NULL,                      -- as written
	sender_id TEXT NOT NULL,                      -- as written
	carry TEXT NOT NULL,                          -- values of the carried columns: a JSON list; '' = none
	findings TEXT NOT NULL,                       -- problems and warnings: a JSON list; '' = none
	details BLOB,                                 -- as in customer; NULL of an invalid row
	name_mark INTEGER NOT NULL,                   -- as in customer
	recall INTEGER,                               -- digest by which the same finding is known again in another input; NULL = that of the e-mail
	PRIMARY KEY (batch, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX input_row_unclaimed ON input_row (coalesce(identity, email)) WHERE customer IS NULL AND coalesce(identity, email) <> '';

-- E-mails that were erased on request, as digests, so that they are not sent again.
CREATE TABLE forgotten (
	digest BLOB PRIMARY KEY,                      -- of the e-mail in the form that is compared
	customer INTEGER NOT NULL REFERENCES customer -- what is left of the customer
) STRICT, WITHOUT ROWID;

-- Outcomes that a finished run has reported, as digests: not news any more.
CREATE TABLE reported (
	mark INTEGER PRIMARY KEY,                     -- digest of the row with its status and the reasons
	first_run INTEGER NOT NULL,                   -- the run that reported it first
	last_run INTEGER NOT NULL                     -- and the last one that did
) STRICT;
CREATE INDEX reported_last_run ON reported (last_run);

-- Small facts that runs learn of the partner: pace, fee, clock.
CREATE TABLE fact (
	name TEXT PRIMARY KEY,                        -- what was learnt
	value TEXT NOT NULL,                          -- as text
	at_us INTEGER                                 -- when
) STRICT, WITHOUT ROWID;

-- Identity checks of users, by the partner's clock. An event may come before the answer
-- that names its user, so that a service_id may have no customer yet.
CREATE TABLE kyc (
	service_id TEXT PRIMARY KEY,                  -- the partner's id of the user
	status TEXT NOT NULL,                         -- in the words of the partner
	since_us INTEGER,                             -- when it began
	seen_us INTEGER,                              -- the newest event
	retries INTEGER NOT NULL,                     -- begun again through us
	retry_count INTEGER NOT NULL,                 -- begun again as the partner counts
	retry_open INTEGER NOT NULL CHECK (retry_open IN (0, 1)), -- the last retry has no answer yet
	reasons TEXT NOT NULL,                        -- of the newest denial, one a line
	denied_us INTEGER,                            -- when the newest denial came
	linked_us INTEGER,                            -- the event whose link the customer has
	resubmitted_us INTEGER                        -- the documents were submitted again: the user has nothing to do
) STRICT, WITHOUT ROWID;

-- Stretches of time of which the ledger may have lost what it wrote, because it was
-- put back from a copy.
CREATE TABLE gap (
	id INTEGER PRIMARY KEY,                       -- number of the gap
	cause TEXT NOT NULL CHECK (cause = 'restore' OR cause = 'adopt' OR cause = 'backup' OR cause = 'copy'), -- how the copy came to its place
	from_at_us INTEGER NOT NULL,                  -- the last moment of which the copy knows
	from_offset_us INTEGER NOT NULL,              -- see the head of this file
	from_certain INTEGER NOT NULL CHECK (from_certain IN (0, 1)), -- likewise
	to_at_us INTEGER NOT NULL,                    -- when the copy was opened
	to_offset_us INTEGER NOT NULL,                -- see the head of this file
	to_certain INTEGER NOT NULL CHECK (to_certain IN (0, 1)), -- likewise
	written_us INTEGER NOT NULL,                  -- when the gap was noted
	scanned_us INTEGER,                           -- when the partner's list had shown who was created inside
	ended_us INTEGER,                             -- when an operator declared that no list will
	reason TEXT NOT NULL                          -- what that operator said; '' = nothing
) STRICT;

-- A saved plan: what a run may do once a second person has approved it.
CREATE TABLE plan (
	id TEXT PRIMARY KEY,                          -- begins the digest of the terms
	state TEXT NOT NULL CHECK (state = 'made' OR state = 'approved' OR state = 'declined' OR state = 'running' OR state = 'used' OR state = 'void'), -- how far it has come
	terms TEXT NOT NULL,                          -- what it binds: a JSON object
	rows INTEGER NOT NULL,                        -- how many rows it allows to be sent
	who TEXT NOT NULL,                            -- user of the operating system who made it
	host TEXT NOT NULL,                           -- on which machine
	made_us INTEGER NOT NULL,                     -- when
	expires_us INTEGER NOT NULL,                  -- nothing begins with it from then on
	decided_us INTEGER,                           -- when it was approved or declined; NULL = not yet
	approves INTEGER NOT NULL DEFAULT 0 CHECK (approves IN (0, 1)), -- the decision: approved
	decided_by TEXT NOT NULL DEFAULT '',          -- user of the operating system who decided
	decided_on TEXT NOT NULL DEFAULT '',          -- on which machine
	signer TEXT NOT NULL DEFAULT '',              -- name of the key that signed the decision; '' = made on this ledger
	signature TEXT NOT NULL DEFAULT '',           -- of the terms and the decision, in base64
	because TEXT NOT NULL DEFAULT ''              -- the reason or comment of whoever decided
) STRICT, WITHOUT ROWID;

-- The rows that an open plan allows to be sent, as digests.
CREATE TABLE plan_row (
	plan TEXT NOT NULL REFERENCES plan,           -- the plan
	customer BLOB NOT NULL,                       -- digest of the e-mail in the form that is compared
	details BLOB NOT NULL,                        -- digest of the details to be sent
	generation INTEGER NOT NULL,                  -- of the customer's newest create-user request when it was made
	PRIMARY KEY (plan, customer)
) STRICT, WITHOUT ROWID;
CREATE INDEX plan_row_customer ON plan_row (customer);

-- Users that the partner's list showed as created inside a gap, as digests of their e-mails.
CREATE TABLE gap_user (
	digest BLOB NOT NULL,                         -- of the e-mail in the form that is compared
	gap INTEGER NOT NULL REFERENCES gap,          -- inside which the user was created
	PRIMARY KEY (digest, gap)
) STRICT, WITHOUT ROWID;

-- Views, for people. They have the same names and columns in every kind of ledger.

-- How many rows of each input have which status.
CREATE VIEW status AS
SELECT batch, status, count(*) AS rows FROM row_status GROUP BY batch, status;

-- Every row of every input with the status that reports show.
CREATE VIEW row_status AS
SELECT r.batch, r.ordinal, f.name AS file, f.sheet, r.number AS row, r.email,
	CASE
		WHEN r.verdict = 'duplicate_in_input' THEN r.verdict
		WHEN c.status = 'forgotten' THEN c.status
		WHEN r.verdict = 'invalid' AND r.repeats >= 0 THEN r.verdict
		WHEN c.id IS NULL THEN iif(r.verdict = '', 'pending', r.verdict)
		WHEN r.verdict <> '' AND c.status = 'pending' THEN r.verdict
		ELSE c.status
	END AS status,
	c.id AS customer, c.code, c.message, r.findings
FROM input_row r
LEFT JOIN customer c ON c.id = r.customer
LEFT JOIN input_file f ON f.batch = r.batch AND f.number = r.file;

-- What is wrong with the rows, and what is worth a warning: one line for each finding.
CREATE VIEW row_findings AS
SELECT s.batch, s.ordinal, s.file, s.sheet, s.row, s.email, s.status,
	json_extract(f.value, '$.Field') AS field, json_extract(f.value, '$.Code') AS code,
	json_extract(f.value, '$.Message') AS message, json_extract(f.value, '$.Warning') AS warning
FROM row_status s, json_each(nullif(s.findings, '')) f;

-- Customers as they are now.
CREATE VIEW customers AS
SELECT c.id, c.email, c.first_name, c.last_name, c.sender_id, c.status, c.field, c.code, c.message, c.manual,
	c.service_id, c.url, iif(c.url = '', NULL, strftime('%Y-%m-%dT%H:%M:%fZ', coalesce(c.issued_us, c.decided_us) / 1e6, 'unixepoch')) AS issued, c.pairing, coalesce(k.status, '') AS kyc,
	c.attempts, strftime('%Y-%m-%dT%H:%M:%fZ', c.first_sent_us / 1e6, 'unixepoch') AS first_sent, strftime('%Y-%m-%dT%H:%M:%fZ', c.decided_us / 1e6, 'unixepoch') AS decided
FROM customer c LEFT JOIN kyc k ON k.service_id = c.service_id;

-- What was sent for whom, in order, and what came of it; status is the customer's now.
CREATE VIEW attempts_of AS
SELECT c.email, c.status, a.id AS attempt, a.customer, a.run, a.generation, a.key,
	iif(a.removes = '', 'create', 'delete') AS request,
	strftime('%Y-%m-%dT%H:%M:%fZ', a.not_before_us / 1e6, 'unixepoch') AS sent, strftime('%Y-%m-%dT%H:%M:%fZ', a.not_after_us / 1e6, 'unixepoch') AS ended,
	CASE WHEN a.class = '' THEN 'open' WHEN a.absent THEN a.class || ', absent' ELSE a.class END AS outcome,
	a.http_status, a.code, CAST(a.excerpt AS TEXT) AS answer
FROM attempt a JOIN customer c ON c.id = a.customer;

-- Who ran which command, when, and how it ended.
CREATE VIEW runs AS
SELECT r.id, r.command, r.who, r.host, r.version, strftime('%Y-%m-%dT%H:%M:%fZ', r.started_us / 1e6, 'unixepoch') AS started, strftime('%Y-%m-%dT%H:%M:%fZ', r.ended_us / 1e6, 'unixepoch') AS ended,
	iif(r.ended_us IS NULL, NULL, r.exit_code) AS exit_code, r.stop_reason, r.sent, r.created, r.wallet_from, r.wallet_to, r.batch, r.settings, r.plan
FROM run r;

-- Customers that an operator has to look at, and why.
CREATE VIEW needs_attention AS
SELECT id AS customer, email, status,
	CASE
		WHEN status = 'created' AND code = 'other_account' THEN 'created in another partner account'
		WHEN status = 'created' THEN 'the partner''s list contradicts it: ' || pairing
		WHEN status = 'in_doubt' THEN 'it is not known whether the user was created'
		WHEN status = 'link_missing' THEN 'the user exists, and the link was lost'
		WHEN status = 'duplicate' THEN 'the partner had a user with this e-mail before'
		WHEN status = 'rejected' THEN 'the partner refused the details'
		WHEN status = 'insufficient_balance' THEN 'the wallet could not pay'
	END AS why,
	field, code, message, strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT max(a.not_before_us) FROM attempt a WHERE a.customer = c.id) / 1e6, 'unixepoch') AS last_sent
FROM customer c
WHERE status IN ('in_doubt', 'link_missing', 'duplicate', 'rejected', 'insufficient_balance')
	OR status = 'created' AND (code = 'other_account' OR pairing IN ('email_differs', 'user_deleted', 'user_unlisted', 'answer_mixed_up'));
