-- ledger_opened --
-- The ledger has a name.
INSERT INTO projection.ledger (id, opened_at) VALUES (%(id)s, %(at)s)

-- ledger_forked --
-- A new name, and nobody is let in any more.
WITH voided AS (UPDATE projection.credential SET revoked_at = %(at)s WHERE revoked_at IS NULL)
UPDATE projection.ledger SET id = %(id)s

-- project_registered --
-- A project as declared, first or anew.
INSERT INTO projection.project (key, title, repository, digest, version)
VALUES (%(key)s, %(title)s, %(repository)s, %(digest)s, %(version)s)
ON CONFLICT (key) DO UPDATE SET title = EXCLUDED.title, repository = EXCLUDED.repository,
                                digest = EXCLUDED.digest, version = EXCLUDED.version

-- lane_opened --
-- A lane begins open.
INSERT INTO projection.lane (key, project, title, workflow, settings, paused, version)
VALUES (%(project)s || '/' || %(key)s, %(project)s, %(title)s, %(workflow)s, %(settings)s, false, %(version)s)

-- lane_changed --
-- A lane as declared from now on; whether it is paused stands.
UPDATE projection.lane
   SET title = %(title)s, workflow = %(workflow)s, settings = %(settings)s, version = %(version)s
 WHERE key = %(project)s || '/' || %(key)s

-- lane_paused --
-- No claims.
UPDATE projection.lane SET paused = true, version = %(version)s WHERE key = %(of)s

-- lane_resumed --
-- Claims again.
UPDATE projection.lane SET paused = false, version = %(version)s WHERE key = %(of)s

-- workflow_adopted --
-- One row a version, for ever.
INSERT INTO projection.workflow (key, version, digest, definition, adopted_at)
VALUES (%(key)s, %(adopted_version)s, %(digest)s, %(definition)s, %(at)s)

-- card_adopted --
-- One row a version, for ever.
INSERT INTO projection.card (role, version, digest, body, adopted_at)
VALUES (%(role)s, %(adopted_version)s, %(digest)s, %(text)s, %(at)s)

-- family_registered --
-- A family as declared, first or anew.
INSERT INTO projection.family (key, label, maker, cost_class, skills, description, version)
VALUES (%(key)s, %(label)s, %(maker)s, %(cost_class)s, %(skills)s, %(description)s, %(version)s)
ON CONFLICT (key) DO UPDATE SET label = EXCLUDED.label, maker = EXCLUDED.maker, cost_class = EXCLUDED.cost_class,
    skills = EXCLUDED.skills, description = EXCLUDED.description, version = EXCLUDED.version

-- feature_granted --
-- The family holds it.
INSERT INTO projection.feature (family, feature, granted_at) VALUES (%(of)s, %(feature)s, %(at)s)
ON CONFLICT (family, feature) DO NOTHING

-- feature_withdrawn --
-- The family holds it no more.
DELETE FROM projection.feature WHERE family = %(of)s AND feature = %(feature)s

-- capability_revoked --
-- Denied until a person lifts it.
INSERT INTO projection.denial (family, feature, reason, since, until)
VALUES (%(of)s, %(feature)s, %(reason)s, %(at)s, NULL)
ON CONFLICT (family, feature) DO UPDATE SET reason = EXCLUDED.reason, since = EXCLUDED.since, until = NULL, keeps = true

-- denial_lifted --
-- Denied no more; a suspension that was in force counts as if it had never been.
WITH lifted AS (
    UPDATE projection.suspension SET lifted_at = %(at)s
     WHERE family = %(of)s AND feature = %(feature)s AND until > %(at)s AND lifted_at IS NULL
)
DELETE FROM projection.denial WHERE family = %(of)s AND feature = %(feature)s

-- capability_suspended --
-- Denied for a while; what a person denied for good stands.
WITH told AS (
    INSERT INTO projection.suspension
        (family, version, feature, n, since, until, policy, policy_version, cause, after, reason, suspended_by)
    VALUES (%(of)s, %(version)s, %(feature)s, %(n)s, %(at)s, %(until)s, %(policy)s, %(policy_version)s, %(cause)s,
            %(after)s, %(reason)s, %(actor)s)
)
INSERT INTO projection.denial AS d (family, feature, reason, since, until, keeps)
VALUES (%(of)s, %(feature)s, %(reason)s, %(at)s, %(until)s, %(holds)s = 'finish')
ON CONFLICT (family, feature) DO UPDATE SET reason = EXCLUDED.reason, since = EXCLUDED.since, until = EXCLUDED.until,
                                            keeps = EXCLUDED.keeps
 WHERE d.until IS NOT NULL

-- capability_restored --
-- The suspension is over, and somebody noticed.
WITH over AS (
    UPDATE projection.suspension SET restored_at = %(at)s
     WHERE family = %(of)s AND feature = %(feature)s AND until <= %(at)s AND lifted_at IS NULL AND restored_at IS NULL
)
DELETE FROM projection.denial WHERE family = %(of)s AND feature = %(feature)s AND until <= %(at)s

-- policy_adopted --
-- One row a version, for ever.
INSERT INTO projection.policy (key, version, digest, definition, slot, after, adopted_at)
VALUES (%(key)s, %(adopted_version)s, %(digest)s, %(definition)s, %(slot)s, %(after)s, %(at)s)

-- policy_broken --
-- It judges nobody.
UPDATE projection.policy SET broken = %(reason)s WHERE key = %(key)s AND version = %(adopted_version)s

-- flag_raised --
-- A person should look.
INSERT INTO projection.flag (id, kind, severity, gap, family, capability, task, policy, incident, raised_by, raised_at)
VALUES (%(id)s, %(kind)s, %(severity)s, %(gap)s, CASE WHEN %(category)s = 'family' THEN %(of)s END, %(capability)s,
        %(task)s, %(policy)s, %(incident)s, %(actor)s, %(at)s)

-- flag_resolved --
-- A person has looked.
UPDATE projection.flag SET resolved_at = %(at)s, resolved_by = %(actor)s, resolution = %(reason)s WHERE id = %(id)s

-- credential_issued --
-- Only the token's hash is known.
INSERT INTO projection.credential
    (id, agent, family, scope, narrowing, token_sha256, issued_at, expires_at, revoked_at, version)
VALUES (%(id)s, %(agent)s, %(family)s, %(scope)s, %(narrowing)s, %(token_sha256)s, %(at)s, %(expires_at)s, NULL,
        %(version)s)

-- credential_extended --
-- Lives longer.
UPDATE projection.credential SET expires_at = %(expires_at)s, version = %(version)s WHERE id = %(of)s

-- credential_narrowed --
-- May use less.
UPDATE projection.credential SET narrowing = %(narrowing)s, version = %(version)s WHERE id = %(of)s

-- credential_revoked --
-- Void.
UPDATE projection.credential SET revoked_at = %(at)s, version = %(version)s WHERE id = %(of)s

-- verb_refused --
-- Remembers when the agent was last refused this, and forgets what is older than a minute.
INSERT INTO projection.agent AS a (agent, version, last_refusals, last_empty_at)
VALUES (%(of)s, %(version)s, jsonb_build_object(%(slot)s::text, %(at_text)s::text), NULL)
ON CONFLICT (agent) DO UPDATE SET version = EXCLUDED.version, last_refusals =
    (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each_text(a.last_refusals)
      WHERE value::timestamptz > %(at)s - interval '1 minute') || EXCLUDED.last_refusals

-- claim_empty --
-- Remembers when the agent last said that there was nothing.
INSERT INTO projection.agent (agent, version, last_refusals, last_empty_at)
VALUES (%(of)s, %(version)s, '{}', %(at)s)
ON CONFLICT (agent) DO UPDATE SET version = EXCLUDED.version, last_empty_at = EXCLUDED.last_empty_at

-- instruction_given --
-- Moves the version of an agent's stream.
INSERT INTO projection.agent (agent, version, last_refusals, last_empty_at) VALUES (%(of)s, %(version)s, '{}', NULL)
ON CONFLICT (agent) DO UPDATE SET version = EXCLUDED.version

-- usage_reported --
-- Moves the version of an agent's stream.
INSERT INTO projection.agent (agent, version, last_refusals, last_empty_at)
VALUES (%(of)s, %(version)s, '{}', NULL)
ON CONFLICT (agent) DO UPDATE SET version = EXCLUDED.version
