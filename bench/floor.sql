-- The floor: a cycle as two durable transactions over the ledger's own tables, two events, and nothing else. No
-- permission, no rule, no key, no reply. Run by pgbench with prepared statements, one agent a client.
WITH picked AS (
    SELECT task, version FROM projection.board
     WHERE ready AND route = :route ORDER BY -priority, created_position LIMIT 1 FOR UPDATE SKIP LOCKED),
held AS (
    UPDATE projection.board AS b
       SET holder = 'agent-' || :client_id, fence = 1, attempt = 1, claimed_at = clock_timestamp(),
           lease_expires_at = clock_timestamp() + interval '1 hour', version = b.version + 1
      FROM picked WHERE b.task = picked.task
    RETURNING b.task, b.version),
said AS (
    INSERT INTO ledger.event (position, stream, version, type, schema, body, actor, project, task, recorded_at)
    SELECT nextval('ledger.position'), 'task-' || task, version, 'TaskClaimed', 1,
           jsonb_build_object('stage', 'open', 'attempt', 1, 'fence', 1, 'lease_expires_at', clock_timestamp()),
           'agent-' || :client_id, 'web', task, clock_timestamp()
      FROM held)
SELECT task FROM held \gset
WITH moved AS (
    UPDATE projection.board
       SET holder = NULL, fence = NULL, attempt = NULL, claimed_at = NULL, lease_expires_at = NULL, stage = 'done',
           terminal = true, version = version + 1, updated_at = clock_timestamp(), entered_stage_at = clock_timestamp()
     WHERE task = :task AND holder = 'agent-' || :client_id
    RETURNING task, version)
INSERT INTO ledger.event (position, stream, version, type, schema, body, actor, project, task, recorded_at)
SELECT nextval('ledger.position'), 'task-' || task, version, 'TaskAdvanced', 1,
       jsonb_build_object('from_stage', 'open', 'to_stage', 'done', 'terminal', true),
       'agent-' || :client_id, 'web', task, clock_timestamp()
  FROM moved;
