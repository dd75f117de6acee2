-- remaining --
-- What is left on some lanes (all of them when the list is empty), and the board's newest position, which any move changes.
SELECT count(*) FILTER (WHERE NOT terminal AND NOT cancelled) AS open,
       count(*) FILTER (WHERE holder IS NOT NULL AND lease_expires_at > ledger.clock()) AS held,
       coalesce(max(updated_position), 0) AS position
  FROM projection.board
 WHERE lane = ANY (%(lanes)s) OR split_part(lane, '/', 2) = ANY (%(lanes)s) OR cardinality(%(lanes)s::text[]) = 0

-- rows --
-- Every task of a lane as a picture of it needs them, in the order they were posted.
SELECT task, title, stage, terminal, blocked, rework, tiers, holder, holder_family, claimed_at, lease_expires_at,
       lease_expires_at > ledger.clock() AS live, ledger.clock() - claimed_at AS age, updated_position
  FROM projection.board
 WHERE lane = %(lane)s
 ORDER BY created_position
