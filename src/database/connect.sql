-- backend --
-- The server process that answers.
SELECT pg_backend_pid()

-- unfit --
-- Settings of this session that are not what they have to be, up to a comma.
SELECT name, current_setting(name) AS value, needed
  FROM unnest(%(names)s::text[], %(values)s::text[]) AS wanted(name, needed)
 WHERE split_part(current_setting(name), ',', 1) <> needed
