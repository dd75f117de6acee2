-- absorb_epic_task --
-- Tasks that belong to an epic.
INSERT INTO statistics.epic_task (task, position, epic, lane)
SELECT e.task, e.position, e.body ->> 'epic', e.body ->> 'lane'
  FROM ledger.event e
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type = 'TaskCreated' AND e.body ->> 'epic' IS NOT NULL

-- absorb_brief --
-- Briefs, which become epics when they are accepted.
INSERT INTO statistics.brief (task, position, lane, title)
SELECT e.task, e.position, e.body ->> 'lane', e.body ->> 'title'
  FROM ledger.event e
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type = 'TaskCreated' AND e.body ->> 'workflow' = 'intake'

-- absorb_accept --
-- Those that were accepted.
UPDATE statistics.brief b SET accepted_position = e.position
  FROM ledger.event e
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type = 'TaskAdvanced'
   AND (e.body ->> 'terminal')::boolean AND b.task = e.task

-- absorb_finish --
-- Those that are done.
UPDATE statistics.epic_task t SET finished_position = e.position
  FROM ledger.event e
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type = 'TaskAdvanced'
   AND (e.body ->> 'terminal')::boolean AND t.task = e.task

-- absorb_cancel --
-- Those that were given up.
UPDATE statistics.epic_task t SET cancelled_position = e.position
  FROM ledger.event e
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type = 'TaskCancelled' AND t.task = e.task

-- figures --
-- How far each epic is, as of a position, with the one event of its own stream: the verdict. A brief that nobody has
-- made tasks of yet is one too, on the lane of its own.
SELECT e.key, brief.body ->> 'lane' AS lane, coalesce(brief.body ->> 'title', '') AS title, e.tasks, e.done, e.cancelled,
       v.body ->> 'verdict' AS verdict, v.body ->> 'code' AS code, v.body ->> 'reason' AS reason,
       v.body ->> 'rework' AS rework
  FROM (SELECT epic AS key, count(*) AS tasks, count(*) FILTER (WHERE finished_position <= %(upto)s) AS done,
               count(*) FILTER (WHERE cancelled_position <= %(upto)s) AS cancelled, min(position) AS since
          FROM statistics.epic_task
         WHERE position <= %(upto)s
           AND (%(lane)s::text IS NULL OR lane = %(lane)s) AND (%(epic)s::text IS NULL OR epic = %(epic)s)
         GROUP BY epic
         UNION ALL
        SELECT b.task::text, 0, 0, 0, b.accepted_position
          FROM statistics.brief b
         WHERE b.accepted_position <= %(upto)s
           AND (%(lane)s::text IS NULL OR b.lane = %(lane)s) AND (%(epic)s::text IS NULL OR b.task::text = %(epic)s)
           AND NOT EXISTS (SELECT FROM statistics.epic_task t
                            WHERE t.epic = b.task::text AND t.position <= %(upto)s)) AS e
  LEFT JOIN ledger.event brief ON brief.stream = 'task-' || e.key AND brief.version = 1
  LEFT JOIN ledger.event v ON v.stream = 'epic-' || e.key AND v.version = 1 AND v.position <= %(upto)s
 ORDER BY e.since
