-- head --
-- The route whose best ready task comes first in claim order, of routes open to an agent. befores as in verb.pick.
SELECT h.route
  FROM unnest(%(routes)s::bigint[], %(befores)s::timestamptz[]) AS r(route, before)
 CROSS JOIN LATERAL (
       SELECT b.route, b.priority, b.created_position FROM projection.board b
        WHERE b.ready AND b.route = r.route
          AND (r.before IS NULL OR b.entered_stage_at <= r.before)
          AND b.author_agent IS DISTINCT FROM %(agent)s
        ORDER BY -b.priority, b.created_position LIMIT 1) AS h
 ORDER BY h.priority DESC, h.created_position LIMIT 1

-- candidates --
-- The first so many ready tasks of some routes in claim order, with what a score needs; locks nothing.
SELECT c.*
  FROM unnest(%(routes)s::bigint[], %(befores)s::timestamptz[]) AS r(route, before)
 CROSS JOIN LATERAL (
       SELECT b.task, b.route, b.project, b.priority, b.skills, b.created_position FROM projection.board b
        WHERE b.ready AND b.route = r.route
          AND (r.before IS NULL OR b.entered_stage_at <= r.before)
          AND b.author_agent IS DISTINCT FROM %(agent)s
        ORDER BY -b.priority, b.created_position LIMIT %(most)s) AS c
 ORDER BY c.priority DESC, c.created_position LIMIT %(most)s

-- lock_first --
-- Locks the first of some tasks, in the order given, that is still ready on one of these routes and that nobody else has
-- locked.
SELECT b.*
  FROM unnest(%(tasks)s::uuid[]) WITH ORDINALITY AS w(task, place)
  JOIN projection.board b ON b.task = w.task
 WHERE b.ready AND b.route = ANY (%(routes)s::bigint[])
 ORDER BY w.place
 LIMIT 1
   FOR UPDATE OF b SKIP LOCKED

-- last_project --
-- Where an agent's newest claim was, if it is among the ledger's newest events: there is no index by agent, because every
-- append would pay for it.
SELECT project FROM ledger.event
 WHERE position > (SELECT max(position) FROM ledger.event) - %(depth)s AND actor = %(agent)s AND type = 'TaskClaimed'
 ORDER BY position DESC LIMIT 1
