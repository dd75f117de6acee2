-- lock_board --
-- Holds the board open for this transaction: a rebuild swaps the tables only when nobody does.
SELECT pg_advisory_xact_lock_shared(1634299490, 0)

-- resolve --
-- Finds tasks whose id begins or ends with what was typed; two rows are enough to call it ambiguous.
SELECT task FROM projection.board
 WHERE replace(task::text, '-', '') LIKE %(typed)s || '%%' OR replace(task::text, '-', '') LIKE '%%' || %(typed)s
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

-- lock_mine --
-- Locks the row an agent holds.
SELECT * FROM projection.board WHERE holder = %(agent)s FOR UPDATE

-- pick --
-- Locks the best claimable task of these routes and notes its id for the next statement.
SELECT set_config('ainarres.picked',
                  coalesce(verb.pick(%(routes)s::bigint[], %(befores)s::timestamptz[], %(agent)s)::text, ''), true)

-- picked --
-- The row that was picked, as it stands now that it is locked.
SELECT * FROM projection.board WHERE task = nullif(current_setting('ainarres.picked'), '')::uuid

-- pick_named --
-- Locks one named task if nobody has it locked.
SELECT * FROM projection.board WHERE task = %(task)s FOR UPDATE SKIP LOCKED

-- expired --
-- Locks tasks whose lease has run out, the agent's own first, then the oldest.
SELECT * FROM projection.board
 WHERE holder IS NOT NULL AND lease_expires_at <= ledger.clock()
   AND (lane = ANY (%(lanes)s) OR holder = %(agent)s)
 ORDER BY (holder = %(agent)s) DESC, lease_expires_at, created_position
 LIMIT %(most)s
   FOR UPDATE SKIP LOCKED

-- wip --
-- Live leases at a stage of one workflow, in a lane or a whole project; leases that ran out do not count.
SELECT count(*) AS live FROM projection.board
 WHERE stage = %(stage)s AND workflow = %(workflow)s AND holder IS NOT NULL AND lease_expires_at > ledger.clock()
   AND (lane = %(scope)s OR project = %(scope)s)

-- lock_wip --
-- One claimer at a time where a limit is counted, so that it holds under concurrency.
SELECT pg_advisory_xact_lock(1634299491, hashtext(%(scope)s || '/' || %(workflow)s || '/' || %(stage)s))

-- route_ids --
-- Every route there is.
SELECT array_agg(id) AS ids FROM projection.route

-- routes --
-- The parts of some routes.
SELECT id, parts FROM projection.route WHERE id = ANY (%(ids)s)

-- add_route --
-- Interns a route; its id is a hash of its parts, so whoever comes second writes nothing.
INSERT INTO projection.route (id, parts) VALUES (%(id)s, %(parts)s) ON CONFLICT (id) DO NOTHING

-- insert --
-- A new task. Position comes from the append just before in this session.
INSERT INTO projection.board (
    task, project, lane, workflow, workflow_version, stage, terminal, title, payload, priority, requires, skills,
    depends_on, waived, epic, template, attempts, infra_releases, rework, tiers, blocked, blocked_reason, cancelled,
    review_waived, authors, artifacts, delivered, approved, holder, holder_family, holder_maker, holder_capability,
    fence, attempt, renewals, claimed_at, lease_expires_at, created_by, created_by_family, created_at, updated_at,
    entered_stage_at, version, correlation, route, author_agent, waits, created_position, updated_position)
VALUES (
    %(task)s, %(project)s, %(lane)s, %(workflow)s, %(workflow_version)s, %(stage)s, %(terminal)s, %(title)s,
    %(payload)s, %(priority)s, %(requires)s, %(skills)s, %(depends_on)s, %(waived)s, %(epic)s, %(template)s,
    %(attempts)s, %(infra_releases)s, %(rework)s, %(tiers)s, %(blocked)s, %(blocked_reason)s, %(cancelled)s,
    %(review_waived)s, %(authors)s, %(artifacts)s, %(delivered)s, %(approved)s, %(holder)s, %(holder_family)s,
    %(holder_maker)s, %(holder_capability)s, %(fence)s, %(attempt)s, %(renewals)s, %(claimed_at)s,
    %(lease_expires_at)s, %(created_by)s, %(created_by_family)s, %(created_at)s, %(updated_at)s, %(entered_stage_at)s,
    %(version)s, %(correlation)s, %(route)s, %(author_agent)s, 0,
    currval('ledger.position') - %(back)s, currval('ledger.position') - %(back)s)

-- update --
-- The row after some events of its task; what creation fixed is left alone.
UPDATE projection.board SET
    workflow = %(workflow)s, workflow_version = %(workflow_version)s, stage = %(stage)s, terminal = %(terminal)s,
    title = %(title)s, payload = %(payload)s, priority = %(priority)s, depends_on = %(depends_on)s,
    waived = %(waived)s, attempts = %(attempts)s, infra_releases = %(infra_releases)s, rework = %(rework)s,
    tiers = %(tiers)s, blocked = %(blocked)s, blocked_reason = %(blocked_reason)s, cancelled = %(cancelled)s,
    review_waived = %(review_waived)s, authors = %(authors)s, artifacts = %(artifacts)s, delivered = %(delivered)s,
    approved = %(approved)s, holder = %(holder)s, holder_family = %(holder_family)s, holder_maker = %(holder_maker)s,
    holder_capability = %(holder_capability)s, fence = %(fence)s, attempt = %(attempt)s, renewals = %(renewals)s,
    claimed_at = %(claimed_at)s, lease_expires_at = %(lease_expires_at)s, updated_at = %(updated_at)s,
    entered_stage_at = %(entered_stage_at)s, version = %(version)s, route = %(route)s,
    author_agent = %(author_agent)s,
    updated_position = currval('ledger.position') - %(back)s
 WHERE task = %(task)s

-- renew --
-- A hold whose deadline moved; nothing else of its task did.
UPDATE projection.board SET lease_expires_at = %(lease_expires_at)s, renewals = %(renewals)s WHERE task = %(task)s

-- depend --
-- The edges of a task, met where the prerequisite is finished or waived.
INSERT INTO projection.dependency (task, prerequisite, met)
SELECT %(task)s, p.task, p.terminal OR p.task = ANY (%(waived)s)
  FROM projection.board p WHERE p.task = ANY (%(prerequisites)s)

-- undepend --
-- Forgets the edges of a task that is given others.
DELETE FROM projection.dependency WHERE task = %(task)s

-- finish_dependents --
-- Meets every edge that waits on a finished task; the verb has locked the dependents.
WITH met AS (
    UPDATE projection.dependency SET met = true WHERE prerequisite = %(task)s AND NOT met RETURNING task)
UPDATE projection.board b SET waits = b.waits - 1 FROM met WHERE b.task = met.task

-- waive --
-- Meets the edges to prerequisites that will never be done.
UPDATE projection.dependency SET met = true WHERE task = %(task)s AND prerequisite = ANY (%(prerequisites)s)

-- count_waits --
-- Counts anew what some tasks wait on.
UPDATE projection.board b SET waits =
    (SELECT count(*) FROM projection.dependency d WHERE d.task = b.task AND NOT d.met)
 WHERE b.task = ANY (%(tasks)s)

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

-- ran_out --
-- Lanes on which some lease ran out, and whether one of them is the agent's own.
SELECT lane, bool_or(holder = %(agent)s) AS mine FROM projection.board
 WHERE holder IS NOT NULL AND lease_expires_at <= ledger.clock()
 GROUP BY lane

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
-- Every lane: whether it is paused, and its settings.
SELECT key, paused, settings FROM projection.lane
