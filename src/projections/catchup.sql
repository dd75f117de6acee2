-- begin --
-- A batch, or a reading.
BEGIN

-- commit --
-- The rows of a batch and how far they reach, at once.
COMMIT

-- rollback --
-- Nothing of the batch.
ROLLBACK

-- follow_alone --
-- One follower of a projection at a time; whoever comes second goes on from where the first stopped.
SELECT pg_advisory_xact_lock(1634299493, hashtext(%(projection)s))

-- hold_tables --
-- Keeps the tables of a projection from being swapped while they are read.
SELECT pg_advisory_xact_lock_shared(1634299494, hashtext(%(projection)s))

-- swap_alone --
-- Waits for readers of a projection and keeps new ones out for the moment of the swap.
SELECT pg_advisory_xact_lock(1634299494, hashtext(%(projection)s))

-- tracked --
-- How far a projection has followed.
SELECT coalesce(max(notification_id), 0) FROM statistics.tracking WHERE application_name = %(projection)s

-- track --
-- Moves a projection's mark forward, never back; no row means that somebody was there before.
INSERT INTO statistics.tracking AS t (application_name, notification_id)
VALUES (%(projection)s, %(position)s)
ON CONFLICT (application_name) DO UPDATE SET notification_id = EXCLUDED.notification_id
 WHERE t.notification_id < EXCLUDED.notification_id
RETURNING notification_id

-- retrack --
-- Sets the mark of a projection that was built anew.
INSERT INTO statistics.tracking (application_name, notification_id) VALUES (%(projection)s, %(position)s)
ON CONFLICT (application_name) DO UPDATE SET notification_id = EXCLUDED.notification_id

-- version --
-- Which definition a projection was built by.
SELECT coalesce(max(version), 0) FROM statistics.version WHERE projection = %(projection)s

-- reversion --
-- Notes the definition a projection was built by.
INSERT INTO statistics.version (projection, version) VALUES (%(projection)s, %(version)s)
ON CONFLICT (projection) DO UPDATE SET version = EXCLUDED.version

-- may_write --
-- Whether this login may bring projections up to date.
SELECT has_table_privilege('statistics.tracking', 'INSERT') AND NOT current_setting('transaction_read_only')::boolean

-- roomy --
-- Sorting a batch in memory is worth some of it.
SELECT set_config('work_mem', '128MB', true), set_config('statement_timeout', '0', true),
       set_config('synchronous_commit', 'off', true), set_config('jit', 'off', true)

-- last --
-- The last position up to a horizon.
SELECT coalesce(max(position), 0) FROM ledger.event WHERE position <= %(upto)s

-- rebuild_alone --
-- Two rebuilds of a projection would write into each other's new tables.
SELECT pg_advisory_lock(1634299495, hashtext(%(projection)s))

-- rebuild_ended --
-- The other rebuild may begin.
SELECT pg_advisory_unlock(1634299495, hashtext(%(projection)s))

-- drop_next --
-- What an interrupted rebuild of this projection left.
DROP SCHEMA IF EXISTS {next} CASCADE

-- create_next --
-- Where the new tables grow.
CREATE SCHEMA {next}

-- create_table --
-- A table beside the live one with the same columns, indexes and rules.
CREATE TABLE {next}.{name} (LIKE statistics.{name} INCLUDING ALL)

-- create_temporary --
-- The same for a check, gone with its transaction.
CREATE TEMPORARY TABLE {name} (LIKE statistics.{name} INCLUDING ALL) ON COMMIT DROP

-- forget_temporary --
-- A connection may check again.
DROP TABLE pg_temp.{name}

-- drop_live --
-- The old table.
DROP TABLE statistics.{name}

-- move_next --
-- The new one takes its place.
ALTER TABLE {next}.{name} SET SCHEMA statistics

-- grant_app --
-- Rights do not travel with LIKE.
GRANT SELECT, INSERT, UPDATE ON statistics.{name} TO ainarres_app

-- grant_reader --
-- Readers read it.
GRANT SELECT ON statistics.{name} TO ainarres_reader

-- analyze --
-- The planner knows nothing of a new table, nor that all of its rows are visible.
VACUUM ANALYZE statistics.{name}

-- analyze_next --
-- Nor while it grows.
ANALYZE {next}.{name}

-- only_live --
-- Rows of the live table that the ledger does not give.
SELECT t::text AS row, to_jsonb(t) AS columns FROM (TABLE statistics.{name} EXCEPT ALL TABLE pg_temp.{name}) AS t ORDER BY 1 LIMIT 1

-- only_ledger --
-- Rows that the ledger gives and the live table lacks.
SELECT t::text AS row, to_jsonb(t) AS columns FROM (TABLE pg_temp.{name} EXCEPT ALL TABLE statistics.{name}) AS t ORDER BY 1 LIMIT 1

-- count --
-- How many rows there are.
SELECT count(*) FROM statistics.{name}
