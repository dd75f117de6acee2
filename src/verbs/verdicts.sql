-- join --
-- Keeps an epic without a verdict until what is created in it is committed; creators do not wait for each other.
SELECT pg_advisory_xact_lock_shared(1634299498, hashtext(%(epic)s))

-- alone --
-- Waits for those who create tasks in the epic, and keeps new ones out.
SELECT pg_advisory_xact_lock(1634299498, hashtext(%(epic)s))

-- judged --
-- The verdict on an epic: the one event of its stream.
SELECT body FROM ledger.event WHERE stream = 'epic-' || %(epic)s AND version = 1

-- tasks --
-- The tasks of an epic, and its brief, locked in the order in which every transaction locks.
SELECT * FROM projection.board WHERE epic = %(epic)s OR task = %(epic)s::uuid ORDER BY created_position FOR UPDATE

-- waiting --
-- Unfinished tasks that wait on some others.
SELECT DISTINCT task FROM projection.dependency WHERE prerequisite = ANY (%(tasks)s) AND NOT met
