-- agent --
-- What limits how often an agent's refusals and empty polls are told.
SELECT last_refusals, last_empty_at FROM projection.agent WHERE agent = %(agent)s
