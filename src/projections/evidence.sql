-- record --
-- What a range of the ledger says about submissions, written anew; live, ``verb.write`` does the same at each move.
INSERT INTO projection.evidence (position, at, task, family, capability, workflow, fault, submission)
SELECT j.position, j.at, j.task, j.family, j.capability, b.workflow, j.fault, j.submission
  FROM verb.judged(%(after)s, %(upto)s) AS j JOIN projection.board b USING (task)

-- since --
-- Evidence on a family at a capability, of submissions made after a position; of one workflow or of all.
SELECT position, at, fault, submission, task FROM projection.evidence
 WHERE family = %(family)s AND capability = %(capability)s AND position > %(after)s AND submission > %(after)s
   AND (%(workflow)s::text IS NULL OR workflow = %(workflow)s)
 ORDER BY position

-- yield --
-- Of some capabilities of a family: how many of its newest submissions were judged, and how many of those nobody rejected.
SELECT c.capability, count(*) AS judged, count(*) FILTER (WHERE NOT s.fault) AS passed
  FROM unnest(%(capabilities)s::text[]) AS c(capability)
 CROSS JOIN LATERAL (
       SELECT bool_or(n.fault) AS fault
         FROM (SELECT submission, fault FROM projection.evidence e
                WHERE e.family = %(family)s AND e.capability = c.capability
                ORDER BY e.position DESC LIMIT %(newest)s) AS n
        GROUP BY n.submission) AS s
 GROUP BY c.capability ORDER BY c.capability

-- newest --
-- The position of the newest evidence there is.
SELECT coalesce(max(position), 0) AS position FROM projection.evidence

-- judged --
-- Families and capabilities that there is evidence on.
SELECT DISTINCT family, capability, workflow FROM projection.evidence ORDER BY family, capability, workflow

-- replay --
-- Evidence after a position, in order, with the time at which the submission was claimed.
SELECT e.position, e.at, e.fault, e.submission, e.task, e.family, e.capability, e.workflow, c.recorded_at AS claimed_at
  FROM projection.evidence e
  LEFT JOIN LATERAL (
       SELECT m.recorded_at FROM ledger.event m
        WHERE m.task = e.task AND m.position < e.submission AND m.type = 'TaskClaimed'
        ORDER BY m.position DESC LIMIT 1) AS c ON true
 WHERE e.position > %(after)s ORDER BY e.position

-- acts --
-- What denied families their capabilities, and what gave them back.
SELECT position, recorded_at AS at, substr(stream, 8) AS family, type, body
  FROM ledger.event
 WHERE type IN ('CapabilitySuspended', 'CapabilityRevoked', 'DenialLifted') AND stream LIKE 'family-%%'
 ORDER BY position

-- suspensions --
-- Suspensions by policies after a position: what stands in the ledger.
SELECT position, recorded_at AS since, substr(stream, 8) AS family, body ->> 'feature' AS capability,
       (body ->> 'until')::timestamptz AS until, (body ->> 'n')::integer AS n, body -> 'cause' AS cause,
       body ->> 'policy' AS policy
  FROM ledger.event
 WHERE type = 'CapabilitySuspended' AND body ->> 'policy' IS NOT NULL AND position > %(after)s ORDER BY position

-- upto --
-- The last position up to which everything was recorded by a time.
SELECT coalesce(min(position) - 1, (SELECT coalesce(max(position), 0) FROM ledger.event)) AS position
  FROM ledger.event WHERE recorded_at > %(at)s

-- standing --
-- Every policy in force, one a slot.
SELECT DISTINCT ON (p.slot) p.key, p.version, p.digest, p.definition, p.slot, p.after, p.adopted_at, p.broken
  FROM projection.policy p
 WHERE p.version = (SELECT max(version) FROM projection.policy n WHERE n.key = p.key)
 ORDER BY p.slot, p.adopted_at DESC, p.key

-- history --
-- Every suspension, newest first, of one family and capability or of all.
SELECT s.*, CASE WHEN lifted_at IS NOT NULL THEN 'lifted' WHEN until <= ledger.clock() THEN 'over' ELSE 'in force' END AS state
  FROM projection.suspension s
 WHERE (%(family)s::text IS NULL OR family = %(family)s) AND (%(feature)s::text IS NULL OR feature = %(feature)s)
 ORDER BY since DESC, family, version DESC

-- denials --
-- What is denied now, for a while or for good.
SELECT d.family, d.feature, d.reason, d.since, d.until, d.keeps, s.n, s.policy
  FROM projection.denial d
  LEFT JOIN LATERAL (
       SELECT n, policy FROM projection.suspension s
        WHERE d.until IS NOT NULL AND s.family = d.family AND s.feature = d.feature ORDER BY version DESC LIMIT 1) AS s
    ON true
 WHERE d.until IS NULL OR d.until > ledger.clock() ORDER BY d.family, d.feature

-- halted --
-- Capabilities that somebody is granted and nobody may exercise.
SELECT g.feature AS capability, array_agg(g.family ORDER BY g.family) AS families
  FROM projection.feature g
  LEFT JOIN projection.denial d
    ON d.family = g.family AND d.feature = g.feature AND (d.until IS NULL OR d.until > ledger.clock())
 WHERE g.feature LIKE 'role:%%' OR g.feature LIKE 'capability:%%'
 GROUP BY g.feature HAVING bool_and(d.feature IS NOT NULL) ORDER BY 1

-- subjects --
-- Each family and capability with evidence: pieces, faults, and the newest.
SELECT family, capability, count(*) AS submissions, count(*) FILTER (WHERE fault) AS faults, max(at) AS newest
  FROM projection.evidence GROUP BY family, capability ORDER BY family, capability

-- positions --
-- Events by their positions.
SELECT position, type, recorded_at AS at, actor, family, task, body ->> 'reason' AS reason
  FROM ledger.event WHERE position = ANY (%(positions)s) ORDER BY position

-- flags --
-- Flags, open ones first.
SELECT * FROM projection.flag WHERE %(all)s OR resolved_at IS NULL
 ORDER BY (resolved_at IS NOT NULL), raised_at DESC, id

-- recommended --
-- Families that a person should look at: suspended as often without a lift as the policy in force on the capability
-- bears, or flagged more than once.
SELECT family, feature, suspensions, flags
  FROM (SELECT family, feature, sum(suspensions)::integer AS suspensions, sum(flags)::integer AS flags
          FROM (SELECT family, feature, 1 AS suspensions, 0 AS flags FROM projection.suspension WHERE lifted_at IS NULL
                 UNION ALL
                SELECT family, capability, 0, 1 FROM projection.flag
                 WHERE resolved_at IS NULL AND family IS NOT NULL AND capability IS NOT NULL) AS told
         GROUP BY family, feature) AS told
  LEFT JOIN LATERAL (
       SELECT p.definition #> '{action,suspend,recommend_after}' AS bears
         FROM projection.policy p
        WHERE p.version = (SELECT max(version) FROM projection.policy n WHERE n.key = p.key)
          AND (p.slot LIKE 'judging:*:%%' OR starts_with(p.slot, 'judging:' || told.feature || ':'))
        ORDER BY (p.slot LIKE '%%:*:%%'), (p.slot LIKE '%%:*') DESC, p.adopted_at DESC, p.key LIMIT 1) AS policy ON true
 WHERE NOT EXISTS (SELECT FROM projection.denial d
                    WHERE d.family = told.family AND d.feature = told.feature AND d.until IS NULL)
   AND (suspensions >= CASE jsonb_typeof(bears) WHEN 'number' THEN bears::integer ELSE %(suspensions)s END
        OR flags >= %(flags)s)
 ORDER BY family, feature

-- clock --
-- The ledger's time, for what heals with it.
SELECT ledger.clock() AS now

-- shipped --
-- What an epic delivered.
SELECT task, title, artifacts FROM projection.board WHERE epic = %(epic)s AND terminal ORDER BY created_position

-- blocked --
-- Parked tasks.
SELECT task, lane, stage, title, blocked_reason AS reason, updated_at FROM projection.board
 WHERE blocked AND NOT cancelled ORDER BY updated_at
