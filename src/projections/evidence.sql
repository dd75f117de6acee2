-- record --
-- What the moves in a range of the ledger say about submissions: a pass when the first stage after one advances, a fault
-- at each reject that charges somebody. Live, the range is the block just appended in this session.
INSERT INTO projection.evidence (position, at, task, family, capability, workflow, fault, submission)
SELECT j.position, j.recorded_at, j.task, s.family, s.capability, b.workflow, false, s.position
  FROM ledger.event j
 CROSS JOIN LATERAL (
       SELECT m.position, m.type, m.family, m.capability FROM ledger.event m
        WHERE m.task = j.task AND m.position < j.position AND m.type IN ('TaskAdvanced', 'TaskRejected')
        ORDER BY m.position DESC LIMIT 1) AS s
  JOIN projection.board b ON b.task = j.task
 WHERE j.position > coalesce(%(after)s::bigint, (SELECT currval('ledger.position')) - %(count)s::bigint)
   AND j.position <= coalesce(%(upto)s::bigint, (SELECT currval('ledger.position')))
   AND j.type = 'TaskAdvanced' AND s.type = 'TaskAdvanced' AND s.family IS NOT NULL AND s.capability IS NOT NULL
 UNION ALL
SELECT j.position, j.recorded_at, j.task, j.subject_family, j.body ->> 'producer_capability', b.workflow, true, s.position
  FROM ledger.event j
 CROSS JOIN LATERAL (
       SELECT m.position FROM ledger.event m
        WHERE m.task = j.task AND m.position < j.position AND m.type = 'TaskAdvanced'
          AND m.body ->> 'from_stage' = j.body ->> 'fault_stage'
        ORDER BY m.position DESC LIMIT 1) AS s
  JOIN projection.board b ON b.task = j.task
 WHERE j.position > coalesce(%(after)s::bigint, (SELECT currval('ledger.position')) - %(count)s::bigint)
   AND j.position <= coalesce(%(upto)s::bigint, (SELECT currval('ledger.position')))
   AND j.type = 'TaskRejected' AND j.subject_family IS NOT NULL AND j.body ->> 'producer_capability' IS NOT NULL

-- since --
-- Evidence on a family at a capability, of submissions made after a position; of one workflow or of all.
SELECT position, at, fault, submission, task FROM projection.evidence
 WHERE family = %(family)s AND capability = %(capability)s AND position > %(after)s AND submission > %(after)s
   AND (%(workflow)s::text IS NULL OR workflow = %(workflow)s)
 ORDER BY position

-- newest --
-- The position of the newest evidence there is.
SELECT coalesce(max(position), 0) AS position FROM projection.evidence

-- judged --
-- Families and capabilities that there is evidence on.
SELECT DISTINCT family, capability, workflow FROM projection.evidence ORDER BY family, capability, workflow

-- all --
-- All evidence, in order.
SELECT position, at, task, family, capability, workflow, fault, submission FROM projection.evidence ORDER BY position
