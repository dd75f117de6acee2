-- absorb_contact --
-- The newest claim or empty poll of each family.
INSERT INTO statistics.contact AS c (family, position, at)
SELECT DISTINCT ON (e.family) e.family, e.position, e.recorded_at
  FROM ledger.event e
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type IN ('TaskClaimed', 'ClaimEmpty')
   AND e.family IS NOT NULL
 ORDER BY e.family, e.position DESC
ON CONFLICT (family) DO UPDATE SET position = EXCLUDED.position, at = EXCLUDED.at

-- absorb_act --
-- What credentials of scope operator did; of a command's several events the first.
INSERT INTO statistics.act (position, actor, type, task, subject, reason, at)
SELECT e.position, e.actor, e.type, e.task, e.stream, e.body ->> 'reason', e.recorded_at
  FROM ledger.event e
  JOIN ledger.event i ON i.stream = 'credential-' || e.credential AND i.version = 1 AND i.body ->> 'scope' = 'operator'
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.credential IS NOT NULL
   AND e.type IN ('TaskReleased', 'TaskBlocked', 'TaskUnblocked', 'TaskCancelled', 'TaskAmended', 'ReviewRuleWaived',
                  'LanePaused', 'LaneResumed', 'CredentialIssued', 'CredentialNarrowed', 'CredentialRevoked')
   AND (e.type NOT IN ('TaskReleased', 'TaskBlocked') OR e.body ->> 'cause' IN ('operator', 'manual'))
   AND NOT EXISTS (SELECT FROM ledger.event p WHERE p.position = e.position - 1 AND p.command = e.command)

-- absorb_instruction --
-- On whose word.
UPDATE statistics.act a
   SET instructed_position = e.position, instruction = e.body ->> 'instruction',
       instructed_by = e.body ->> 'instructed_by'
  FROM ledger.event e
 WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.type = 'InstructionGiven' AND e.causation = a.position
   AND a.instructed_position IS NULL

-- acts --
-- The newest acts of operators in a span, and how many there are with and without a word of whose; those on one lane and
-- its tasks, where one is named.
SELECT position, actor, type, task, subject, reason, at,
       CASE WHEN instructed_position <= %(upto)s THEN instruction END AS instruction,
       CASE WHEN instructed_position <= %(upto)s THEN instructed_by END AS instructed_by,
       count(*) OVER () AS total,
       count(*) FILTER (WHERE instructed_position IS NULL OR instructed_position > %(upto)s) OVER () AS uninstructed
  FROM statistics.act
 WHERE position > %(after)s AND position <= %(upto)s
   AND (NOT %(uninstructed)s OR instructed_position IS NULL OR instructed_position > %(upto)s)
   AND (%(lane)s::text IS NULL OR subject = 'lane-' || %(lane)s
        OR (SELECT b.lane FROM projection.board b WHERE b.task = act.task) = %(lane)s)
 ORDER BY position DESC LIMIT %(limit)s

-- contacts --
-- When each family last asked for work.
SELECT family, at FROM statistics.contact

-- contacts_then --
-- The same as of a position.
SELECT DISTINCT ON (e.family) e.family, e.recorded_at AS at
  FROM ledger.event e
 WHERE e.position <= %(upto)s AND e.type IN ('TaskClaimed', 'ClaimEmpty') AND e.family IS NOT NULL
 ORDER BY e.family, e.position DESC

-- granted --
-- Features each family was granted, and whether they are denied it, for a while or for good.
SELECT g.family, g.feature, d.feature IS NOT NULL AS denied
  FROM projection.feature g
  LEFT JOIN projection.denial d
    ON d.family = g.family AND d.feature = g.feature AND (d.until IS NULL OR d.until > ledger.clock())
 ORDER BY g.family, g.feature

-- policies --
-- Rules of the policies in force that can be evaluated.
SELECT definition FROM (
    SELECT DISTINCT ON (p.slot) p.definition, p.broken
      FROM projection.policy p
     WHERE p.version = (SELECT max(version) FROM projection.policy n WHERE n.key = p.key)
     ORDER BY p.slot, p.adopted_at DESC, p.key) AS standing
 WHERE broken IS NULL

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
