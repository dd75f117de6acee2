-- one_at_a_time --
-- Definitions change rarely, and each change is decided from what stands.
SELECT pg_advisory_xact_lock(1634299494, 0)

-- newest --
-- A definition's newest version.
SELECT version, digest FROM projection.workflow WHERE key = %(key)s ORDER BY version DESC LIMIT 1

-- newest_card --
-- A card's newest version.
SELECT version, digest, body FROM projection.card WHERE role = %(role)s ORDER BY version DESC LIMIT 1

-- workflows --
-- The newest version of every workflow.
SELECT DISTINCT ON (key) key, version, digest, definition FROM projection.workflow ORDER BY key, version DESC

-- cards --
-- The newest version of every card.
SELECT DISTINCT ON (role) role, version, digest, body FROM projection.card ORDER BY role, version DESC

-- families --
-- Families with their grants.
SELECT f.*, ARRAY(SELECT feature FROM projection.feature g WHERE g.family = f.key ORDER BY feature) AS grants
  FROM projection.family f ORDER BY f.key

-- family --
-- One family with its grants.
SELECT f.*, ARRAY(SELECT feature FROM projection.feature g WHERE g.family = f.key ORDER BY feature) AS grants
  FROM projection.family f WHERE f.key = %(key)s

-- denial --
-- What denies a family a feature.
SELECT * FROM projection.denial WHERE family = %(family)s AND feature = %(feature)s

-- project --
-- One project.
SELECT * FROM projection.project WHERE key = %(key)s

-- lanes_of --
-- The lanes of a project.
SELECT * FROM projection.lane WHERE project = %(project)s ORDER BY key

-- lane_keys --
-- Every lane's key.
SELECT coalesce(array_agg(key), '{}') AS keys FROM projection.lane

-- other_use --
-- Another family under which an agent's name was used already; another scope too, unless a person may decide that.
SELECT coalesce(family, 'no family') AS family, scope FROM projection.credential
 WHERE agent = %(agent)s AND (family IS DISTINCT FROM %(family)s OR scope <> %(scope)s::text) LIMIT 1

-- credential --
-- One credential.
SELECT * FROM projection.credential WHERE id = %(id)s

-- ledger --
-- The ledger's own row.
SELECT * FROM projection.ledger
