-- resolve --
-- Finds tasks whose id begins or ends with what was typed; two rows are enough to call it ambiguous. A beginning is a
-- range of ids; for an end every id is looked at.
(SELECT task FROM projection.board
  WHERE task BETWEEN rpad(%(typed)s, 32, '0')::uuid AND rpad(%(typed)s, 32, 'f')::uuid LIMIT 2)
 UNION
(SELECT task FROM projection.board WHERE replace(task::text, '-', '') LIKE '%%' || %(typed)s LIMIT 2)
 LIMIT 2

-- lock --
-- Locks one task's row and returns it.
SELECT * FROM projection.board WHERE task = %(task)s FOR UPDATE

-- lock_several --
-- Locks several rows in the order of their creation: a prerequisite is always older than what waits on it, so every
-- transaction locks in one direction and none waits for another in a circle.
SELECT * FROM projection.board WHERE task = ANY (%(tasks)s) ORDER BY created_position FOR UPDATE

-- lock_shared --
-- Keeps prerequisites as they are until the edges to them are in; their own verbs wait, other creators do not.
SELECT * FROM projection.board WHERE task = ANY (%(tasks)s) ORDER BY created_position FOR SHARE

-- dependents --
-- Unfinished tasks that wait on this one.
SELECT task FROM projection.dependency WHERE prerequisite = %(task)s AND NOT met

-- one --
-- Reads one row without a lock.
SELECT * FROM projection.board WHERE task = %(task)s

-- mine --
-- The row an agent holds, live or not.
SELECT * FROM projection.board WHERE holder = %(agent)s

-- pick --
-- Locks the best claimable task of these routes; its row as it stands then, and the time.
SELECT verb.pick(%(routes)s::bigint[], %(afters)s::bigint[], %(agent)s)

-- write --
-- Appends a block of events and writes what they made of the board; the position of the first.
SELECT verb.write(%(events)s, %(routes)s, %(born)s, %(moved)s, %(renewed)s, %(edges)s, %(judged)s)

-- pick_named --
-- Locks one named task if nobody has it locked.
SELECT * FROM projection.board WHERE task = %(task)s FOR UPDATE SKIP LOCKED

-- expired --
-- Locks tasks whose lease has run out, the agent's own first, then the oldest.
SELECT * FROM projection.board
 WHERE holder IS NOT NULL AND lease_expires_at <= (SELECT ledger.clock())
   AND (lane = ANY (%(lanes)s) OR holder = %(agent)s)
 ORDER BY (holder = %(agent)s) DESC, lease_expires_at, created_position
 LIMIT %(most)s
   FOR UPDATE SKIP LOCKED

-- wip --
-- Live leases at a stage of one workflow, in a lane or a whole project; leases that ran out do not count.
SELECT count(*) AS live FROM projection.board
 WHERE stage = %(stage)s AND workflow = %(workflow)s AND holder IS NOT NULL AND lease_expires_at > (SELECT ledger.clock())
   AND (lane = %(scope)s OR project = %(scope)s)

-- lock_wip --
-- One claimer at a time where a limit is counted, so that it holds under concurrency.
SELECT pg_advisory_xact_lock(1634299491, hashtext(%(scope)s || '/' || %(workflow)s || '/' || %(stage)s))

-- route_ids --
-- Every route of a lane.
SELECT id FROM projection.route WHERE parts ->> 'lane' = %(lane)s

-- routes --
-- The parts of some routes.
SELECT id, parts FROM projection.route WHERE id = ANY (%(ids)s)

-- unmet --
-- What a task waits on, and whether it was given up.
SELECT d.prerequisite, p.cancelled
  FROM projection.dependency d JOIN projection.board p ON p.task = d.prerequisite
 WHERE d.task = %(task)s AND NOT d.met ORDER BY d.prerequisite

-- reaches --
-- Tells whether one of the first tasks is reached from the second by going from prerequisite to prerequisite.
WITH RECURSIVE up AS (
    SELECT unnest(%(starts)s::uuid[]) AS task
     UNION
    SELECT d.prerequisite FROM projection.dependency d JOIN up USING (task))
SELECT EXISTS (SELECT FROM up WHERE task = %(target)s) AS cycle

-- obstacles --
-- Why there is nothing for a caller on some lanes: each cause counted to a hundred at most. What the caller holds itself
-- it lets go of in this very transaction.
SELECT 'blocked' AS cause, count(*) AS tasks
  FROM (SELECT FROM projection.board WHERE lane = ANY (%(lanes)s) AND blocked AND NOT cancelled LIMIT 100) AS few
 UNION ALL
SELECT 'waits', count(*)
  FROM (SELECT FROM projection.board
         WHERE lane = ANY (%(lanes)s) AND waits > 0 AND NOT blocked AND NOT cancelled LIMIT 100) AS few
 UNION ALL
SELECT 'held', count(*)
  FROM (SELECT FROM projection.board WHERE lane = ANY (%(lanes)s) AND holder <> %(agent)s LIMIT 100) AS few

-- ready_routes --
-- Routes of some lanes on which work waits, and how much, to a hundred at most.
SELECT r.id, n.tasks
  FROM projection.route r
 CROSS JOIN LATERAL (SELECT count(*) AS tasks
                       FROM (SELECT FROM projection.board b WHERE b.ready AND b.route = r.id LIMIT 100) AS few) AS n
 WHERE r.parts ->> 'lane' = ANY (%(lanes)s) AND n.tasks > 0

-- lanes --
-- Every lane: whether it is paused, how it hands out work, and the limits it sets itself.
SELECT key, paused, settings ->> 'routing' AS routing, settings -> 'wip' AS wip FROM projection.lane
