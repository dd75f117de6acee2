-- now --
-- The ledger's time, for what depends on it.
SELECT ledger.clock() AS now

-- counts --
-- Tasks by stage; those given up apart.
SELECT CASE WHEN cancelled THEN 'cancelled' ELSE stage END AS stage, count(*) AS tasks
  FROM projection.board WHERE %(lane)s::text IS NULL OR lane = %(lane)s
 GROUP BY 1 ORDER BY 1

-- notable --
-- Tasks somebody holds, tasks that are parked, tasks that ask for a higher tier; in the order of the board.
SELECT task, lane, stage, title, holder, holder_family, claimed_at, lease_expires_at, blocked, blocked_reason,
       (tiers ->> stage)::integer AS tier
  FROM projection.board
 WHERE (%(lane)s::text IS NULL OR lane = %(lane)s) AND NOT terminal AND NOT cancelled
   AND (holder IS NOT NULL OR blocked OR tiers ? stage)
 ORDER BY created_position

-- columns --
-- The newest tasks of each stage, for the board's columns; finished and given up ones too.
SELECT c.*, row_number() OVER (PARTITION BY c.lane, c.stage ORDER BY c.priority DESC, c.created_position) AS place
  FROM (SELECT task, lane, stage, title, priority, holder, holder_family, claimed_at, lease_expires_at, blocked,
               blocked_reason, cancelled, terminal, waits, created_position, workflow, workflow_version,
               (tiers ->> stage)::integer AS tier, attempts, entered_stage_at,
               count(*) OVER (PARTITION BY lane, stage) AS of,
               row_number() OVER (PARTITION BY lane, stage ORDER BY (holder IS NOT NULL) DESC, terminal,
                                  CASE WHEN terminal THEN -updated_position ELSE created_position END) AS rank
          FROM projection.board
         WHERE (%(lane)s::text IS NULL OR lane = %(lane)s) AND NOT cancelled) AS c
 WHERE c.rank <= %(limit)s
 ORDER BY c.lane, c.stage, c.rank

-- stages --
-- The stages of each lane in the order of its workflow's newest version.
SELECT l.key AS lane, l.paused, array_agg(s.stage ->> 'key' ORDER BY s.place) AS stages
  FROM projection.lane l
 CROSS JOIN LATERAL (SELECT definition FROM projection.workflow w WHERE w.key = l.workflow
                      ORDER BY version DESC LIMIT 1) AS newest
 CROSS JOIN LATERAL jsonb_array_elements(newest.definition -> 'stage') WITH ORDINALITY AS s(stage, place)
 WHERE %(lane)s::text IS NULL OR l.key = %(lane)s
 GROUP BY l.key, l.paused ORDER BY l.key
