-- briefs --
-- Briefs by stage, those given up left out.
SELECT stage, count(*) AS tasks FROM projection.board
 WHERE workflow = 'intake' AND NOT cancelled AND (%(lane)s::text IS NULL OR lane = %(lane)s)
 GROUP BY stage, terminal ORDER BY terminal, min(created_position) DESC, stage

-- open_briefs --
-- Briefs that nobody has accepted yet, the oldest first.
SELECT task, stage, title FROM projection.board
 WHERE workflow = 'intake' AND NOT cancelled AND NOT terminal AND (%(lane)s::text IS NULL OR lane = %(lane)s)
 ORDER BY created_position LIMIT %(limit)s
