-- take_turn --
-- One migrator at a time in this database; held to the end of the transaction, so a transaction pooler is no danger.
-- The key is the ASCII of 'ainarres'.
SELECT pg_advisory_xact_lock(7019830270434698611)

-- create_roles --
-- The three roles, when absent. Roles belong to the whole cluster, so another database's migrator may be first.
-- ainarres_owner owns every object; ainarres_app appends and projects; ainarres_reader reads.
DO $$
DECLARE
    missing text;
BEGIN
    FOREACH missing IN ARRAY ARRAY['ainarres_owner', 'ainarres_app', 'ainarres_reader'] LOOP
        IF to_regrole(missing) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', missing);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
    IF NOT pg_has_role(current_user, 'ainarres_owner', 'USAGE') THEN
        EXECUTE format('GRANT ainarres_owner TO %I', current_user);
    END IF;
    IF NOT has_database_privilege('ainarres_owner', current_database(), 'CREATE') THEN
        EXECUTE format('GRANT CREATE ON DATABASE %I TO ainarres_owner', current_database());
    END IF;
END
$$

-- become_owner --
-- For the rest of the transaction every object made belongs to ainarres_owner, whoever logged in.
SET LOCAL ROLE ainarres_owner

-- create_register --
-- The register of applied migrations, readable by all who must check it.
CREATE SCHEMA IF NOT EXISTS ledger_meta;
CREATE TABLE IF NOT EXISTS ledger_meta.migration (
    number integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE ledger_meta.migration IS 'Applied migrations; written by the migration runner alone.';
GRANT USAGE ON SCHEMA ledger_meta TO ainarres_app, ainarres_reader;
GRANT SELECT ON ledger_meta.migration TO ainarres_app, ainarres_reader

-- applied --
-- What was applied, in order.
SELECT number, name, sha256 FROM ledger_meta.migration ORDER BY number

-- record --
-- Note a migration as applied, in the transaction that applied it.
INSERT INTO ledger_meta.migration (number, name, sha256) VALUES (%s, %s, %s)
