-- begin_check --
-- One snapshot of the ledger and of the tables: every verb writes both in one transaction.
BEGIN ISOLATION LEVEL REPEATABLE READ

-- patient --
-- A check takes as long as the ledger is large, and holds nobody up: it promises no position and locks no row.
SELECT set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true),
       set_config('work_mem', '64MB', true), set_config('jit', 'off', true)

-- export_snapshot --
-- What this transaction sees, for others to see the same.
SELECT pg_export_snapshot()

-- import_snapshot --
-- See what the exporter sees.
SET TRANSACTION SNAPSHOT {snapshot}

-- begin --
-- The rebuild's transactions.
BEGIN

-- commit --
-- Done.
COMMIT

-- rollback --
-- Leaves nothing behind, temporary tables included.
ROLLBACK

-- alone --
-- Waits until no verb is under way and keeps new ones out until the swap is committed.
SELECT pg_advisory_xact_lock(1634299490, 0)

-- one_at_a_time --
-- Two rebuilds would write into each other's new tables.
SELECT pg_advisory_lock(1634299492, 0)

-- one_is_enough --
-- The other rebuild may begin.
SELECT pg_advisory_unlock(1634299492, 0)

-- last --
-- The last position this snapshot sees.
SELECT coalesce(max(position), 0) FROM ledger.event

-- dependents --
-- Tasks that wait, or waited, on one of these.
SELECT DISTINCT task FROM projection.dependency WHERE prerequisite = ANY (%(tasks)s)

-- forget_tasks --
-- Tasks that moved while the new tables were filled are written again.
DELETE FROM projection.board WHERE task = ANY (%(tasks)s)

-- forget_edges --
-- And so are their edges.
DELETE FROM projection.dependency WHERE task = ANY (%(tasks)s)

-- edges --
-- The edges of all tasks, or of some: a prerequisite once finished stays so, and what was waived is in the row.
INSERT INTO projection.dependency (task, prerequisite, met)
SELECT b.task, p.task, p.terminal OR p.task = ANY (b.waived)
  FROM projection.board b
 CROSS JOIN LATERAL (SELECT DISTINCT unnest(b.depends_on) AS task) AS wanted
  JOIN projection.board p ON p.task = wanted.task
 WHERE b.depends_on <> '{}' AND (%(tasks)s::uuid[] IS NULL OR b.task = ANY (%(tasks)s))

-- waits --
-- How many of them are open.
UPDATE projection.board b SET waits = open.edges
  FROM (SELECT task, count(*) AS edges FROM projection.dependency
         WHERE NOT met AND (%(tasks)s::uuid[] IS NULL OR task = ANY (%(tasks)s)) GROUP BY task) AS open
 WHERE b.task = open.task

-- add_route --
-- A route that some task met; several shares meet the same.
INSERT INTO projection.route (id, parts) VALUES (%(id)s, %(parts)s) ON CONFLICT (id) DO NOTHING

-- copy_board --
-- The board's rows in bulk.
COPY projection.board (
    task, project, lane, workflow, workflow_version, stage, terminal, title, payload, priority, requires, skills,
    depends_on, waived, epic, template, attempts, infra_releases, rework, tiers, blocked, blocked_reason, cancelled,
    review_waived, authors, artifacts, delivered, approved, holder, holder_family, holder_maker, holder_capability,
    fence, attempt, renewals, claimed_at, lease_expires_at, created_by, created_by_family, created_at, updated_at,
    entered_stage_at, version, correlation, route, author_agent, waits, created_position, updated_position) FROM STDIN

-- tables --
-- The tables to rebuild, with the settings that LIKE does not copy.
SELECT c.relname AS name, coalesce(array_to_string(c.reloptions, ', '), '') AS settings
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'projection' AND c.relkind = 'r' ORDER BY c.relname

-- drop_next --
-- What an interrupted rebuild left.
DROP SCHEMA IF EXISTS projection_next CASCADE

-- create_next --
-- Where the new tables grow.
CREATE SCHEMA projection_next

-- create_table --
-- A table beside the live one with the same columns, indexes and rules.
CREATE TABLE projection_next.{name} (LIKE projection.{name} INCLUDING ALL)

-- set_table --
-- And the same settings.
ALTER TABLE projection_next.{name} SET ({settings})

-- create_temporary --
-- The same for a check, gone with its transaction.
CREATE TEMPORARY TABLE {name} (LIKE projection.{name} INCLUDING ALL) ON COMMIT DROP

-- drop_live --
-- The old tables.
DROP SCHEMA projection CASCADE

-- rename_next --
-- The new tables take their place.
ALTER SCHEMA projection_next RENAME TO projection

-- grant_schema --
-- Rights do not travel with LIKE.
GRANT USAGE ON SCHEMA projection TO ainarres_app, ainarres_reader

-- grant_app --
-- The verbs write the tables.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA projection TO ainarres_app

-- grant_reader --
-- Readers read them.
GRANT SELECT ON ALL TABLES IN SCHEMA projection TO ainarres_reader

-- renew --
-- What sessions remember is of the old tables.
SELECT verb.renew()

-- analyze --
-- The planner knows nothing of a new table.
ANALYZE projection.{name}

-- only_live --
-- Rows of the live table that the ledger does not give.
SELECT t::text AS row, to_jsonb(t) AS columns FROM (TABLE projection.{name} EXCEPT ALL TABLE pg_temp.{name}) AS t ORDER BY 1 LIMIT 1

-- only_ledger --
-- Rows that the ledger gives and the live table lacks.
SELECT t::text AS row, to_jsonb(t) AS columns FROM (TABLE pg_temp.{name} EXCEPT ALL TABLE projection.{name}) AS t ORDER BY 1 LIMIT 1

-- count --
-- How many rows agree.
SELECT count(*) FROM projection.{name}
