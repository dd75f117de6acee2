-- agents --
-- Agents with the credential they act by (the newest that is in force, else the newest), what it may exercise now, and
-- what they hold. Lanes: only agents who may work on one of these, and only holds there; null for all.
SELECT c.agent, c.family, f.maker, c.state, c.expires_at, e.features,
       ARRAY(SELECT d.feature FROM projection.denial d JOIN projection.feature g USING (family, feature)
              WHERE d.family = c.family AND (d.until IS NULL OR d.until > ledger.clock()) ORDER BY d.feature) AS denied,
       b.task, b.lane, b.stage, b.title, b.claimed_at, b.lease_expires_at
  FROM (SELECT DISTINCT ON (a.agent) a.agent, a.family, a.narrowing, a.expires_at,
               CASE WHEN a.revoked_at IS NOT NULL THEN 'revoked' WHEN a.expires_at <= ledger.clock() THEN 'expired'
                    ELSE 'live' END AS state
          FROM projection.credential a WHERE a.scope = 'agent'
         ORDER BY a.agent, (a.revoked_at IS NULL AND a.expires_at > ledger.clock()) DESC, a.issued_at DESC, a.id) AS c
  JOIN projection.family f ON f.key = c.family
 CROSS JOIN LATERAL (
       SELECT ARRAY(SELECT g.feature FROM projection.feature g
                     WHERE g.family = c.family AND (c.narrowing IS NULL OR g.feature = ANY (c.narrowing))
                       AND NOT EXISTS (SELECT FROM projection.denial d
                                        WHERE d.family = g.family AND d.feature = g.feature
                                          AND (d.until IS NULL OR d.until > ledger.clock()))
                     ORDER BY g.feature) AS features) AS e
  LEFT JOIN projection.board b ON b.holder = c.agent AND b.lease_expires_at > ledger.clock()
                              AND (%(lanes)s::text[] IS NULL OR 'lane:' || b.lane = ANY (%(lanes)s::text[]))
 WHERE (%(all)s OR c.state = 'live')
   AND (%(family)s::text IS NULL OR c.family = %(family)s)
   AND (%(lanes)s::text[] IS NULL OR e.features && %(lanes)s::text[])
 ORDER BY c.family, c.agent
