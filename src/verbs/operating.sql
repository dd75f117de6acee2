-- open_lanes --
-- Lanes that hand out work.
SELECT key, project FROM projection.lane WHERE NOT paused ORDER BY key

-- older --
-- Unfinished tasks pinned to an older version of a workflow, locked, oldest first.
SELECT * FROM projection.board
 WHERE workflow = %(workflow)s AND workflow_version < %(version)s AND NOT terminal AND NOT cancelled
 ORDER BY created_position FOR UPDATE

-- transition --
-- The advance or reject at a position.
SELECT task, actor, family FROM ledger.event
 WHERE position = %(position)s AND type IN ('TaskAdvanced', 'TaskRejected')

-- family_of --
-- The family of an agent's newest credential.
SELECT family FROM projection.credential WHERE agent = %(agent)s ORDER BY issued_at DESC LIMIT 1

-- family --
-- A registered family.
SELECT key FROM projection.family WHERE key = %(key)s
