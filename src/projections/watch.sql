-- absorb_contact --
-- The newest claim or empty poll of each family.
INSERT INTO statistics.contact AS c (family, position, at)
SELECT DISTINCT ON (e.family) e.family, e.position, e.recorded_at
  FROM ledger.event e
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type IN ('TaskClaimed', 'ClaimEmpty')
   AND e.family IS NOT NULL
 ORDER BY e.family, e.position DESC
ON CONFLICT (family) DO UPDATE SET position = EXCLUDED.position, at = EXCLUDED.at

-- absorb_standing --
-- What families were granted, and what they were denied.
INSERT INTO statistics.standing (position, family, feature, granting, holds)
SELECT e.position, substr(e.stream, 8), e.body ->> 'feature', e.type IN ('FeatureGranted', 'FeatureWithdrawn'),
       e.type IN ('FeatureGranted', 'CapabilityRevoked')
  FROM ledger.event e
 WHERE e.position > %(after)s AND e.position <= %(upto)s
   AND e.type IN ('FeatureGranted', 'FeatureWithdrawn', 'CapabilityRevoked', 'DenialLifted')

-- contacts --
-- When each family last asked for work.
SELECT family, at FROM statistics.contact

-- contacts_then --
-- The same as of a position.
SELECT DISTINCT ON (e.family) e.family, e.recorded_at AS at
  FROM ledger.event e
 WHERE e.position <= %(upto)s AND e.type IN ('TaskClaimed', 'ClaimEmpty') AND e.family IS NOT NULL
 ORDER BY e.family, e.position DESC

-- standings --
-- Features each family was given and not denied, as of a position: the newest word on each.
WITH said AS (
    SELECT DISTINCT ON (family, feature, granting) family, feature, granting, holds
      FROM statistics.standing WHERE position <= %(upto)s
     ORDER BY family, feature, granting, position DESC)
SELECT family, feature, coalesce(bool_or(holds) FILTER (WHERE granting), false) AS granted,
       coalesce(bool_or(holds) FILTER (WHERE NOT granting), false) AS denied
  FROM said GROUP BY family, feature ORDER BY family, feature

-- signs --
-- Of tasks that are held: the newest progress since the claim, as of a position.
SELECT h.task, (SELECT e.recorded_at FROM ledger.event e
                 WHERE e.task = h.task AND e.position <= %(upto)s AND e.type = 'ProgressReported'
                   AND e.recorded_at >= h.claimed_at
                 ORDER BY e.position DESC LIMIT 1) AS progressed_at
  FROM unnest(%(tasks)s::uuid[], %(claims)s::timestamptz[]) AS h(task, claimed_at)

-- anything --
-- Whether the ledger knows tasks that the board has lost.
SELECT CASE WHEN EXISTS (SELECT FROM projection.board) THEN 0 ELSE
       (SELECT count(*) FROM (SELECT FROM ledger.event WHERE type = 'TaskCreated' AND position <= %(upto)s LIMIT 1) AS t)
       END AS wiped

-- held --
-- Tasks with a holder.
SELECT * FROM projection.board
 WHERE holder IS NOT NULL AND (%(lane)s::text IS NULL OR lane = %(lane)s) ORDER BY created_position

-- makers --
-- Families with their makers.
SELECT key, maker FROM projection.family ORDER BY key
