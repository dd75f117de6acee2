-- open --
-- Who asks, what is known of the command, and what the verb wants to see or lock, in one answer.
SELECT verb.begin(
    %(token)s, %(local)s, %(command)s, %(locked)s, %(held)s, %(wide)s, %(epoch)s, %(routes)s::bigint[], %(afters)s::bigint[])

-- commit --
-- Everything or nothing.
COMMIT

-- rollback --
-- Nothing.
ROLLBACK

-- renew --
-- What sessions remember is other than before.
SELECT verb.renew()

-- ring --
-- Wakes who waits for work on some lanes; sent behind the commit, in a transaction of its own that writes nothing.
SELECT verb.ring(%(lanes)s::text[])

-- listen --
-- Hears the bell, and lets ringers know that somebody does; before the last look that found nothing.
LISTEN ainarres; SELECT pg_advisory_lock_shared(1634299500, 0)

-- unlisten --
-- Hears it no more.
UNLISTEN ainarres; SELECT pg_advisory_unlock_shared(1634299500, 0)

-- clock --
-- The verb's one reading of time, after its locks.
SELECT ledger.clock() AS now

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
