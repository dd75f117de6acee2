-- absorb_contact --
-- The newest claim or empty poll of each family.
INSERT INTO statistics.contact AS c (family, position, at)
SELECT DISTINCT ON (e.family) e.family, e.position, e.recorded_at
  FROM ledger.event e
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type IN ('TaskClaimed', 'ClaimEmpty')
   AND e.family IS NOT NULL
 ORDER BY e.family, e.position DESC
ON CONFLICT (family) DO UPDATE SET position = EXCLUDED.position, at = EXCLUDED.at

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
    SELECT DISTINCT ON (e.stream, e.body ->> 'feature', e.type IN ('FeatureGranted', 'FeatureWithdrawn'))
           substr(e.stream, 8) AS family, e.body ->> 'feature' AS feature, e.type
      FROM ledger.event e
     WHERE e.stream >= 'family-' COLLATE "C" AND e.stream < 'family.' COLLATE "C" AND e.position <= %(upto)s
       AND e.type IN ('FeatureGranted', 'FeatureWithdrawn', 'CapabilityRevoked', 'DenialLifted')
     ORDER BY e.stream, e.body ->> 'feature', e.type IN ('FeatureGranted', 'FeatureWithdrawn'), e.position DESC)
SELECT family, feature, bool_or(type = 'FeatureGranted') AS granted, bool_or(type = 'CapabilityRevoked') AS denied
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
SELECT EXISTS (SELECT FROM ledger.event WHERE type = 'TaskCreated' AND position <= %(upto)s)
       AND NOT EXISTS (SELECT FROM projection.board) AS wiped

-- held --
-- Tasks with a holder.
SELECT * FROM projection.board
 WHERE holder IS NOT NULL AND (%(lane)s::text IS NULL OR lane = %(lane)s) ORDER BY created_position

-- makers --
-- Families with their makers.
SELECT key, maker FROM projection.family ORDER BY key
