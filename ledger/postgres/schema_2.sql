-- Version 2: several processes send from one ledger at once.

-- A sender that holds the ledger alone keeps all others out; every other one shares it.
ALTER TABLE sender ADD COLUMN token text NOT NULL DEFAULT '';         -- random: tells this process from another one that got its number after commits were lost
ALTER TABLE sender ADD COLUMN version text NOT NULL DEFAULT '';       -- of the program
ALTER TABLE sender ADD COLUMN is_alone smallint NOT NULL DEFAULT 1 CHECK (is_alone IN (0, 1)); -- it shares the ledger with no other sender
ALTER TABLE sender ADD COLUMN sent bigint NOT NULL DEFAULT 0;         -- how many attempts it has begun
ALTER TABLE sender ADD COLUMN batch bigint NOT NULL DEFAULT 0;        -- the input that it sends; 0 = none
ALTER TABLE sender ADD COLUMN is_resting smallint NOT NULL DEFAULT 0 CHECK (is_resting IN (0, 1)); -- it has nothing left to do there
ALTER TABLE sender ADD COLUMN swept smallint NOT NULL DEFAULT 0 CHECK (swept IN (0, 1)); -- nothing of it is open any more
ALTER TABLE sender ADD COLUMN lost_since_us bigint;                   -- another sender has noticed that commits were lost since then, and this one has written nothing since; NULL = no
CREATE INDEX sender_unswept ON sender (id) WHERE swept = 0;

-- What one sender does for all of them.
CREATE TABLE role (
	name text PRIMARY KEY,                         -- resolver, wallet
	sender bigint NOT NULL REFERENCES sender       -- who has it; free once that sender has ended
) WITH (fillfactor = 50);

-- The rate and the pauses that all senders keep. One row.
CREATE TABLE pace (
	one smallint PRIMARY KEY DEFAULT 1 CHECK (one = 1), -- always 1
	rate double precision CHECK (rate > 0),        -- requests a second; NULL = unlimited
	next_us bigint NOT NULL DEFAULT 0,             -- the next free turn, by the database's clock
	rate_at_busy double precision NOT NULL DEFAULT 0, -- the rate that met the last 429; 0 = none did
	cut_us bigint NOT NULL DEFAULT 0,              -- when that was
	wait_until_us bigint NOT NULL DEFAULT 0,       -- the partner has asked all to wait
	empty_since_us bigint,                         -- the wallet could not pay; NULL = it can
	trial bigint NOT NULL DEFAULT 0,               -- the sender whose request shows whether the wallet pays again; 0 = none
	held_by text NOT NULL DEFAULT '',              -- who has stopped all senders; '' = nobody
	held_because text NOT NULL DEFAULT ''          -- and why
) WITH (fillfactor = 10);
INSERT INTO pace (rate) VALUES (5);

-- How far the slices of an input have been given out, 256 rows each.
CREATE TABLE claim_head (
	batch bigint PRIMARY KEY REFERENCES batch ON DELETE CASCADE, -- the input
	next_slice integer NOT NULL                    -- the first that was never claimed
) WITH (fillfactor = 50);

-- A slice of an input, whose rows one sender sends.
CREATE TABLE claim (
	batch bigint NOT NULL REFERENCES batch ON DELETE CASCADE, -- the input
	slice integer NOT NULL,                        -- from 0
	sender bigint,                                 -- who sends its rows, or has sent them; NULL = free again
	PRIMARY KEY (batch, slice)
) WITH (fillfactor = 50);
CREATE INDEX claim_sender ON claim (sender);
CREATE INDEX claim_free ON claim (batch, slice) WHERE sender IS NULL;

-- Customers whom the partner's list has shown to be absent: whoever has the row may send
-- it until then.
CREATE TABLE clearance (
	customer bigint PRIMARY KEY REFERENCES customer, -- who
	intents integer NOT NULL,                      -- as in customer when the list was read; another number makes it void
	fresh_until_us bigint NOT NULL                 -- by the database's clock
);

-- What customers are looked up by that changes as they are sent. It is apart from customer,
-- whose updates then need no new entries in its indexes.
CREATE TABLE lookup (
	customer bigint PRIMARY KEY,                   -- who; a customer for whom nothing was ever sent has no row
	in_doubt smallint NOT NULL CHECK (in_doubt IN (0, 1)), -- customer.status is in_doubt
	unconfirmed smallint NOT NULL CHECK (unconfirmed IN (0, 1)), -- customer.pairing is unconfirmed
	service_mark bigint NOT NULL,                  -- as in customer
	url_mark bigint NOT NULL                       -- as in customer
) WITH (fillfactor = 80);
INSERT INTO lookup SELECT id, (status = 'in_doubt')::int, (pairing = 'unconfirmed')::int, service_mark, url_mark FROM customer
	WHERE status = 'in_doubt' OR pairing = 'unconfirmed' OR service_mark <> 0 OR url_mark <> 0;
CREATE INDEX lookup_in_doubt ON lookup (customer) WHERE in_doubt = 1;
CREATE INDEX lookup_unconfirmed ON lookup (customer) WHERE unconfirmed = 1;
CREATE INDEX lookup_service_mark ON lookup (service_mark) WHERE service_mark <> 0;
CREATE INDEX lookup_url_mark ON lookup (url_mark) WHERE url_mark <> 0;
DROP INDEX customer_in_doubt, customer_unconfirmed, customer_service_id, customer_url;
ALTER TABLE attempt SET (fillfactor = 80);
ALTER TABLE customer SET (fillfactor = 33); -- a page has room for each of its customers as registered, in doubt, and created

DROP VIEW senders;
-- Processes that send or have sent, newest first.
CREATE VIEW senders AS
SELECT s.id, s.host, s.pid, s.os_user, s.command, s.version, to_char(to_timestamp(s.began_us / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS began,
	to_char(to_timestamp(s.beat_us / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS last_beat,
	to_char(to_timestamp(s.ended_us / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS ended, s.end_reason,
	(SELECT count(*) FROM attempt a WHERE a.sender = s.id AND a.class = '') AS in_flight
FROM sender s ORDER BY s.id DESC;
