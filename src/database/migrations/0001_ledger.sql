-- The ledger: one append-only table of events, one function that writes it, and the horizon up to which it may be read.
--
-- A follower reads by position, one integer, so a position must never appear behind it. Positions are taken before their
-- transaction commits and commits come in any order; a table lock would put them in order and every writer in a queue.
-- Instead a writer, before it takes a position, promises "none of mine is at or below this": a shared advisory lock
-- that ends with its transaction. The horizon is the lowest live promise, or the last position taken.
--
-- Advisory keys of the ledger have 16718 (0x414E, 'AN') in their upper 16 bits, a position in the lower 48.
-- Nobody else takes keys of that shape.

CREATE SCHEMA ledger;
COMMENT ON SCHEMA ledger IS 'Events, and nothing derived from them.';
GRANT USAGE ON SCHEMA ledger TO ainarres_app, ainarres_reader;

-- Gaps are allowed, cached values are not: a cached one would lie below promises made after it was cached.
CREATE SEQUENCE ledger.position AS bigint MAXVALUE 281474976710655 CACHE 1 NO CYCLE;
GRANT SELECT ON SEQUENCE ledger.position TO ainarres_app, ainarres_reader;

CREATE TABLE ledger.event (
    position bigint PRIMARY KEY,
    stream text NOT NULL,
    version bigint NOT NULL CHECK (version >= 0),
    type text NOT NULL,
    schema smallint NOT NULL CHECK (schema >= 1),
    body jsonb,
    raw bytea,
    actor text,
    family text,
    capability text,
    credential text,
    subject_agent text,
    subject_family text,
    project text,
    task uuid,
    command uuid,
    request text,
    causation bigint,
    correlation uuid,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT event_stream_version UNIQUE (stream, version),
    CONSTRAINT event_body_or_raw CHECK (num_nonnulls(body, raw) = 1)
);
CREATE INDEX event_task ON ledger.event (task, position) WHERE task IS NOT NULL;
-- what a command did, for whoever sends it again
CREATE INDEX event_command ON ledger.event (command) WHERE command IS NOT NULL;
GRANT SELECT ON ledger.event TO ainarres_app, ainarres_reader;

COMMENT ON TABLE ledger.event IS 'Every state change, in order; nothing is ever changed or taken away.';
COMMENT ON COLUMN ledger.event.position IS 'Place in the ledger; gaps mean nothing.';
COMMENT ON COLUMN ledger.event.version IS 'Place in the stream; with it the optimistic lock.';
COMMENT ON COLUMN ledger.event.schema IS 'Version of the body; older ones are lifted when they are read.';
COMMENT ON COLUMN ledger.event.raw IS 'What is not a JSON object; then body is null.';
COMMENT ON COLUMN ledger.event.actor IS 'Who appended it; family, capability and credential are of the actor.';
COMMENT ON COLUMN ledger.event.subject_agent IS 'Who is credited or charged.';
COMMENT ON COLUMN ledger.event.command IS 'Idempotency key of the command it answers.';
COMMENT ON COLUMN ledger.event.request IS 'SHA-256, in hexadecimal, of the request that command names.';
COMMENT ON COLUMN ledger.event.causation IS 'Position of the event that caused it.';
COMMENT ON COLUMN ledger.event.correlation IS 'The brief from which it descends.';

CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % is refused', tg_op
        USING ERRCODE = 'restrict_violation', HINT = 'Append an event that corrects the earlier one.';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.event
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.event ENABLE ALWAYS TRIGGER append_only;

CREATE FUNCTION ledger.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()';
COMMENT ON FUNCTION ledger.clock IS 'The time. Nothing else in the ledger or in a verb reads a clock.';

-- Positions of one call are contiguous. A lock around the taking would cost the common case of one event, and would
-- have to be taken by that case too; so a block is taken without one and looked at: if somebody came between, its
-- numbers are left as a gap and it is taken again, blocks now one after the other. That lock must end at once and not
-- with the transaction: it is taken in a subtransaction that is rolled back. Rolling back gives up the lock and not the
-- numbers, and nothing that fails in between can leave the lock behind.
CREATE FUNCTION ledger.take_positions(n integer) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lowest bigint;
    highest bigint;
BEGIN
    SELECT min(p), max(p) INTO lowest, highest FROM (SELECT nextval('ledger.position') FROM generate_series(1, n)) AS t (p);
    IF highest - lowest = n - 1 THEN
        RETURN lowest;
    END IF;
    BEGIN
        PERFORM pg_advisory_xact_lock(16719::bigint << 48);
        LOOP
            SELECT min(p), max(p) INTO lowest, highest
                FROM (SELECT nextval('ledger.position') FROM generate_series(1, n)) AS t (p);
            EXIT WHEN highest - lowest = n - 1;
        END LOOP;
        RAISE SQLSTATE 'AN001';
    EXCEPTION WHEN SQLSTATE 'AN001' THEN
        RETURN lowest;
    END;
END
$$;

CREATE FUNCTION ledger.append(events jsonb) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    n integer := jsonb_array_length(events);
    moment timestamptz := ledger.clock();
    promise bigint;
    remembered text;
    lowest bigint;
BEGIN
    -- The promise comes before the first position, or a follower could pass it. A transaction that appends again keeps
    -- its first one, or a long one would fill the table of locks. The setting only remembers which it was and is not
    -- trusted: the lock is asked for every time, and a promise may be lower than necessary but never higher.
    promise := coalesce(pg_sequence_last_value('ledger.position'::regclass), 0);
    promise := greatest(0, least(promise, nullif(current_setting('ledger.promise', true), '')::bigint));
    remembered := pg_advisory_xact_lock_shared((16718::bigint << 48) | promise)::text
        || set_config('ledger.promise', promise::text, true);
    IF n = 1 THEN
        lowest := nextval('ledger.position');
    ELSIF n > 1 THEN
        lowest := ledger.take_positions(n);
    ELSE
        RETURN NULL;
    END IF;
    INSERT INTO ledger.event
    SELECT lowest + e.ordinality - 1, e.stream, e.version, e.type, coalesce(e.schema, 1::smallint), e.body, e.raw,
        e.actor, e.family, e.capability, e.credential, e.subject_agent, e.subject_family, e.project, e.task,
        e.command, e.request, e.causation, e.correlation, coalesce(e.recorded_at, moment)
    FROM ROWS FROM (jsonb_to_recordset(events) AS (
        stream text, version bigint, type text, schema smallint, body jsonb, raw bytea,
        actor text, family text, capability text, credential text, subject_agent text, subject_family text, project text,
        task uuid, command uuid, request text, causation bigint, correlation uuid, recorded_at timestamptz
    )) WITH ORDINALITY AS e;
    RETURN lowest;
END
$$;
COMMENT ON FUNCTION ledger.append IS
    'The only way into the ledger. Takes an array of objects whose keys are columns of ledger.event (all but position; a '
    'missing recorded_at is the clock), returns the position of the first; the others follow it without a gap. A stream '
    'that is further than its writer thinks violates event_stream_version.';

CREATE FUNCTION ledger.horizon() RETURNS bigint
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    taken bigint;
    promised bigint;
BEGIN
    -- An older snapshot would not show what the horizon counts on, and a standby does not see the promises.
    IF pg_is_in_recovery() OR current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the horizon is read on the primary, in a READ COMMITTED transaction'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    -- This order and no other. A promise not seen below is made after this line, so its positions lie above what it
    -- read; a promise already gone has committed, and the caller's next statement sees its events.
    SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO taken FROM ledger.position;
    SELECT min(((classid::bigint & 65535) << 32) | objid::bigint) INTO promised
        FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = 16718
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
    RETURN least(taken, promised);
END
$$;
COMMENT ON FUNCTION ledger.horizon IS
    'The position up to which the ledger is complete. Read it in one statement and the rows in the next.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.append TO ainarres_app;
GRANT EXECUTE ON FUNCTION ledger.clock, ledger.horizon TO ainarres_app, ainarres_reader;
