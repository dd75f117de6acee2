-- pending --
-- Claimable tasks by route.
SELECT r.parts, count(*) AS pending, min(b.entered_stage_at) AS oldest_at
  FROM projection.board b
  JOIN projection.route r ON r.id = b.route
 WHERE b.ready AND (%(lane)s::text IS NULL OR b.lane = %(lane)s)
 GROUP BY r.id, r.parts
 ORDER BY min(b.entered_stage_at), r.id

-- workflows --
-- Every version of every workflow.
SELECT key, version, definition FROM projection.workflow
