-- left --
-- Lanes of a project that were open before a position and that an adoption did not name.
SELECT l.key FROM projection.lane l
  JOIN ledger.event e ON e.stream = 'lane-' || l.key AND e.version = 1
 WHERE l.project = %(project)s AND l.key <> ALL (%(named)s::text[]) AND e.position < %(before)s
 ORDER BY l.key

-- standing --
-- The policy that decided a slot before a position.
WITH before AS (
    SELECT p.key, p.version, p.slot, e.position FROM projection.policy p
      JOIN ledger.event e ON e.stream = 'policy-' || p.key AND e.type = 'PolicyAdopted'
                         AND (e.body ->> 'version')::integer = p.version
     WHERE e.position < %(before)s)
SELECT key FROM before b
 WHERE slot = %(slot)s AND version = (SELECT max(version) FROM before n WHERE n.key = b.key)
 ORDER BY position DESC LIMIT 1
