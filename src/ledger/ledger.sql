-- append --
-- Append a JSON array of events, keys being the columns of ledger.event; the position of the first.
SELECT ledger.append(%(events)s::jsonb)

-- horizon --
-- The position up to which the ledger is complete; rows are read in the statement after it.
SELECT ledger.horizon()

-- clock --
-- The time of the ledger.
SELECT ledger.clock()

-- read --
-- Events after a position, in order of position; upto is at most a horizon read before.
SELECT position, stream, version, type, schema, body::text, raw, actor, family, capability, credential,
    subject_agent, subject_family, project, task, command, request, causation, correlation, recorded_at
FROM ledger.event
WHERE position > %(after)s AND position <= %(upto)s
ORDER BY position
LIMIT %(limit)s

-- read_stream --
-- The events of one stream, in order of version.
SELECT position, stream, version, type, schema, body::text, raw, actor, family, capability, credential,
    subject_agent, subject_family, project, task, command, request, causation, correlation, recorded_at
FROM ledger.event
WHERE stream = %(stream)s AND version > %(after)s AND position <= %(upto)s
ORDER BY version

-- read_task --
-- Everything that concerns one task, its leases included, in order of position.
SELECT position, stream, version, type, schema, body::text, raw, actor, family, capability, credential,
    subject_agent, subject_family, project, task, command, request, causation, correlation, recorded_at
FROM ledger.event
WHERE task = %(task)s AND position <= %(upto)s
ORDER BY position

-- shares --
-- Spans of task ids that hold about so many events each; min and max know no uuid before PostgreSQL 18.
SELECT min(task::text COLLATE "C")::uuid, max(task::text COLLATE "C")::uuid, sum(events)
FROM (SELECT task, count(*) AS events, sum(count(*)) OVER (ORDER BY task) AS so_far
        FROM ledger.event WHERE task IS NOT NULL AND position <= %(upto)s GROUP BY task) AS t
GROUP BY so_far::bigint / %(events)s
ORDER BY 1

-- read_share --
-- The lives of the tasks of a span, one after the other.
SELECT position, stream, version, type, schema, body::text, raw, actor, family, capability, credential,
    subject_agent, subject_family, project, task, command, request, causation, correlation, recorded_at
FROM ledger.event
WHERE task >= %(first)s AND task <= %(last)s AND position <= %(upto)s
ORDER BY task, position

-- read_tasks --
-- The lives of some tasks, one after the other.
SELECT position, stream, version, type, schema, body::text, raw, actor, family, capability, credential,
    subject_agent, subject_family, project, task, command, request, causation, correlation, recorded_at
FROM ledger.event
WHERE task = ANY (%(tasks)s) AND position <= %(upto)s
ORDER BY task, position

-- touched --
-- Tasks that some event of a span concerns.
SELECT DISTINCT task FROM ledger.event WHERE task IS NOT NULL AND position > %(after)s AND position <= %(upto)s

-- read_types --
-- Events of some types, and unless only those are wanted all that concern no task, in order of position.
SELECT position, stream, version, type, schema, body::text, raw, actor, family, capability, credential,
    subject_agent, subject_family, project, task, command, request, causation, correlation, recorded_at
FROM ledger.event
WHERE position > %(after)s AND position <= %(upto)s AND (type = ANY (%(types)s) OR task IS NULL AND NOT %(only)s)
ORDER BY position
LIMIT %(limit)s

-- stream_version --
-- The version of a stream's last event, 0 for a stream without events.
SELECT coalesce(max(version), 0) FROM ledger.event WHERE stream = %(stream)s

-- library_stream --
-- A stream as the event-sourcing library reads it, oldest first.
SELECT version, type, schema, body::text, raw
FROM ledger.event
WHERE stream = %(stream)s AND version > %(gt)s AND version <= %(lte)s
ORDER BY version
LIMIT %(limit)s

-- library_stream_back --
-- A stream as the event-sourcing library reads it, newest first.
SELECT version, type, schema, body::text, raw
FROM ledger.event
WHERE stream = %(stream)s AND version > %(gt)s AND version <= %(lte)s
ORDER BY version DESC
LIMIT %(limit)s

-- library_log --
-- The ledger as the library's notification log; types null is all of them.
SELECT position, stream, version, type, schema, body::text, raw
FROM ledger.event
WHERE position > %(after)s AND position <= %(upto)s AND (%(types)s::text[] IS NULL OR type = ANY (%(types)s::text[]))
ORDER BY position
LIMIT %(limit)s

-- last_position --
-- The last position up to a horizon, null for an empty ledger.
SELECT max(position) FROM ledger.event WHERE position <= %(upto)s
