-- leaves --
-- Rows as the Merkle tree takes them, after a position, in order; upto is at most a horizon read before.
SELECT position, stream, version, type, schema, body::text, raw, actor, family, capability, credential,
    subject_agent, subject_family, project, task::text, command::text, request, causation, correlation::text,
    to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
FROM ledger.event
WHERE position > %(after)s AND position <= %(upto)s
ORDER BY position
LIMIT %(limit)s

-- seals --
-- The ledger's own stream: its opening, its forks, its keys and its checkpoints.
SELECT position, version, type, body::text FROM ledger.event WHERE stream = 'ledger' ORDER BY version

-- beyond --
-- The last event's position, and the last position given: read after the rows, so never below one of them.
SELECT coalesce((SELECT max(position) FROM ledger.event), 0), (SELECT last_value FROM ledger.position)

-- anything --
-- Whether there is anything at all.
SELECT EXISTS (SELECT FROM ledger.event)

-- alone --
-- Keeps appends out while an import looks whether the ledger is empty and fills it.
LOCK TABLE ledger.event IN EXCLUSIVE MODE

-- import --
-- Events with the positions they had.
COPY ledger.event (position, stream, version, type, schema, body, raw, actor, family, capability, credential,
    subject_agent, subject_family, project, task, command, request, causation, correlation, recorded_at) FROM STDIN

-- positions_taken --
-- The horizon, and whatever comes after, lies above what was imported.
SELECT setval('ledger.position', %(position)s)

-- close --
-- A sequence that has reached its end hands out nothing: the ledger is read-only for everybody, at no cost to a verb.
ALTER SEQUENCE ledger.position MAXVALUE {last}

-- open --
-- Positions go on.
ALTER SEQUENCE ledger.position MAXVALUE 281474976710655

-- closed --
-- Whether the ledger is an imported copy that nobody promoted.
SELECT seqmax < 281474976710655 AS closed FROM pg_sequence WHERE seqrelid = 'ledger.position'::regclass
