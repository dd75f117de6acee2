-- newest --
-- The newest events that answer a description, newest first; upto is a horizon read before.
SELECT e.position, e.stream, e.version, e.type, e.schema, e.body, e.actor, e.family, e.capability, e.credential,
       e.subject_agent, e.subject_family, e.project, e.task, e.correlation, e.recorded_at
  FROM ledger.event e
 WHERE e.position <= %(upto)s
   AND (%(task)s::uuid IS NULL OR e.task = %(task)s)
   AND (%(type)s::text IS NULL OR e.type = %(type)s)
   AND (%(family)s::text IS NULL OR %(family)s IN (e.family, e.subject_family))
   AND (%(lane)s::text IS NULL OR e.stream = 'lane-' || %(lane)s
        OR (SELECT b.lane FROM projection.board b WHERE b.task = e.task) = %(lane)s)
 ORDER BY e.position DESC
 LIMIT %(limit)s
