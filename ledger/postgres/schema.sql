-- The ledger: what happened to every customer. Every statement of it can be asked
-- with psql (SET search_path TO the schema first); samples/docs/ledger.md has questions
-- and answers. Tables, columns and views have the names that they have in a ledger in
-- a file.
--
-- Times are microseconds since 1970 in columns ending in _us; NULL is no time. The views
-- at the end show them as text in UTC: 2026-03-04T05:06:07.008Z. Our clock and the
-- partner's may differ: a column ending in _offset_us is what the partner's clock was
-- ahead, in microseconds, and _certain says whether the partner told it. Flags are 0
-- and 1. Columns of type bytea are keyed digests, and excerpts of answers.
--
-- A text that PostgreSQL cannot keep (with a NUL, say) is stored as U+FDD0 and its bytes
-- in hexadecimal.

-- What the file is and what it belongs to. One row.
CREATE TABLE ledger (
	one smallint PRIMARY KEY CHECK (one = 1),      -- always 1
	id text NOT NULL,                              -- random, the same in every copy
	environment text NOT NULL,                     -- sandbox, staging, production or a host
	account_partner text NOT NULL DEFAULT '',      -- partner account by the wallet call; '' = not known yet
	account_slug text NOT NULL DEFAULT '',         -- partner account by the form of its serviceIds
	secret text NOT NULL,                          -- keys the digests
	created_us bigint NOT NULL,                    -- when this ledger was made
	schema_version integer NOT NULL,               -- of these tables and views
	oldest_reader integer NOT NULL,                -- the oldest schema version whose program may still use it
	registrations bigint NOT NULL DEFAULT 0,       -- check passes committed; the lock on this row puts them, and all writes but those of the send pass, in a row
	detail_names text NOT NULL DEFAULT ''          -- fields whose change is noticed, in the order of the digests in the columns details: a JSON list, '' = none yet
);

-- A process that may send, or might. Its number is never given twice, and every write of the
-- send pass carries it: once the row has ended, no such write goes through.
CREATE TABLE sender (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- number of the sender
	host text NOT NULL,                            -- name of the machine
	pid integer NOT NULL,                          -- number of the process there
	os_user text NOT NULL,                         -- user of the operating system
	command text NOT NULL,                         -- what it does
	lease_us bigint NOT NULL,                      -- once beat has not changed for this long, others may declare it ended
	timeout_us bigint NOT NULL,                    -- the longest that one of its requests can last
	began_us bigint NOT NULL,                      -- when it joined, by the database's clock
	beat bigint NOT NULL DEFAULT 0,                -- its sign of life: counts up several times in a lease
	beat_us bigint NOT NULL,                       -- when, by the database's clock; for people only
	writes bigint NOT NULL DEFAULT 0,              -- its transactions; fewer than it knows of = this database has lost commits
	ended_us bigint,                               -- NULL while it may send
	ended_by bigint,                               -- the sender that declared it ended; NULL = itself
	end_reason text NOT NULL DEFAULT '' CHECK (end_reason IN ('', 'finished', 'silent')), -- how it ended
	closes_us bigint                               -- when the last of its requests is over, by the database's clock
) WITH (fillfactor = 20);

-- Numbers that are given once. A check pass takes those of customers by the thousand.
CREATE SEQUENCE customer_id INCREMENT 1000;
CREATE SEQUENCE run_id;
CREATE SEQUENCE gap_id;

-- A check pass under way, or one that died. Its input becomes a batch when it commits.
CREATE TABLE check_pass (
	batch bigint PRIMARY KEY,                      -- number that its input will have
	sender bigint NOT NULL REFERENCES sender       -- who reads it
);

-- An input as it was registered: the files of one command, read with the same settings.
CREATE TABLE batch (
	id bigint PRIMARY KEY,                         -- number of the input
	fingerprint text NOT NULL UNIQUE,              -- of the hashes of all files and the reading settings
	settings text NOT NULL,                        -- the reading settings
	carried text NOT NULL,                         -- names of the columns that reports carry along: a JSON list
	rows integer NOT NULL,                         -- how many rows the ledger holds of it
	registered_us bigint NOT NULL                  -- when it was checked and taken in
);

-- A file, or a sheet of a workbook, of an input.
CREATE TABLE input_file (
	batch bigint NOT NULL REFERENCES batch,        -- the input
	number integer NOT NULL,                       -- from 0
	name text NOT NULL,                            -- path; - is standard input
	sheet text NOT NULL,                           -- of a workbook; '' = the file has none
	sha256 text NOT NULL,                          -- of the bytes of the file
	rows integer NOT NULL,                         -- how many rows were read from it
	PRIMARY KEY (batch, number)
);

-- A saved plan: what a run may do once a second person has approved it.
CREATE TABLE plan (
	id text PRIMARY KEY,                           -- begins the digest of the terms
	state text NOT NULL CHECK (state = 'made' OR state = 'approved' OR state = 'declined' OR state = 'running' OR state = 'used' OR state = 'void'), -- how far it has come
	terms text NOT NULL,                           -- what it binds: a JSON object
	rows integer NOT NULL,                         -- how many rows it allows to be sent
	who text NOT NULL,                             -- user of the operating system who made it
	host text NOT NULL,                            -- on which machine
	made_us bigint NOT NULL,                       -- when
	expires_us bigint NOT NULL,                    -- nothing begins with it from then on
	decided_us bigint,                             -- when it was approved or declined; NULL = not yet
	approves smallint NOT NULL DEFAULT 0 CHECK (approves IN (0, 1)), -- the decision: approved
	decided_by text NOT NULL DEFAULT '',           -- user of the operating system who decided
	decided_on text NOT NULL DEFAULT '',           -- on which machine
	signer text NOT NULL DEFAULT '',               -- name of the key that signed the decision; '' = made on this ledger
	signature text NOT NULL DEFAULT '',            -- of the terms and the decision, in base64
	because text NOT NULL DEFAULT ''               -- the reason or comment of whoever decided
);

-- The rows that an open plan allows to be sent, as digests.
CREATE TABLE plan_row (
	plan text NOT NULL REFERENCES plan,            -- the plan
	customer bytea NOT NULL,                       -- digest of the e-mail in the form that is compared
	details bytea NOT NULL,                        -- digest of the details to be sent
	generation integer NOT NULL,                   -- of the customer's newest create-user request when it was made
	PRIMARY KEY (plan, customer)
);
CREATE INDEX plan_row_customer ON plan_row (customer);

-- A command that changed the ledger or read it out.
CREATE TABLE run (
	id bigint PRIMARY KEY,                         -- number of the run
	command text NOT NULL,                         -- run, resolve, rebind, forget, export ...
	batch bigint REFERENCES batch,                 -- the input, NULL if it had none
	who text NOT NULL,                             -- user of the operating system
	host text NOT NULL,                            -- name of the machine
	version text NOT NULL,                         -- of the program
	key_print text NOT NULL,                       -- fingerprint of the API key
	settings text NOT NULL,                        -- those that matter to what was done
	plan text REFERENCES plan,                     -- the saved plan that it carried out, NULL if none
	started_us bigint NOT NULL,                    -- when it began
	ended_us bigint,                               -- NULL: still running, or killed
	exit_code integer NOT NULL DEFAULT 0,          -- as the shell saw it
	stop_reason text NOT NULL DEFAULT '',          -- why it ended early; '' = it did not
	sent integer NOT NULL DEFAULT 0,               -- how many create-user requests it sent
	created integer NOT NULL DEFAULT 0,            -- how many users it created
	wallet_from text NOT NULL DEFAULT '',          -- balance before
	wallet_to text NOT NULL DEFAULT ''             -- and after
);
CREATE INDEX run_batch ON run (batch);

-- A customer: one e-mail address, and all that is known of it. Until a create-user
-- request was sent, names and details are those of the last input row.
CREATE TABLE customer (
	id bigint PRIMARY KEY,                         -- number of the customer
	status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'in_doubt', 'created', 'link_missing', 'duplicate', 'rejected', 'insufficient_balance', 'forgotten')), -- what is known of the user
	generation integer NOT NULL DEFAULT 0,         -- of the newest create-user request: part of its idempotency key
	intents integer NOT NULL DEFAULT 0,            -- requests ever decided on; every change of state expects this number
	attempts integer NOT NULL DEFAULT 0,           -- create-user requests less those that were never sent
	last_batch bigint NOT NULL DEFAULT 0,          -- the input row that named the customer last; 0 = none
	last_row integer NOT NULL DEFAULT 0,           -- and its ordinal there
	identity text,                                 -- the e-mail in the form that is compared; NULL = as email is written
	email text NOT NULL DEFAULT '',                -- as sent
	first_name text NOT NULL DEFAULT '',           -- as sent
	last_name text NOT NULL DEFAULT '',            -- as sent
	sender_id text NOT NULL DEFAULT '',            -- the sender's own number
	details bytea,                                 -- digests of the fields in ledger.detail_names, 4 bytes each, without zeros at the end: they show that a field changed
	sender_number text NOT NULL DEFAULT '',        -- sender_id in the form that is compared
	name_mark bigint NOT NULL DEFAULT 0,           -- digest of name with phone; 0 = none
	service_id text NOT NULL DEFAULT '',           -- the partner's id of the user
	service_mark bigint NOT NULL DEFAULT 0,        -- digest of service_id, by which it is found; 0 = none
	url text NOT NULL DEFAULT '',                  -- the verification link: treat it like a password
	url_mark bigint NOT NULL DEFAULT 0,            -- digest of url, by which links are found; 0 = none
	issued_us bigint,                              -- when the link came to be known; NULL = when the status was decided
	pairing text NOT NULL DEFAULT '' CHECK (pairing IN ('', 'unconfirmed', 'confirmed', 'email_differs', 'user_deleted', 'user_unlisted', 'answer_mixed_up')), -- what the partner's list says of service_id and e-mail
	field text NOT NULL DEFAULT '',                -- why the status is what it is: the field,
	code text NOT NULL DEFAULT '',                 -- the code
	message text NOT NULL DEFAULT '',              -- and a sentence
	manual smallint NOT NULL DEFAULT 0 CHECK (manual IN (0, 1)), -- an operator decided
	http_status integer NOT NULL DEFAULT 0,        -- of the last create-user request
	key text DEFAULT '',                           -- idempotency key of the newest create-user request; NULL = that of environment, identity and generation
	first_sent_us bigint,                          -- when the first create-user request was decided on
	decided_us bigint,                             -- NULL while pending or in doubt
	CHECK (status <> 'created' OR service_id <> '' AND url <> '')
) WITH (fillfactor = 60);
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
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- number of the request, in the order in which they were decided on
	customer bigint NOT NULL REFERENCES customer,  -- for whom
	run bigint NOT NULL,                           -- by which run
	sender bigint NOT NULL REFERENCES sender,      -- and which process
	generation integer NOT NULL,                   -- as in customer; of a deletion that of the next create-user request
	class text NOT NULL DEFAULT '' CHECK (class IN ('', 'OK', 'OK_BROKEN', 'KEY_USED', 'DUP_USER', 'REJECT', 'UNCLEAR', 'BUSY', 'THROTTLED', 'FUNDS', 'AUTH', 'NOT_SENT', 'UNKNOWN', 'REMOVED', 'NOT_REMOVED')), -- how it ended; '' = open
	absent smallint NOT NULL DEFAULT 0 CHECK (absent IN (0, 1)), -- evidence shows that nothing of it is there or ever will be
	key text NOT NULL,                             -- idempotency key; '' of a deletion
	removes text NOT NULL DEFAULT '',              -- serviceId of the user to be deleted; '' = this creates one
	not_before_us bigint NOT NULL,                 -- it cannot have begun earlier
	not_before_offset_us bigint NOT NULL,          -- see the head of this file
	not_before_certain smallint NOT NULL CHECK (not_before_certain IN (0, 1)), -- likewise
	swept smallint NOT NULL DEFAULT 0 CHECK (swept IN (0, 1)), -- closed by another process for want of an answer
	not_after_us bigint,                           -- it ended by then; NULL while open
	not_after_offset_us bigint NOT NULL DEFAULT 0, -- likewise
	not_after_certain smallint NOT NULL DEFAULT 0 CHECK (not_after_certain IN (0, 1)), -- likewise
	http_status integer NOT NULL DEFAULT 0,        -- of the answer; 0 = none came
	code text NOT NULL DEFAULT '',                 -- the partner's
	details bytea,                                 -- digests of the fields sent; NULL = as in customer
	excerpt bytea,                                 -- of the answer, where it may serve as evidence
	CHECK ((class = '') = (not_after_us IS NULL))
);
CREATE INDEX attempt_customer ON attempt (customer);
CREATE UNIQUE INDEX attempt_open ON attempt (customer) WHERE class = ''; -- one request at a time

-- New customers of a check pass under way, by the digest of the e-mail. An outage of the server
-- empties this table, and the pass is then done again.
CREATE UNLOGGED TABLE newcomer (
	batch bigint NOT NULL,                         -- the pass
	digest bytea NOT NULL,                         -- of the e-mail in the form that is compared
	customer bigint NOT NULL,                      -- the number that the customer will have
	ordinal integer NOT NULL,                      -- of the row that claims it
	sender_number text NOT NULL,                   -- as in customer
	PRIMARY KEY (batch, digest)
);

-- A row of an input. It never changes.
CREATE TABLE input_row (
	batch bigint NOT NULL,                         -- the input; until its check pass commits there is no such batch yet
	ordinal integer NOT NULL,                      -- from 0
	file integer NOT NULL,                         -- input_file.number
	number integer NOT NULL,                       -- of the row, as a spreadsheet shows it
	line integer NOT NULL,                         -- of the file
	customer bigint,                               -- NULL: no valid row of any input has this e-mail
	claims smallint NOT NULL CHECK (claims IN (0, 1)), -- the first valid row of its customer in this input: the one that is sent
	verdict text NOT NULL CHECK (verdict IN ('', 'invalid', 'duplicate_in_input')), -- the row's own; '' = the customer's status counts
	repeats integer NOT NULL,                      -- ordinal of another row that claims the customer; -1 = none
	identity text,                                 -- as in customer; NULL = as email is written
	email text NOT NULL,                           -- as written
	first_name text NOT NULL,                      -- as written
	last_name text NOT NULL,                       -- as written
	sender_id text NOT NULL,                       -- as written
	carry text NOT NULL,                           -- values of the carried columns: a JSON list; '' = none
	findings text NOT NULL,                        -- problems and warnings: a JSON list; '' = none
	details bytea,                                 -- as in customer; NULL of an invalid row
	name_mark bigint NOT NULL,                     -- as in customer
	recall bigint,                                 -- digest by which the same finding is known again in another input; NULL = that of the e-mail
	PRIMARY KEY (batch, ordinal)
);
CREATE INDEX input_row_unclaimed ON input_row (coalesce(identity, email)) WHERE customer IS NULL AND coalesce(identity, email) <> '';

-- E-mails that were erased on request, as digests, so that they are not sent again.
CREATE TABLE forgotten (
	digest bytea PRIMARY KEY,                      -- of the e-mail in the form that is compared
	customer bigint NOT NULL REFERENCES customer   -- what is left of the customer
);

-- Outcomes that a finished run has reported, as digests: not news any more.
CREATE TABLE reported (
	mark bigint PRIMARY KEY,                       -- digest of the row with its status and the reasons
	first_run bigint NOT NULL,                     -- the run that reported it first
	last_run bigint NOT NULL                       -- and the last one that did
);
CREATE INDEX reported_last_run ON reported (last_run);

-- Small facts that runs learn of the partner: pace, fee, clock.
CREATE TABLE fact (
	name text COLLATE "C" PRIMARY KEY,             -- what was learnt
	value text NOT NULL,                           -- as text
	at_us bigint                                   -- when
);

-- Identity checks of users, by the partner's clock. An event may come before the answer
-- that names its user, so that a service_id may have no customer yet.
CREATE TABLE kyc (
	service_id text PRIMARY KEY,                   -- the partner's id of the user
	status text NOT NULL,                          -- in the words of the partner
	since_us bigint,                               -- when it began
	seen_us bigint,                                -- the newest event
	retries integer NOT NULL,                      -- begun again through us
	retry_count integer NOT NULL,                  -- begun again as the partner counts
	retry_open smallint NOT NULL CHECK (retry_open IN (0, 1)), -- the last retry has no answer yet
	reasons text NOT NULL,                         -- of the newest denial, one a line
	denied_us bigint,                              -- when the newest denial came
	linked_us bigint,                              -- the event whose link the customer has
	resubmitted_us bigint                          -- the documents were submitted again: the user has nothing to do
);

-- Stretches of time of which the ledger may have lost what it wrote, because it was
-- put back from a copy.
CREATE TABLE gap (
	id bigint PRIMARY KEY,                         -- number of the gap
	cause text NOT NULL CHECK (cause IN ('restore', 'adopt', 'backup', 'copy')), -- how the copy came to its place
	from_at_us bigint NOT NULL,                    -- the last moment of which the copy knows
	from_offset_us bigint NOT NULL,                -- see the head of this file
	from_certain smallint NOT NULL CHECK (from_certain IN (0, 1)), -- likewise
	to_at_us bigint NOT NULL,                      -- when the copy was opened
	to_offset_us bigint NOT NULL,                  -- see the head of this file
	to_certain smallint NOT NULL CHECK (to_certain IN (0, 1)), -- likewise
	written_us bigint NOT NULL,                    -- when the gap was noted
	scanned_us bigint,                             -- when the partner's list had shown who was created inside
	ended_us bigint,                               -- when an operator declared that no list will
	reason text NOT NULL                           -- what that operator said; '' = nothing
);

-- Users that the partner's list showed as created inside a gap, as digests of their e-mails.
CREATE TABLE gap_user (
	digest bytea NOT NULL,                         -- of the e-mail in the form that is compared
	gap bigint NOT NULL REFERENCES gap,            -- inside which the user was created
	PRIMARY KEY (digest, gap)
);

-- Views, for people. They have the same names and columns in every kind of ledger.

-- Every row of every input with the status that reports show.
CREATE VIEW row_status AS
SELECT r.batch, r.ordinal, f.name AS file, f.sheet, r.number AS row, r.email,
	CASE
		WHEN r.verdict = 'duplicate_in_input' THEN r.verdict
		WHEN c.status = 'forgotten' THEN c.status
		WHEN r.verdict = 'invalid' AND r.repeats >= 0 THEN r.verdict
		WHEN c.id IS NULL THEN CASE WHEN r.verdict = '' THEN 'pending' ELSE r.verdict END
		WHEN r.verdict <> '' AND c.status = 'pending' THEN r.verdict
		ELSE c.status
	END AS status,
	c.id AS customer, c.code, c.message, r.findings
FROM input_row r
JOIN batch b ON b.id = r.batch
LEFT JOIN customer c ON c.id = r.customer
LEFT JOIN input_file f ON f.batch = r.batch AND f.number = r.file;

-- How many rows of each input have which status.
CREATE VIEW status AS
SELECT batch, status, count(*) AS rows FROM row_status GROUP BY batch, status;

-- What is wrong with the rows, and what is worth a warning: one line for each finding.
CREATE VIEW row_findings AS
SELECT s.batch, s.ordinal, s.file, s.sheet, s.row, s.email, s.status,
	f.value ->> 'Field' AS field, f.value ->> 'Code' AS code, f.value ->> 'Message' AS message,
	(f.value ->> 'Warning')::boolean AS warning
FROM row_status s, json_array_elements(nullif(s.findings, '')::json) f;

-- Customers as they are now.
CREATE VIEW customers AS
SELECT c.id, c.email, c.first_name, c.last_name, c.sender_id, c.status, c.field, c.code, c.message, c.manual = 1 AS manual,
	c.service_id, c.url, CASE WHEN c.url <> '' THEN to_char(to_timestamp(coalesce(c.issued_us, c.decided_us) / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') END AS issued, c.pairing, coalesce(k.status, '') AS kyc,
	c.attempts, to_char(to_timestamp(c.first_sent_us / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS first_sent, to_char(to_timestamp(c.decided_us / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS decided
FROM customer c LEFT JOIN kyc k ON k.service_id = c.service_id;

-- What was sent for whom, in order, and what came of it; status is the customer's now.
CREATE VIEW attempts_of AS
SELECT c.email, c.status, a.id AS attempt, a.customer, a.run, a.generation, a.key,
	CASE WHEN a.removes = '' THEN 'create' ELSE 'delete' END AS request,
	to_char(to_timestamp(a.not_before_us / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS sent, to_char(to_timestamp(a.not_after_us / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS ended,
	CASE WHEN a.class = '' THEN 'open' WHEN a.absent = 1 THEN a.class || ', absent' ELSE a.class END AS outcome,
	a.http_status, a.code, encode(a.excerpt, 'escape') AS answer
FROM attempt a JOIN customer c ON c.id = a.customer;

-- Who ran which command, when, and how it ended.
CREATE VIEW runs AS
SELECT r.id, r.command, r.who, r.host, r.version, to_char(to_timestamp(r.started_us / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS started, to_char(to_timestamp(r.ended_us / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS ended,
	CASE WHEN r.ended_us IS NOT NULL THEN r.exit_code END AS exit_code, r.stop_reason, r.sent, r.created, r.wallet_from, r.wallet_to, r.batch, r.settings, r.plan
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
	field, code, message, to_char(to_timestamp((SELECT max(a.not_before_us) FROM attempt a WHERE a.customer = c.id) / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS last_sent
FROM customer c
WHERE status IN ('in_doubt', 'link_missing', 'duplicate', 'rejected', 'insufficient_balance')
	OR status = 'created' AND (code = 'other_account' OR pairing IN ('email_differs', 'user_deleted', 'user_unlisted', 'answer_mixed_up'));


-- Processes that send or have sent, newest first.
CREATE VIEW senders AS
SELECT s.id, s.host, s.pid, s.os_user, s.command, to_char(to_timestamp(s.began_us / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS began,
	to_char(to_timestamp(s.beat_us / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS last_beat,
	to_char(to_timestamp(s.ended_us / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS ended, s.end_reason,
	(SELECT count(*) FROM attempt a WHERE a.sender = s.id AND a.class = '') AS in_flight
FROM sender s ORDER BY s.id DESC;
