-- opened --
-- The ledger's name; no row before `init`.
SELECT id, opened_at FROM projection.ledger

-- families --
-- Families with what they were granted and what they are denied.
SELECT f.key, f.label, f.maker, f.cost_class, f.skills, f.description,
       ARRAY(SELECT feature FROM projection.feature g WHERE g.family = f.key ORDER BY feature) AS grants,
       coalesce((SELECT jsonb_agg(jsonb_build_object('feature', d.feature, 'reason', d.reason, 'since', d.since,
                                                     'until', d.until) ORDER BY d.feature)
                   FROM projection.denial d
                  WHERE d.family = f.key AND (d.until IS NULL OR d.until > ledger.clock())), '[]') AS denials
  FROM projection.family f ORDER BY f.cost_class, f.key

-- family_keys --
-- Every family's key.
SELECT key FROM projection.family ORDER BY key

-- features --
-- Features that mean something: what a workflow asks for, what a lane answers to, what a family holds or is kept from.
SELECT DISTINCT feature
  FROM (SELECT jsonb_path_query(definition, '$.transition[*].requires[*]') #>> '{}' FROM projection.workflow
         UNION ALL SELECT 'lane:' || key FROM projection.lane
         UNION ALL SELECT feature FROM projection.feature
         UNION ALL SELECT feature FROM projection.denial
         UNION ALL SELECT feature FROM projection.suspension) AS known (feature)
 ORDER BY feature

-- credentials --
-- Credentials without what would open anything.
SELECT id, agent, family, scope, narrowing, issued_at, expires_at, revoked_at,
       CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= ledger.clock() THEN 'expired' ELSE 'live' END
       AS state
  FROM projection.credential
 WHERE %(all)s OR (revoked_at IS NULL AND expires_at > ledger.clock())
 ORDER BY issued_at, id

-- workflows --
-- The newest version of each workflow.
SELECT DISTINCT ON (key) key, version, digest, definition, adopted_at,
       ARRAY(SELECT l.key FROM projection.lane l WHERE l.workflow = w.key ORDER BY l.key) AS lanes
  FROM projection.workflow w ORDER BY key, version DESC

-- workflow --
-- One version of a workflow; the newest where none is named.
SELECT key, version, digest, definition, adopted_at FROM projection.workflow
 WHERE key = %(key)s AND (%(version)s::integer IS NULL OR version = %(version)s)
 ORDER BY version DESC LIMIT 1

-- card --
-- One version of a role's card; the newest where none is named.
SELECT role, version, digest, body AS text, adopted_at FROM projection.card
 WHERE role = %(role)s AND (%(version)s::integer IS NULL OR version = %(version)s)
 ORDER BY version DESC LIMIT 1

-- cards --
-- The newest version of each role's card.
SELECT DISTINCT ON (role) role, version, digest, adopted_at FROM projection.card ORDER BY role, version DESC

-- projects --
-- Projects with their lanes.
SELECT p.key, p.title, p.repository,
       coalesce((SELECT jsonb_agg(jsonb_build_object('key', l.key, 'title', l.title, 'workflow', l.workflow,
                                                     'settings', l.settings, 'paused', l.paused) ORDER BY l.key)
                   FROM projection.lane l WHERE l.project = p.key), '[]') AS lanes
  FROM projection.project p ORDER BY p.key

-- lanes_named --
-- Lanes by full key, or by last part.
SELECT key FROM projection.lane WHERE key = %(lane)s OR key LIKE '%%/' || %(lane)s
 ORDER BY (key = %(lane)s) DESC, key LIMIT 3

-- lanes --
-- Every lane.
SELECT key FROM projection.lane ORDER BY key

-- tasks_named --
-- Tasks whose id begins or ends with what was typed.
SELECT task FROM projection.board
 WHERE replace(task::text, '-', '') LIKE %(typed)s || '%%' OR replace(task::text, '-', '') LIKE '%%' || %(typed)s
 ORDER BY created_position LIMIT 3

-- task --
-- One task as it stands.
SELECT * FROM projection.board WHERE task = %(task)s

-- edges --
-- What a task waits on, and what waits on it.
SELECT d.prerequisite AS task, p.lane, 'prerequisite' AS side, d.met, p.cancelled, p.stage, p.title
  FROM projection.dependency d JOIN projection.board p ON p.task = d.prerequisite WHERE d.task = %(task)s
 UNION ALL
SELECT d.task, b.lane, 'dependent', d.met, b.cancelled, b.stage, b.title
  FROM projection.dependency d JOIN projection.board b ON b.task = d.task WHERE d.prerequisite = %(task)s

-- held_by --
-- The task an agent holds, live or not.
SELECT task, lane, stage, title, fence, lease_expires_at FROM projection.board WHERE holder = %(agent)s

-- tasks --
-- Tasks of some lanes (null for all) in the order of their creation, after a position; a page at a time.
SELECT task, lane, stage, title, priority, holder, holder_family, lease_expires_at, blocked, blocked_reason, cancelled,
       terminal, waits, attempts, rework, version, created_position, created_at, updated_at
  FROM projection.board
 WHERE (%(lanes)s::text[] IS NULL OR lane = ANY (%(lanes)s::text[]))
   AND (%(stage)s::text IS NULL OR stage = %(stage)s)
   AND created_position > %(after)s
 ORDER BY created_position LIMIT %(limit)s
