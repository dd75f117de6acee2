-- absorb_hand --
-- Which stages implement, review and integrate in a workflow: the first move that says so, in the file's order.
INSERT INTO statistics.hand (workflow, workflow_version, implemented, reviewed, integrated)
SELECT e.body ->> 'key', (e.body ->> 'version')::integer,
       (array_agg(m.move ->> 'reviews' ORDER BY m.place) FILTER (WHERE m.move ->> 'reviews' <> ''))[1],
       (array_agg(m.move ->> 'from' ORDER BY m.place) FILTER (WHERE m.move ->> 'reviews' <> ''))[1],
       (array_agg(m.move ->> 'from' ORDER BY m.place) FILTER (WHERE m.move -> 'requires' ? 'capability:integrate'))[1]
  FROM ledger.event e
  LEFT JOIN LATERAL jsonb_array_elements(e.body #> '{definition,transition}') WITH ORDINALITY AS m(move, place) ON true
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type = 'WorkflowAdopted'
 GROUP BY e.position, e.body

-- absorb_task --
-- Tasks as they were born.
INSERT INTO statistics.task (task, position, lane, epic, workflow, workflow_version, title, created_at)
SELECT e.task, e.position, e.body ->> 'lane', e.body ->> 'epic', e.body ->> 'workflow',
       (e.body ->> 'workflow_version')::integer, e.body ->> 'title', e.recorded_at
  FROM ledger.event e
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type = 'TaskCreated'

-- absorb_migration --
-- Tasks that went on under another version of a workflow.
INSERT INTO statistics.migration (position, task, workflow, workflow_version)
SELECT e.position, e.task, e.body ->> 'workflow', (e.body ->> 'workflow_version')::integer
  FROM ledger.event e
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type = 'TaskMigrated'

-- absorb_attempt --
-- Leases that ended and moves. The stories of the tasks they belong to are read from their beginning, so that the rows
-- do not depend on where a batch was cut. What came just before an end tells the claim; how many times the task had
-- entered a stage tells the entry.
WITH touched AS MATERIALIZED (
    SELECT DISTINCT e.task
      FROM ledger.event e
     WHERE e.position > %(after)s AND e.position <= %(upto)s
       AND e.type IN ('TaskAdvanced', 'TaskRejected', 'TaskReleased', 'LeaseExpired', 'TaskBlocked', 'TaskCancelled')
), story AS (
    SELECT e.position, e.task, e.type, e.actor, e.family, e.capability, e.subject_agent, e.subject_family,
           e.recorded_at, e.body,
           coalesce(e.body ->> 'from_stage', e.body ->> 'stage') AS stage,
           lag(e.type) OVER earlier AS before_type,
           lag(e.actor) OVER earlier AS before_actor,
           lag(e.family) OVER earlier AS before_family,
           lag(e.capability) OVER earlier AS before_capability,
           lag(e.recorded_at) OVER earlier AS before_at,
           lag(coalesce(e.body ->> 'to_stage', e.body ->> 'stage')) OVER earlier AS before_stage
      FROM touched
      JOIN ledger.event e ON e.task = touched.task
     WHERE e.position <= %(upto)s
       AND e.type IN ('TaskCreated', 'TaskClaimed', 'TaskMigrated', 'TaskAdvanced', 'TaskRejected', 'TaskReleased',
                      'LeaseExpired', 'TaskBlocked', 'TaskCancelled')
    WINDOW earlier AS (PARTITION BY e.task ORDER BY e.position)
), counted AS (
    SELECT s.*,
           count(*) FILTER (
               WHERE s.type IN ('TaskCreated', 'TaskAdvanced', 'TaskRejected')
                  OR (s.type = 'TaskMigrated' AND s.stage IS DISTINCT FROM s.before_stage))
               OVER (PARTITION BY s.task ORDER BY s.position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS entries
      FROM story s
), told AS (
    SELECT c.*,
           first_value(c.before_at) OVER (PARTITION BY c.task, c.entries ORDER BY c.position) AS entered_at
      FROM counted c
), judged AS (
    SELECT t.*,
           t.type = 'TaskAdvanced' AND row_number() OVER (
               PARTITION BY t.task, t.type, t.stage, t.family, t.capability ORDER BY t.position) = 1 AS first_delivery,
           min(t.position) FILTER (WHERE t.type = 'TaskRejected') OVER (
               PARTITION BY t.task, CASE WHEN t.type = 'TaskRejected' THEN t.body ->> 'to_stage' ELSE t.stage END)
               AS bounced_position
      FROM told t
     WHERE t.type NOT IN ('TaskCreated', 'TaskClaimed', 'TaskMigrated')
)
INSERT INTO statistics.attempt (
    position, task, lane, epic, workflow, stage, agent, family, capability, outcome, fault_stage, producer_family,
    producer_capability, first_delivery, bounced_position, hold_seconds, cycle_seconds, ended_at, seat)
SELECT r.*, hashtextextended(jsonb_build_array(r.family, r.capability, r.workflow, r.stage)::text, 0)
  FROM (
SELECT j.position, j.task, b.lane, b.epic,
       coalesce((SELECT m.workflow FROM statistics.migration m
                  WHERE m.task = j.task AND m.position < j.position ORDER BY m.position DESC LIMIT 1), b.workflow)
           AS workflow,
       coalesce(j.stage, j.before_stage) AS stage,
       CASE WHEN j.type IN ('TaskAdvanced', 'TaskRejected') THEN j.actor ELSE j.subject_agent END AS agent,
       CASE WHEN j.type IN ('TaskAdvanced', 'TaskRejected') THEN j.family ELSE j.subject_family END AS family,
       coalesce(j.capability, CASE WHEN j.before_type = 'TaskClaimed' THEN j.before_capability END) AS capability,
       CASE j.type WHEN 'TaskAdvanced' THEN 'advanced' WHEN 'TaskRejected' THEN 'rejected'
                   WHEN 'TaskReleased' THEN 'released' WHEN 'LeaseExpired' THEN 'expired'
                   WHEN 'TaskBlocked' THEN 'blocked' ELSE 'cancelled' END,
       j.body ->> 'fault_stage', j.body ->> 'producer_family', j.body ->> 'producer_capability',
       j.first_delivery,
       CASE WHEN j.first_delivery THEN j.bounced_position END,
       CASE WHEN j.before_type = 'TaskClaimed' THEN extract(epoch FROM
           coalesce((j.body ->> 'expired_at')::timestamptz, j.recorded_at) - j.before_at)::double precision END,
       CASE WHEN j.type = 'TaskAdvanced'
            THEN extract(epoch FROM j.recorded_at - j.entered_at)::double precision END,
       j.recorded_at
  FROM judged j
  JOIN statistics.task b ON b.task = j.task
 WHERE j.position > %(after)s AND j.position <= %(upto)s
   AND (j.type IN ('TaskAdvanced', 'TaskRejected') OR j.before_type = 'TaskClaimed')) AS r

-- absorb_bounce --
-- Deliveries of earlier batches that are rejected back to their stage for the first time.
UPDATE statistics.attempt a
   SET bounced_position = r.position
  FROM (SELECT e.task, e.body ->> 'to_stage' AS stage, min(e.position) AS position
          FROM ledger.event e
         WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type = 'TaskRejected'
         GROUP BY 1, 2) AS r
 WHERE a.task = r.task AND a.stage = r.stage AND a.first_delivery AND a.bounced_position IS NULL
   AND a.position <= %(after)s

-- absorb_shipped --
-- Finished tasks, with the families of their newest moves out of the stages that count; an accepted brief is no delivery.
INSERT INTO statistics.shipped (
    position, task, lane, epic, title, pr, implemented, reviewed, integrated, shipped_at)
SELECT e.position, e.task, b.lane, b.epic, b.title,
       (SELECT a.artifact ->> 'ref'
          FROM ledger.event x
         CROSS JOIN LATERAL jsonb_array_elements(x.body -> 'artifacts') WITH ORDINALITY AS a(artifact, place)
         WHERE x.task = e.task AND x.position <= e.position AND x.body -> 'artifacts' @> '[{"type": "pr"}]'
           AND a.artifact ->> 'type' = 'pr'
         ORDER BY x.position DESC, a.place LIMIT 1),
       moved.implemented, moved.reviewed, moved.integrated, e.recorded_at
  FROM ledger.event e
  JOIN statistics.task b ON b.task = e.task
  LEFT JOIN LATERAL (SELECT m.workflow, m.workflow_version FROM statistics.migration m
                      WHERE m.task = e.task AND m.position < e.position ORDER BY m.position DESC LIMIT 1) AS p ON true
  LEFT JOIN statistics.hand h ON h.workflow = coalesce(p.workflow, b.workflow)
        AND h.workflow_version = coalesce(p.workflow_version, b.workflow_version)
 CROSS JOIN LATERAL (
       SELECT (array_agg(m.family ORDER BY m.position DESC)
               FILTER (WHERE m.body ->> 'from_stage' = h.implemented))[1] AS implemented,
              (array_agg(m.family ORDER BY m.position DESC)
               FILTER (WHERE m.body ->> 'from_stage' = h.reviewed))[1] AS reviewed,
              (array_agg(m.family ORDER BY m.position DESC)
               FILTER (WHERE m.body ->> 'from_stage' = h.integrated))[1] AS integrated
         FROM ledger.event m
        WHERE m.task = e.task AND m.position <= e.position AND m.type = 'TaskAdvanced') AS moved
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type = 'TaskAdvanced'
   AND (e.body ->> 'terminal')::boolean AND b.workflow <> 'intake'

-- absorb_incident --
-- What was parked, opened again, given up, escalated and lost.
INSERT INTO statistics.incident (position, task, lane, epic, kind, stage, family, reason, tier, at)
SELECT e.position, e.task, b.lane, b.epic,
       CASE e.type WHEN 'TaskBlocked' THEN 'blocked' WHEN 'TaskUnblocked' THEN 'unblocked'
                   WHEN 'TaskCancelled' THEN 'cancelled' WHEN 'TaskEscalated' THEN 'escalated' ELSE 'expired' END,
       e.body ->> 'stage', e.subject_family, e.body ->> 'reason', (e.body ->> 'to_tier')::integer, e.recorded_at
  FROM ledger.event e
  JOIN statistics.task b ON b.task = e.task
 WHERE e.position > %(after)s AND e.position <= %(upto)s
   AND e.type IN ('TaskBlocked', 'TaskUnblocked', 'TaskCancelled', 'TaskEscalated', 'LeaseExpired')

-- absorb_activity --
-- Events of tasks by family, in buckets of positions.
INSERT INTO statistics.activity AS a (bucket, lane, epic, family, events)
SELECT e.position >> 12, b.lane, coalesce(b.epic, ''), coalesce(e.family, ''), count(*)
  FROM ledger.event e
  JOIN statistics.task b ON b.task = e.task
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND b.position <= e.position
 GROUP BY 1, 2, 3, 4
ON CONFLICT (bucket, lane, epic, family) DO UPDATE SET events = a.events + EXCLUDED.events

-- record --
-- The figures of every family, capability, workflow and stage in a span of positions.
WITH counted AS (
    SELECT seat, min(position) AS sample,
           count(*) FILTER (WHERE outcome = 'advanced') AS submissions,
           count(*) FILTER (WHERE first_delivery) AS delivered,
           count(*) FILTER (WHERE first_delivery AND (bounced_position IS NULL OR bounced_position > %(upto)s))
               AS first_pass,
           count(*) FILTER (WHERE outcome = 'released') AS released,
           count(*) FILTER (WHERE outcome = 'expired') AS expired,
           count(*) FILTER (WHERE outcome IN ('advanced', 'rejected')) AS moves
      FROM statistics.attempt
     WHERE position > %(after)s AND position <= %(upto)s
       AND (%(lane)s::text IS NULL OR lane = %(lane)s) AND (%(epic)s::text IS NULL OR epic = %(epic)s)
     GROUP BY seat
), held AS (
    SELECT seat, percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY hold_seconds) AS seconds
      FROM statistics.attempt
     WHERE position > %(after)s AND position <= %(upto)s
       AND (%(lane)s::text IS NULL OR lane = %(lane)s) AND (%(epic)s::text IS NULL OR epic = %(epic)s)
     GROUP BY seat
), cycled AS (
    SELECT seat, percentile_cont(0.5) WITHIN GROUP (ORDER BY cycle_seconds) AS seconds
      FROM statistics.attempt
     WHERE cycle_seconds IS NOT NULL AND position > %(after)s AND position <= %(upto)s
       AND (%(lane)s::text IS NULL OR lane = %(lane)s) AND (%(epic)s::text IS NULL OR epic = %(epic)s)
     GROUP BY seat)
SELECT a.family, a.capability, a.workflow, a.stage, c.*,
       h.seconds[1] AS hold_p50, h.seconds[2] AS hold_p95, y.seconds AS cycle_p50
  FROM counted c
  JOIN statistics.attempt a ON a.position = c.sample
  JOIN held h ON h.seat = c.seat
  LEFT JOIN cycled y ON y.seat = c.seat
 WHERE a.family IS NOT NULL

-- faults --
-- Rejections charged to a producer, by the stage at fault.
SELECT producer_family AS family, producer_capability AS capability, workflow, fault_stage AS stage,
       count(*) AS rejected
  FROM statistics.attempt
 WHERE position > %(after)s AND position <= %(upto)s AND outcome = 'rejected' AND producer_family IS NOT NULL
   AND (%(lane)s::text IS NULL OR lane = %(lane)s) AND (%(epic)s::text IS NULL OR epic = %(epic)s)
 GROUP BY 1, 2, 3, 4

-- cycles --
-- Seconds from stage entry to exit, by stage.
SELECT workflow, stage, count(cycle_seconds) AS exits,
       percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY cycle_seconds) AS quartiles
  FROM statistics.attempt
 WHERE position > %(after)s AND position <= %(upto)s AND cycle_seconds IS NOT NULL
   AND (%(lane)s::text IS NULL OR lane = %(lane)s) AND (%(epic)s::text IS NULL OR epic = %(epic)s)
 GROUP BY workflow, stage ORDER BY min(position)

-- shipped --
-- Finished tasks in the order of their finish: the newest of them, and how many there are in all.
SELECT * FROM (
    SELECT position, task, title, pr, implemented, reviewed, integrated, shipped_at
      FROM statistics.shipped
     WHERE position > %(after)s AND position <= %(upto)s
       AND (%(lane)s::text IS NULL OR lane = %(lane)s) AND (%(epic)s::text IS NULL OR epic = %(epic)s)
     ORDER BY position DESC LIMIT %(limit)s) AS newest
 ORDER BY position

-- shipped_totals --
-- How many shipped, how many of them were reviewed, and by another family than implemented.
SELECT count(*) AS shipped, count(*) FILTER (WHERE implemented IS NOT NULL AND reviewed IS NOT NULL) AS reviewed,
       count(*) FILTER (WHERE implemented <> reviewed) AS different
  FROM statistics.shipped
 WHERE position > %(after)s AND position <= %(upto)s
   AND (%(lane)s::text IS NULL OR lane = %(lane)s) AND (%(epic)s::text IS NULL OR epic = %(epic)s)

-- throughput --
-- Finished tasks by time: at most some forty steps between the first and the last.
WITH span AS (
    SELECT min(shipped_at) AS first,
           greatest(1, extract(epoch FROM max(shipped_at) - min(shipped_at)) / 40) AS step
      FROM statistics.shipped
     WHERE position > %(after)s AND position <= %(upto)s
       AND (%(lane)s::text IS NULL OR lane = %(lane)s) AND (%(epic)s::text IS NULL OR epic = %(epic)s))
SELECT span.first + make_interval(secs => (floor(extract(epoch FROM s.shipped_at - span.first) / span.step)
                                           * span.step)::double precision) AS at,
       span.step::double precision AS step_seconds, count(*) AS tasks
  FROM statistics.shipped s CROSS JOIN span
 WHERE position > %(after)s AND position <= %(upto)s
   AND (%(lane)s::text IS NULL OR lane = %(lane)s) AND (%(epic)s::text IS NULL OR epic = %(epic)s)
 GROUP BY 1, 2 ORDER BY 1

-- failed --
-- Tasks that stand parked or given up at the end of the span, in the order of their birth.
SELECT t.task, CASE WHEN c.reason IS NOT NULL THEN 'cancelled: ' || c.reason ELSE b.reason END AS reason,
       count(*) OVER () AS total
  FROM statistics.task t
  LEFT JOIN LATERAL (SELECT i.reason FROM statistics.incident i
                      WHERE i.task = t.task AND i.kind = 'cancelled' AND i.position <= %(upto)s LIMIT 1) AS c ON true
  LEFT JOIN LATERAL (SELECT i.kind, i.reason FROM statistics.incident i
                      WHERE i.task = t.task AND i.kind IN ('blocked', 'unblocked') AND i.position <= %(upto)s
                      ORDER BY i.position DESC LIMIT 1) AS b ON true
 WHERE t.task IN (SELECT i.task FROM statistics.incident i
                   WHERE i.kind IN ('blocked', 'cancelled') AND i.position > %(after)s AND i.position <= %(upto)s)
   AND (c.reason IS NOT NULL OR b.kind = 'blocked')
   AND (%(lane)s::text IS NULL OR t.lane = %(lane)s) AND (%(epic)s::text IS NULL OR t.epic = %(epic)s)
 ORDER BY t.position
 LIMIT %(limit)s

-- incidents --
-- Escalations or recovered leases, the newest, and how many there are in all.
SELECT * FROM (
    SELECT position, task, stage, family, tier, count(*) OVER () AS total
      FROM statistics.incident
     WHERE kind = %(kind)s AND position > %(after)s AND position <= %(upto)s
       AND (%(lane)s::text IS NULL OR lane = %(lane)s) AND (%(epic)s::text IS NULL OR epic = %(epic)s)
     ORDER BY position DESC LIMIT %(limit)s) AS newest
 ORDER BY position

-- activity --
-- Events by family in a span: whole buckets, and the two edges from the ledger.
WITH whole AS (
    SELECT family, sum(events) AS events
      FROM statistics.activity
     WHERE bucket > %(after)s >> 12 AND bucket < %(upto)s >> 12
       AND (%(lane)s::text IS NULL OR lane = %(lane)s) AND (%(epic)s::text IS NULL OR epic = %(epic)s)
     GROUP BY family
), edges AS (
    SELECT coalesce(e.family, '') AS family, count(*) AS events
      FROM ledger.event e
      JOIN statistics.task b ON b.task = e.task
     WHERE e.position > %(after)s AND e.position <= %(upto)s AND b.position <= e.position
       AND (e.position < ((%(after)s >> 12) + 1) << 12 OR e.position >= (%(upto)s >> 12) << 12)
       AND (%(lane)s::text IS NULL OR b.lane = %(lane)s) AND (%(epic)s::text IS NULL OR b.epic = %(epic)s)
     GROUP BY 1)
SELECT family, sum(events)::bigint AS events
  FROM (SELECT * FROM whole UNION ALL SELECT * FROM edges) AS both_parts
 GROUP BY family ORDER BY 2 DESC, 1
