-- begin --
-- One verb, one transaction.
BEGIN

-- commit --
-- Everything or nothing.
COMMIT

-- rollback --
-- Nothing.
ROLLBACK

-- ring --
-- Wakes who waits for work on a lane; sent after the commit, in a transaction of its own that writes nothing, because a
-- notification inside the verb's would make all verbs commit one after the other.
SELECT pg_notify('ainarres', %(lane)s)

-- listen --
-- Hears the bell.
LISTEN ainarres

-- unlisten --
-- Hears it no more.
UNLISTEN ainarres

-- aside --
-- Where a look at a task that may turn out to be of a full stage begins.
SAVEPOINT aside

-- put_back --
-- Gives up the locks taken since.
ROLLBACK TO SAVEPOINT aside

-- clock --
-- The verb's one reading of time, after its locks.
SELECT ledger.clock() AS now

-- remember --
-- Takes the command's id for the caller; a concurrent twin waits here, a later one gets no row.
INSERT INTO projection.command (agent, command, request)
SELECT a.agent, %(command)s, %(request)s
  FROM (SELECT %(agent)s::text AS agent WHERE %(agent)s::text IS NOT NULL
         UNION ALL
        SELECT agent FROM projection.credential WHERE token_sha256 = %(token_sha256)s) AS a
ON CONFLICT (agent, command) DO NOTHING
RETURNING agent

-- remembered --
-- What a command id stands for.
SELECT request, first_position, last_position FROM projection.command
 WHERE agent = %(agent)s AND command = %(command)s

-- remember_positions --
-- Where the command's events stand: the block just appended in this session, or what is known of several.
UPDATE projection.command
   SET first_position = coalesce(%(first)s::bigint, currval('ledger.position') - %(more)s),
       last_position = coalesce(%(last)s::bigint, currval('ledger.position'))
 WHERE agent = %(agent)s AND command = %(command)s

-- world --
-- What deciders are told besides the task: tiers that exist, newest card versions.
SELECT ARRAY(SELECT DISTINCT substr(feature, 6)::integer FROM projection.feature
              WHERE feature ~ '^tier:[0-9]{1,6}$') AS tiers,
       coalesce((SELECT jsonb_object_agg(role, version)
                   FROM (SELECT role, max(version) AS version FROM projection.card GROUP BY role) AS newest), '{}') AS cards

-- lane --
-- A lane by its full key, or by its last part where that is unique.
SELECT * FROM projection.lane
 WHERE key = %(lane)s OR split_part(key, '/', 2) = %(lane)s
 ORDER BY (key = %(lane)s) DESC, key LIMIT 3

-- workflow --
-- One version of a workflow.
SELECT definition FROM projection.workflow WHERE key = %(key)s AND version = %(version)s

-- newest_workflow --
-- The version that new tasks take.
SELECT version, definition FROM projection.workflow WHERE key = %(key)s ORDER BY version DESC LIMIT 1
