-- lock --
-- One verdict at a time on a family at a capability.
SELECT pg_advisory_xact_lock(1634299496, hashtext(%(family)s || ' ' || %(capability)s))

-- lock_run --
-- One governance run at a time.
SELECT pg_advisory_xact_lock(1634299497, 0)

-- aside --
-- Where a verdict begins: whatever goes wrong in it, the rejection stands.
SAVEPOINT verdict

-- put_back --
-- The verdict came to nothing.
ROLLBACK TO SAVEPOINT verdict

-- in_force --
-- The policy that judges submissions at a capability of a workflow: the narrowest scope, there the one adopted last.
SELECT p.key, p.version, p.definition, p.slot, p.after, p.broken
  FROM projection.policy p
 WHERE p.slot IN ('judging:' || %(capability)s || ':' || %(workflow)s, 'judging:' || %(capability)s || ':*',
                  'judging:*:' || %(workflow)s, 'judging:*:*')
   AND p.version = (SELECT max(version) FROM projection.policy n WHERE n.key = p.key)
 ORDER BY (p.slot LIKE '%%:*:%%'), (p.slot LIKE '%%:*'), p.adopted_at DESC, p.key LIMIT 1

-- standing --
-- Every policy in force, one a slot.
SELECT DISTINCT ON (p.slot) p.key, p.version, p.digest, p.definition, p.slot, p.after, p.adopted_at, p.broken
  FROM projection.policy p
 WHERE p.version = (SELECT max(version) FROM projection.policy n WHERE n.key = p.key)
 ORDER BY p.slot, p.adopted_at DESC, p.key

-- policy --
-- The newest version of a policy.
SELECT * FROM projection.policy WHERE key = %(key)s ORDER BY version DESC LIMIT 1

-- past --
-- How often a family was suspended at a capability and nobody lifted it, and the evidence spent on that.
SELECT count(*) FILTER (WHERE lifted_at IS NULL) AS times, coalesce(max(after), 0) AS after
  FROM projection.suspension WHERE family = %(family)s AND feature = %(feature)s

-- over --
-- Suspensions that ran out and that nobody has said to be over.
SELECT family, feature FROM projection.denial WHERE until <= %(now)s ORDER BY family, feature

-- denied --
-- Whether a denial stands.
SELECT until FROM projection.denial WHERE family = %(family)s AND feature = %(feature)s
   AND (until IS NULL OR until > %(now)s)

-- flags_named --
-- Flags, open or not, whose id begins or ends with what was typed; two are enough to call it ambiguous.
SELECT * FROM projection.flag
 WHERE replace(id::text, '-', '') LIKE %(typed)s || '%%' OR replace(id::text, '-', '') LIKE '%%' || %(typed)s
 LIMIT 2

-- raised --
-- Of some incidents, those that a policy has raised a flag for.
SELECT incident FROM projection.flag WHERE policy = %(policy)s AND incident = ANY (%(incidents)s)

-- answered --
-- Where a policy's newest flag on each family was resolved: what came before has been looked at.
SELECT f.family, max(e.position) AS position
  FROM projection.flag f
  JOIN ledger.event e ON e.stream = 'family-' || f.family AND e.type = 'FlagResolved' AND e.body ->> 'id' = f.id::text
 WHERE f.policy = %(policy)s AND f.resolved_at IS NOT NULL
 GROUP BY f.family
