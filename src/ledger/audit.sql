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

-- tail --
-- How many events lie after a position.
SELECT count(*) FROM ledger.event WHERE position > %(after)s AND position <= %(upto)s

-- events --
-- Whether there is anything at all.
SELECT count(*) FROM (SELECT 1 FROM ledger.event LIMIT 1) AS some
