-- absorb_judges --
-- Which stage's work each stage judges, by the first of its exits that says so.
INSERT INTO statistics.judges (workflow, workflow_version, stage, author_stage)
SELECT DISTINCT ON (1, 2, 3) e.body ->> 'key', (e.body ->> 'version')::integer, m.move ->> 'from', m.move ->> 'reviews'
  FROM ledger.event e
 CROSS JOIN LATERAL jsonb_array_elements(e.body #> '{definition,transition}') WITH ORDINALITY AS m(move, place)
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type = 'WorkflowAdopted'
   AND m.move ->> 'reviews' IS NOT NULL
 ORDER BY 1, 2, 3, m.place

-- absorb_floor --
-- The seconds below which a lane calls an approval hasty; null where it says nothing.
INSERT INTO statistics.floor (position, lane, seconds)
SELECT e.position, substr(e.stream, 6),
       extract(epoch FROM (e.body #>> '{settings,review_floor}')::interval)::double precision
  FROM ledger.event e
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type IN ('LaneOpened', 'LaneChanged')

-- absorb_pin --
-- Tasks that went on under another version of a workflow; few, and so none is looked for in the ledger.
INSERT INTO statistics.pin (position, task, workflow, workflow_version)
SELECT e.position, e.task, e.body ->> 'workflow', (e.body ->> 'workflow_version')::integer
  FROM ledger.event e
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type = 'TaskMigrated'

-- absorb_decision --
-- Moves out of a stage that judges an earlier one's work, where somebody did that work.
INSERT INTO statistics.decision (
    position, task, lane, epic, workflow, stage, approved, reviewer, reviewer_family, reviewer_maker, author,
    author_family, author_maker, author_stage, author_position, digest, review_seconds, floor_seconds, decided_at)
SELECT e.position, e.task, born.body ->> 'lane', born.body ->> 'epic', j.workflow, j.stage, e.type = 'TaskAdvanced',
       e.actor, e.family, coalesce(e.body ->> 'maker', claim.body ->> 'maker'), work.actor, work.family,
       work.body ->> 'maker', j.author_stage, work.position, coalesce(e.body ->> 'digest', work.body ->> 'digest'),
       extract(epoch FROM e.recorded_at - claim.recorded_at)::double precision,
       (SELECT f.seconds FROM statistics.floor f
         WHERE f.lane = born.body ->> 'lane' AND f.position < e.position ORDER BY f.position DESC LIMIT 1),
       e.recorded_at
  FROM ledger.event e
  JOIN ledger.event born ON born.stream = 'task-' || e.task AND born.version = 1
  LEFT JOIN LATERAL (
       SELECT p.workflow, p.workflow_version FROM statistics.pin p
        WHERE p.task = e.task AND p.position < e.position ORDER BY p.position DESC LIMIT 1) AS moved ON true
  JOIN statistics.judges j
    ON j.workflow = coalesce(moved.workflow, born.body ->> 'workflow')
   AND j.workflow_version = coalesce(moved.workflow_version, (born.body ->> 'workflow_version')::integer)
   AND j.stage = e.body ->> 'from_stage'
 CROSS JOIN LATERAL (
       SELECT w.position, w.actor, w.family, w.body FROM ledger.event w
        WHERE w.task = e.task AND w.position < e.position AND w.type = 'TaskAdvanced'
          AND w.body ->> 'from_stage' = j.author_stage
        ORDER BY w.position DESC LIMIT 1) AS work
  LEFT JOIN LATERAL (
       SELECT c.recorded_at, c.body FROM ledger.event c
        WHERE c.task = e.task AND c.position < e.position AND c.type = 'TaskClaimed'
        ORDER BY c.position DESC LIMIT 1) AS claim ON true
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type IN ('TaskAdvanced', 'TaskRejected')

-- absorb_escape --
-- Approvals of work that a later stage found at fault: the first rejection that names the author's stage while it still
-- was the newest work out of it.
WITH blamed AS MATERIALIZED (
    SELECT r.position, r.body ->> 'from_stage' AS stage, work.position AS author_position
      FROM ledger.event r
     CROSS JOIN LATERAL (
           SELECT w.position FROM ledger.event w
            WHERE w.task = r.task AND w.position < r.position AND w.type = 'TaskAdvanced'
              AND w.body ->> 'from_stage' = r.body ->> 'fault_stage'
            ORDER BY w.position DESC LIMIT 1) AS work
     WHERE r.position > %(after)s AND r.position <= %(upto)s AND r.type = 'TaskRejected'
), found AS MATERIALIZED (
    SELECT d.position AS decision, min(b.position) AS escaped
      FROM blamed b
      JOIN statistics.decision d ON d.author_position = b.author_position
     WHERE d.approved AND d.position < b.position AND d.stage <> b.stage AND d.escaped_position IS NULL
     GROUP BY d.position)
UPDATE statistics.decision d SET escaped_position = f.escaped FROM found f WHERE d.position = f.decision

-- absorb_veto --
-- Approvals of the work that shipped in an epic which a person rejected because it misses the requirements.
WITH vetoed AS MATERIALIZED (
    SELECT v.position, v.body ->> 'epic' AS epic FROM ledger.event v
     WHERE v.position > %(after)s AND v.position <= %(upto)s AND v.type = 'EpicJudged'
       AND v.body ->> 'code' = 'requirements_missed')
UPDATE statistics.decision d SET escaped_position = v.position
  FROM vetoed v
 WHERE d.epic = v.epic AND d.approved AND d.escaped_position IS NULL AND d.position < v.position
   AND EXISTS (SELECT FROM ledger.event s
                WHERE s.task = d.task AND s.position < v.position AND s.type = 'TaskAdvanced'
                  AND (s.body ->> 'terminal')::boolean)
   AND NOT EXISTS (SELECT FROM statistics.decision later
                    WHERE later.task = d.task AND later.stage = d.stage AND later.position < v.position
                      AND later.author_position > d.author_position)

-- absorb_overturn --
-- Rejections of a digest that another reviewer approved later.
WITH found AS (
    SELECT d.position AS decision, min(a.position) AS overturned
      FROM statistics.decision a
      JOIN statistics.decision d ON d.task = a.task AND d.digest = a.digest AND NOT d.approved
     WHERE a.position > %(after)s AND a.position <= %(upto)s AND a.approved
       AND d.position < a.position AND d.reviewer <> a.reviewer AND d.overturned_position IS NULL
     GROUP BY d.position)
UPDATE statistics.decision d SET overturned_position = f.overturned FROM found f WHERE d.position = f.decision

-- figures --
-- The decisions of a span of positions, as known at its end, counted in the finest groups there are; whoever wants
-- coarser ones adds these up, and merges the sorted seconds for a median.
SELECT stage, reviewer_family, reviewer_maker, author_family, author_maker,
       count(*) FILTER (WHERE approved) AS approved,
       count(*) FILTER (WHERE NOT approved) AS rejected,
       count(*) FILTER (WHERE approved AND escaped_position <= %(upto)s) AS escaped,
       count(*) FILTER (WHERE overturned_position <= %(upto)s) AS overturned,
       count(*) FILTER (WHERE approved AND escaped_position <= %(upto)s AND review_seconds < floor_seconds) AS hasty,
       count(floor_seconds) AS floors,
       coalesce(array_agg(review_seconds ORDER BY review_seconds) FILTER (WHERE review_seconds IS NOT NULL), '{}')
           AS seconds
  FROM statistics.decision
 WHERE position > %(after)s AND position <= %(upto)s
   AND (%(lane)s::text IS NULL OR lane = %(lane)s) AND (%(epic)s::text IS NULL OR epic = %(epic)s)
 GROUP BY stage, reviewer_family, reviewer_maker, author_family, author_maker
 ORDER BY stage, reviewer_family, author_family, reviewer_maker, author_maker
