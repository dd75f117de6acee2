-- The schema that the migrations make. Written by `make schema`; never edited or merged by hand.

-- Name: ledger_meta; Type: SCHEMA; Schema: -; Owner: ainarres_owner

CREATE SCHEMA ledger_meta;

ALTER SCHEMA ledger_meta OWNER TO ainarres_owner;

-- Name: migration; Type: TABLE; Schema: ledger_meta; Owner: ainarres_owner

CREATE TABLE ledger_meta.migration (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE ledger_meta.migration OWNER TO ainarres_owner;

-- Name: TABLE migration; Type: COMMENT; Schema: ledger_meta; Owner: ainarres_owner

COMMENT ON TABLE ledger_meta.migration IS 'Applied migrations; written by the migration runner alone.';

-- Name: migration migration_pkey; Type: CONSTRAINT; Schema: ledger_meta; Owner: ainarres_owner

ALTER TABLE ONLY ledger_meta.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

-- Name: SCHEMA ledger_meta; Type: ACL; Schema: -; Owner: ainarres_owner

GRANT USAGE ON SCHEMA ledger_meta TO ainarres_app;
GRANT USAGE ON SCHEMA ledger_meta TO ainarres_reader;

-- Name: TABLE migration; Type: ACL; Schema: ledger_meta; Owner: ainarres_owner

GRANT SELECT ON TABLE ledger_meta.migration TO ainarres_app;
GRANT SELECT ON TABLE ledger_meta.migration TO ainarres_reader;
