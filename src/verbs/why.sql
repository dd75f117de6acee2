-- families --
-- Every family with what it was granted and what it is denied now.
SELECT f.key, f.maker, ARRAY(SELECT feature FROM projection.feature g WHERE g.family = f.key) AS grants,
       ARRAY(SELECT feature FROM projection.denial d
              WHERE d.family = f.key AND (d.until IS NULL OR d.until > %(now)s)) AS denied
  FROM projection.family f ORDER BY f.key

-- prerequisites --
-- What a task waits on, and how far that is.
SELECT p.task, p.lane, p.title, p.stage, p.cancelled, p.blocked, p.holder
  FROM projection.dependency d JOIN projection.board p ON p.task = d.prerequisite
 WHERE d.task = %(task)s AND NOT d.met ORDER BY p.created_position

-- lane --
-- Whether a lane hands out work, and in what order.
SELECT key, paused, settings ->> 'routing' AS routing FROM projection.lane WHERE key = %(lane)s
