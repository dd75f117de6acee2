-- The schema that the migrations make. Written by `make schema`; never edited or merged by hand.

-- Name: ledger; Type: SCHEMA; Schema: -; Owner: ainarres_owner

CREATE SCHEMA ledger;

ALTER SCHEMA ledger OWNER TO ainarres_owner;

-- Name: SCHEMA ledger; Type: COMMENT; Schema: -; Owner: ainarres_owner

COMMENT ON SCHEMA ledger IS 'Events, and nothing derived from them.';

-- Name: ledger_meta; Type: SCHEMA; Schema: -; Owner: ainarres_owner

CREATE SCHEMA ledger_meta;

ALTER SCHEMA ledger_meta OWNER TO ainarres_owner;

-- Name: projection; Type: SCHEMA; Schema: -; Owner: ainarres_owner

CREATE SCHEMA projection;

ALTER SCHEMA projection OWNER TO ainarres_owner;

-- Name: statistics; Type: SCHEMA; Schema: -; Owner: ainarres_owner

CREATE SCHEMA statistics;

ALTER SCHEMA statistics OWNER TO ainarres_owner;

-- Name: verb; Type: SCHEMA; Schema: -; Owner: ainarres_owner

CREATE SCHEMA verb;

ALTER SCHEMA verb OWNER TO ainarres_owner;

-- Name: append(jsonb); Type: FUNCTION; Schema: ledger; Owner: ainarres_owner

CREATE FUNCTION ledger.append(events jsonb) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION ledger.append(events jsonb) OWNER TO ainarres_owner;

-- Name: FUNCTION append(events jsonb); Type: COMMENT; Schema: ledger; Owner: ainarres_owner

COMMENT ON FUNCTION ledger.append(events jsonb) IS 'The only way into the ledger. Takes an array of objects whose keys are columns of ledger.event (all but position; a missing recorded_at is the clock), returns the position of the first; the others follow it without a gap. A stream that is further than its writer thinks violates event_stream_version.';

-- Name: clock(); Type: FUNCTION; Schema: ledger; Owner: ainarres_owner

CREATE FUNCTION ledger.clock() RETURNS timestamp with time zone
    LANGUAGE sql
    AS $$SELECT clock_timestamp()$$;

ALTER FUNCTION ledger.clock() OWNER TO ainarres_owner;

-- Name: FUNCTION clock(); Type: COMMENT; Schema: ledger; Owner: ainarres_owner

COMMENT ON FUNCTION ledger.clock() IS 'The time. Nothing else in the ledger or in a verb reads a clock.';

-- Name: horizon(); Type: FUNCTION; Schema: ledger; Owner: ainarres_owner

CREATE FUNCTION ledger.horizon() RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION ledger.horizon() OWNER TO ainarres_owner;

-- Name: FUNCTION horizon(); Type: COMMENT; Schema: ledger; Owner: ainarres_owner

COMMENT ON FUNCTION ledger.horizon() IS 'The position up to which the ledger is complete. Read it in one statement and the rows in the next.';

-- Name: refuse_change(); Type: FUNCTION; Schema: ledger; Owner: ainarres_owner

CREATE FUNCTION ledger.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % is refused', tg_op
        USING ERRCODE = 'restrict_violation', HINT = 'Append an event that corrects the earlier one.';
END
$$;

ALTER FUNCTION ledger.refuse_change() OWNER TO ainarres_owner;

-- Name: take_positions(integer); Type: FUNCTION; Schema: ledger; Owner: ainarres_owner

CREATE FUNCTION ledger.take_positions(n integer) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION ledger.take_positions(n integer) OWNER TO ainarres_owner;

-- Name: begin(text, text, uuid, uuid, boolean, boolean, bigint, bigint[], bigint[]); Type: FUNCTION; Schema: verb; Owner: ainarres_owner

CREATE FUNCTION verb.begin(token text, local text, command uuid, locked uuid, held boolean, wide boolean, epoch bigint, routes bigint[], afters bigint[]) RETURNS json
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    AS $_$
DECLARE
    _lock text := pg_advisory_xact_lock_shared(1634299490, 0);
    _epoch bigint;
    _agent text;
    _family text;
    _credential json;
    _repeated json;
    _task json;
    _mine json;
    _ran_out json;
    _told json;
    _looked boolean := false;
    _picked json;
    _now timestamptz;
BEGIN
    IF begin.command IS NOT NULL THEN
        _lock := pg_advisory_xact_lock(1634299499, hashtext(begin.command::text));
    END IF;
    SELECT e.number, c.agent, c.family,
           json_build_object('id', c.id, 'agent', c.agent, 'family', c.family, 'scope', c.scope, 'narrowing', c.narrowing,
                             'issued_at', c.issued_at, 'expires_at', c.expires_at, 'revoked_at', c.revoked_at,
                             'version', c.version),
           (SELECT json_build_object('request', min(d.request), 'first', min(d.position), 'last', max(d.position))
              FROM ledger.event d
             WHERE d.command = begin.command AND d.actor = coalesce(c.agent, begin.local)
            HAVING count(*) > 0)
      INTO _epoch, _agent, _family, _credential, _repeated
      FROM verb.epoch e
      LEFT JOIN projection.credential c ON c.token_sha256 = begin.token;
    IF begin.locked IS NOT NULL THEN
        SELECT row_to_json(b) INTO _task FROM projection.board b WHERE b.task = begin.locked FOR UPDATE;
    ELSIF begin.held THEN
        SELECT row_to_json(b) INTO _task FROM projection.board b WHERE b.holder = _agent FOR UPDATE;
    END IF;
    _now := ledger.clock();
    IF begin.epoch IS DISTINCT FROM _epoch THEN -- read before what it stands for: told too much, never too little
        SELECT json_build_object(
                   'maker', (SELECT f.maker FROM projection.family f WHERE f.key = _family),
                   'grants', ARRAY(SELECT g.feature FROM projection.feature g WHERE g.family = _family),
                   'denials', (SELECT json_object_agg(d.feature, json_build_array(d.since, d.until, d.keeps))
                                 FROM projection.denial d WHERE d.family = _family),
                   'tiers', ARRAY(SELECT DISTINCT substr(feature, 6)::integer FROM projection.feature
                                   WHERE feature >= 'tier:' AND feature < 'tier;' AND feature ~ '^tier:[0-9]{1,6}$'),
                   'cards', (SELECT json_object_agg(role, version)
                               FROM (SELECT role, max(version) AS version FROM projection.card GROUP BY role) AS newest),
                   'lanes', (SELECT json_agg(json_build_object('key', key, 'paused', paused,
                                                               'routing', settings ->> 'routing', 'wip', settings -> 'wip'))
                               FROM projection.lane),
                   'routes', (SELECT json_agg(json_build_object('id', id, 'parts', parts)) FROM projection.route))
          INTO _told;
    END IF;
    IF begin.wide THEN
        SELECT (SELECT row_to_json(b) FROM projection.board b WHERE b.holder = _agent),
               (SELECT json_agg(json_build_object('lane', b.lane, 'mine', b.holder = _agent))
                  FROM projection.board b
                 WHERE b.holder IS NOT NULL AND b.lease_expires_at <= _now)
          INTO _mine, _ran_out;
        _looked := begin.routes IS NOT NULL AND _told IS NULL AND _repeated IS NULL AND _ran_out IS NULL
                   AND (_mine IS NULL OR _task IS NOT NULL);
        IF _looked THEN
            _picked := verb.pick(begin.routes, begin.afters, _agent);
        END IF;
    END IF;
    RETURN json_build_object('now', _now, 'epoch', _epoch, 'credential', CASE WHEN _agent IS NOT NULL THEN _credential END,
                             'repeated', _repeated, 'task', _task, 'told', _told, 'mine', _mine, 'ran_out', _ran_out,
                             'looked', _looked, 'picked', _picked);
END
$_$;

ALTER FUNCTION verb.begin(token text, local text, command uuid, locked uuid, held boolean, wide boolean, epoch bigint, routes bigint[], afters bigint[]) OWNER TO ainarres_owner;

-- Name: judged(bigint, bigint); Type: FUNCTION; Schema: verb; Owner: ainarres_owner

CREATE FUNCTION verb.judged(after bigint, upto bigint) RETURNS TABLE("position" bigint, at timestamp with time zone, task uuid, family text, capability text, fault boolean, submission bigint)
    LANGUAGE sql STABLE
    AS $$
SELECT j.position, j.recorded_at, j.task, s.family, s.capability, false, s.position
  FROM ledger.event j
 CROSS JOIN LATERAL (
       SELECT m.position, m.type, m.family, m.capability FROM ledger.event m
        WHERE m.task = j.task AND m.position < j.position AND m.type IN ('TaskAdvanced', 'TaskRejected')
        ORDER BY m.position DESC LIMIT 1) AS s
 WHERE j.position > judged.after AND j.position <= judged.upto
   AND j.type = 'TaskAdvanced' AND s.type = 'TaskAdvanced' AND s.family IS NOT NULL AND s.capability IS NOT NULL
 UNION ALL
SELECT j.position, j.recorded_at, j.task, j.subject_family, j.body ->> 'producer_capability', true, s.position
  FROM ledger.event j
 CROSS JOIN LATERAL (
       SELECT m.position FROM ledger.event m
        WHERE m.task = j.task AND m.position < j.position AND m.type = 'TaskAdvanced'
          AND m.body ->> 'from_stage' = j.body ->> 'fault_stage'
        ORDER BY m.position DESC LIMIT 1) AS s
 WHERE j.position > judged.after AND j.position <= judged.upto
   AND j.type = 'TaskRejected' AND j.subject_family IS NOT NULL AND j.body ->> 'producer_capability' IS NOT NULL
$$;

ALTER FUNCTION verb.judged(after bigint, upto bigint) OWNER TO ainarres_owner;

-- Name: link(text, uuid, uuid[], uuid[]); Type: FUNCTION; Schema: verb; Owner: ainarres_owner

CREATE FUNCTION verb.link(act text, task uuid, prerequisites uuid[], waived uuid[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF link.act = 'finish' THEN
        WITH met AS (
            UPDATE projection.dependency d SET met = true
             WHERE d.prerequisite = link.task AND NOT d.met RETURNING d.task)
        UPDATE projection.board b SET waits = b.waits - 1 FROM met WHERE b.task = met.task;
        RETURN;
    ELSIF link.act = 'waive' THEN
        UPDATE projection.dependency d SET met = true
         WHERE d.task = link.task AND d.prerequisite = ANY (link.prerequisites);
    ELSE
        DELETE FROM projection.dependency d WHERE d.task = link.task;
        INSERT INTO projection.dependency (task, prerequisite, met)
        SELECT link.task, p.task, p.terminal OR p.task = ANY (link.waived)
          FROM projection.board p WHERE p.task = ANY (link.prerequisites);
    END IF;
    UPDATE projection.board b SET waits =
        (SELECT count(*) FROM projection.dependency d WHERE d.task = b.task AND NOT d.met)
     WHERE b.task = link.task;
END
$$;

ALTER FUNCTION verb.link(act text, task uuid, prerequisites uuid[], waived uuid[]) OWNER TO ainarres_owner;

-- Name: mark_low_water(bigint[], timestamp with time zone); Type: FUNCTION; Schema: verb; Owner: ainarres_owner

CREATE FUNCTION verb.mark_low_water(routes bigint[], moment timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF pg_try_advisory_xact_lock(1634299489, 0) THEN
        INSERT INTO verb.low_water AS w (route, rank, created_position, until)
        SELECT r.route, coalesce(h.rank, 32767), coalesce(h.created_position, 9223372036854775807),
               moment + interval '3 seconds'
          FROM unnest(mark_low_water.routes) AS r (route)
          LEFT JOIN LATERAL (
               SELECT -b.priority AS rank, b.created_position
                 FROM projection.board b
                WHERE b.ready AND b.route = r.route
                ORDER BY -b.priority, b.created_position
                LIMIT 1) AS h ON true
        ON CONFLICT (route) DO UPDATE
           SET rank = EXCLUDED.rank, created_position = EXCLUDED.created_position, until = EXCLUDED.until
         WHERE w.until <= moment;
    END IF;
END
$$;

ALTER FUNCTION verb.mark_low_water(routes bigint[], moment timestamp with time zone) OWNER TO ainarres_owner;

-- Name: pick(bigint[], bigint[], text); Type: FUNCTION; Schema: verb; Owner: ainarres_owner

CREATE FUNCTION verb.pick(routes bigint[], afters bigint[], agent text) RETURNS json
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    _index CONSTANT regclass := 'projection.board_route_expr_created_position_idx';
    _read bigint := pg_stat_get_xact_tuples_returned(_index);
    _now timestamptz := ledger.clock();
    _marked boolean := true;
    _depth integer := 1;
    _looked integer;
    _head uuid;
    _picked json;
BEGIN
    LOOP
        _looked := 0;
        FOR _head IN
            SELECT h.task
              FROM unnest(pick.routes, pick.afters) AS r (route, after)
              LEFT JOIN verb.low_water w ON _marked AND w.route = r.route AND w.until > _now
             CROSS JOIN LATERAL (
                   SELECT b.task, -b.priority AS rank, b.created_position
                     FROM projection.board b
                    WHERE b.ready
                      AND b.route = r.route
                      AND (-b.priority, b.created_position)
                          >= (coalesce(w.rank, (-32767)::smallint), coalesce(w.created_position, 0))
                      AND (r.after IS NULL OR b.entered_stage_at <= _now - r.after * interval '1 microsecond')
                      AND b.author_agent IS DISTINCT FROM pick.agent
                    ORDER BY -b.priority, b.created_position
                    LIMIT _depth) AS h
             ORDER BY h.rank, h.created_position
        LOOP
            _looked := _looked + 1;
            SELECT row_to_json(b)
              INTO _picked
              FROM projection.board b
             WHERE b.task = _head
               AND b.ready
               AND b.route = ANY (pick.routes)
               FOR UPDATE SKIP LOCKED;
            IF FOUND THEN
                IF pg_stat_get_xact_tuples_returned(_index) - _read > 1000 THEN
                    PERFORM verb.mark_low_water(pick.routes, _now);
                END IF;
                RETURN json_build_object('task', _picked, 'now', ledger.clock());
            END IF;
        END LOOP;
        IF _looked >= _depth THEN
            _depth := _depth * 8;
        ELSIF _marked AND EXISTS (SELECT FROM verb.low_water w WHERE w.route = ANY (pick.routes) AND w.until > _now)
        THEN
            _marked := false;
            _depth := 1;
        ELSE -- no route gave as many as it was asked for: there is nothing further down
            RETURN NULL;
        END IF;
    END LOOP;
END
$$;

ALTER FUNCTION verb.pick(routes bigint[], afters bigint[], agent text) OWNER TO ainarres_owner;

-- Name: renew(); Type: FUNCTION; Schema: verb; Owner: ainarres_owner

CREATE FUNCTION verb.renew() RETURNS void
    LANGUAGE sql
    AS $$UPDATE verb.epoch SET number = number + 1$$;

ALTER FUNCTION verb.renew() OWNER TO ainarres_owner;

-- Name: ring(text[]); Type: FUNCTION; Schema: verb; Owner: ainarres_owner

CREATE FUNCTION verb.ring(lanes text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF pg_try_advisory_lock(1634299500, 0) THEN
        PERFORM pg_advisory_unlock(1634299500, 0);
    ELSE
        PERFORM pg_notify('ainarres', lane) FROM unnest(ring.lanes) AS lane;
    END IF;
END
$$;

ALTER FUNCTION verb.ring(lanes text[]) OWNER TO ainarres_owner;

-- Name: write(jsonb, jsonb, jsonb, jsonb, jsonb, jsonb, boolean); Type: FUNCTION; Schema: verb; Owner: ainarres_owner

CREATE FUNCTION verb.write(events jsonb, routes jsonb, born jsonb, moved jsonb, renewed jsonb, edges jsonb, judged boolean) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    _first bigint := ledger.append(write.events);
    _interned boolean := false;
    _row jsonb;
    _edge record;
BEGIN
    IF write.routes IS NOT NULL THEN
        -- the id is a hash of the parts, so whoever comes second writes nothing
        INSERT INTO projection.route (id, parts)
        SELECT r.id, r.parts FROM jsonb_to_recordset(write.routes) AS r (id bigint, parts jsonb) ORDER BY r.id
        ON CONFLICT (id) DO NOTHING;
        _interned := FOUND;
    END IF;
    IF write.born IS NOT NULL THEN
        INSERT INTO projection.board (
            task, project, lane, workflow, workflow_version, stage, terminal, title, payload, priority, requires, skills,
            depends_on, waived, epic, template, attempts, infra_releases, rework, tiers, blocked, blocked_reason,
            cancelled, review_waived, authors, artifacts, delivered, approved, holder, holder_family, holder_maker,
            holder_capability, fence, attempt, renewals, claimed_at, lease_expires_at, created_by, created_by_family,
            created_at, updated_at, entered_stage_at, version, correlation, route, author_agent, waits,
            created_position, updated_position)
        SELECT
            b.task, b.project, b.lane, b.workflow, b.workflow_version, b.stage, b.terminal, b.title, b.payload, b.priority,
            b.requires, b.skills, b.depends_on, b.waived, b.epic, b.template, b.attempts, b.infra_releases, b.rework,
            b.tiers, b.blocked, b.blocked_reason, b.cancelled, b.review_waived, b.authors, b.artifacts, b.delivered,
            b.approved, b.holder, b.holder_family, b.holder_maker, b.holder_capability, b.fence, b.attempt, b.renewals,
            b.claimed_at, b.lease_expires_at, b.created_by, b.created_by_family, b.created_at, b.updated_at,
            b.entered_stage_at, b.version, b.correlation, b.route, b.author_agent, 0,
            _first + (r.parts ->> 'first_place')::bigint, _first + (r.parts ->> 'place')::bigint
          FROM jsonb_array_elements(write.born) AS r (parts)
         CROSS JOIN LATERAL jsonb_populate_record(NULL::projection.board, r.parts) AS b;
    END IF;
    IF write.moved IS NOT NULL THEN -- one after the other: what one lets go of another may take
        FOR _place IN 0 .. jsonb_array_length(write.moved) - 1 LOOP
            _row := write.moved -> _place;
            UPDATE projection.board AS t SET (
                workflow, workflow_version, stage, terminal, title, payload, priority, depends_on, waived, attempts,
                infra_releases, rework, tiers, blocked, blocked_reason, cancelled, review_waived, authors, artifacts,
                delivered, approved, holder, holder_family, holder_maker, holder_capability, fence, attempt, renewals,
                claimed_at, lease_expires_at, updated_at, entered_stage_at, version, route, author_agent, updated_position) = (
                SELECT
                    b.workflow, b.workflow_version, b.stage, b.terminal, b.title, b.payload, b.priority, b.depends_on,
                    b.waived, b.attempts, b.infra_releases, b.rework, b.tiers, b.blocked, b.blocked_reason, b.cancelled,
                    b.review_waived, b.authors, b.artifacts, b.delivered, b.approved, b.holder, b.holder_family,
                    b.holder_maker, b.holder_capability, b.fence, b.attempt, b.renewals, b.claimed_at, b.lease_expires_at,
                    b.updated_at, b.entered_stage_at, b.version, b.route, b.author_agent,
                    _first + (_row ->> 'place')::bigint
                  FROM jsonb_populate_record(t, _row) AS b)
             WHERE t.task = (_row ->> 'task')::uuid;
        END LOOP;
    END IF;
    IF write.renewed IS NOT NULL THEN
        UPDATE projection.board AS t SET lease_expires_at = b.lease_expires_at, renewals = b.renewals
          FROM jsonb_to_recordset(write.renewed) AS b (task uuid, lease_expires_at timestamptz, renewals bigint)
         WHERE t.task = b.task;
    END IF;
    IF write.edges IS NOT NULL THEN
        FOR _edge IN
            SELECT * FROM jsonb_to_recordset(write.edges) AS e (act text, task uuid, prerequisites uuid[], waived uuid[])
        LOOP
            PERFORM verb.link(_edge.act, _edge.task, _edge.prerequisites, _edge.waived);
        END LOOP;
    END IF;
    IF write.judged THEN
        INSERT INTO projection.evidence (position, at, task, family, capability, workflow, fault, submission)
        SELECT j.position, j.at, j.task, j.family, j.capability, b.workflow, j.fault, j.submission
          FROM verb.judged(_first - 1, _first + jsonb_array_length(write.events) - 1) AS j
          JOIN projection.board b USING (task);
    END IF;
    IF _interned THEN -- last: whoever else does so waits from here to the commit
        PERFORM verb.renew();
    END IF;
    RETURN _first;
END
$$;

ALTER FUNCTION verb.write(events jsonb, routes jsonb, born jsonb, moved jsonb, renewed jsonb, edges jsonb, judged boolean) OWNER TO ainarres_owner;

-- Name: event; Type: TABLE; Schema: ledger; Owner: ainarres_owner

CREATE TABLE ledger.event (
    "position" bigint NOT NULL,
    stream text NOT NULL,
    version bigint NOT NULL,
    type text NOT NULL,
    schema smallint NOT NULL,
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
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT event_body_or_raw CHECK ((num_nonnulls(body, raw) = 1)),
    CONSTRAINT event_schema_check CHECK ((schema >= 1)),
    CONSTRAINT event_version_check CHECK ((version >= 0))
);

ALTER TABLE ledger.event OWNER TO ainarres_owner;

-- Name: TABLE event; Type: COMMENT; Schema: ledger; Owner: ainarres_owner

COMMENT ON TABLE ledger.event IS 'Every state change, in order; nothing is ever changed or taken away.';

-- Name: COLUMN event."position"; Type: COMMENT; Schema: ledger; Owner: ainarres_owner

COMMENT ON COLUMN ledger.event."position" IS 'Place in the ledger; gaps mean nothing.';

-- Name: COLUMN event.version; Type: COMMENT; Schema: ledger; Owner: ainarres_owner

COMMENT ON COLUMN ledger.event.version IS 'Place in the stream; with it the optimistic lock.';

-- Name: COLUMN event.schema; Type: COMMENT; Schema: ledger; Owner: ainarres_owner

COMMENT ON COLUMN ledger.event.schema IS 'Version of the body; older ones are lifted when they are read.';

-- Name: COLUMN event.raw; Type: COMMENT; Schema: ledger; Owner: ainarres_owner

COMMENT ON COLUMN ledger.event.raw IS 'What is not a JSON object; then body is null.';

-- Name: COLUMN event.actor; Type: COMMENT; Schema: ledger; Owner: ainarres_owner

COMMENT ON COLUMN ledger.event.actor IS 'Who appended it; family, capability and credential are of the actor.';

-- Name: COLUMN event.subject_agent; Type: COMMENT; Schema: ledger; Owner: ainarres_owner

COMMENT ON COLUMN ledger.event.subject_agent IS 'Who is credited or charged.';

-- Name: COLUMN event.command; Type: COMMENT; Schema: ledger; Owner: ainarres_owner

COMMENT ON COLUMN ledger.event.command IS 'Idempotency key of the command it answers.';

-- Name: COLUMN event.request; Type: COMMENT; Schema: ledger; Owner: ainarres_owner

COMMENT ON COLUMN ledger.event.request IS 'SHA-256, in hexadecimal, of the request that command names.';

-- Name: COLUMN event.causation; Type: COMMENT; Schema: ledger; Owner: ainarres_owner

COMMENT ON COLUMN ledger.event.causation IS 'Position of the event that caused it.';

-- Name: COLUMN event.correlation; Type: COMMENT; Schema: ledger; Owner: ainarres_owner

COMMENT ON COLUMN ledger.event.correlation IS 'The brief from which it descends.';

-- Name: position; Type: SEQUENCE; Schema: ledger; Owner: ainarres_owner

CREATE SEQUENCE ledger."position"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    MAXVALUE 281474976710655
    CACHE 1;

ALTER SEQUENCE ledger."position" OWNER TO ainarres_owner;

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

-- Name: agent; Type: TABLE; Schema: projection; Owner: ainarres_owner

CREATE TABLE projection.agent (
    agent text NOT NULL,
    version bigint NOT NULL,
    last_refusals jsonb NOT NULL,
    last_empty_at timestamp with time zone
);

ALTER TABLE projection.agent OWNER TO ainarres_owner;

-- Name: board; Type: TABLE; Schema: projection; Owner: ainarres_owner

CREATE TABLE projection.board (
    task uuid NOT NULL,
    project text NOT NULL,
    lane text NOT NULL,
    workflow text NOT NULL,
    workflow_version integer NOT NULL,
    stage text NOT NULL,
    terminal boolean NOT NULL,
    title text NOT NULL,
    payload jsonb NOT NULL,
    priority smallint NOT NULL,
    requires text[] NOT NULL,
    skills text[] NOT NULL,
    depends_on uuid[] NOT NULL,
    waived uuid[] NOT NULL,
    epic text,
    template text,
    attempts integer NOT NULL,
    infra_releases integer NOT NULL,
    rework integer NOT NULL,
    tiers jsonb NOT NULL,
    blocked boolean NOT NULL,
    blocked_reason text,
    cancelled boolean NOT NULL,
    review_waived boolean NOT NULL,
    authors jsonb NOT NULL,
    artifacts jsonb NOT NULL,
    delivered text,
    approved text,
    holder text,
    holder_family text,
    holder_maker text,
    holder_capability text,
    fence bigint,
    attempt integer,
    renewals bigint,
    claimed_at timestamp with time zone,
    lease_expires_at timestamp with time zone,
    created_by text,
    created_by_family text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    entered_stage_at timestamp with time zone NOT NULL,
    version bigint NOT NULL,
    correlation uuid,
    route bigint NOT NULL,
    author_agent text,
    waits integer NOT NULL,
    created_position bigint NOT NULL,
    updated_position bigint NOT NULL,
    ready boolean GENERATED ALWAYS AS (((NOT blocked) AND (NOT cancelled) AND (NOT terminal) AND (waits = 0) AND (holder IS NULL))) STORED NOT NULL
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='500', autovacuum_vacuum_cost_delay='0');

ALTER TABLE projection.board OWNER TO ainarres_owner;

-- Name: card; Type: TABLE; Schema: projection; Owner: ainarres_owner

CREATE TABLE projection.card (
    role text NOT NULL,
    version integer NOT NULL,
    digest text NOT NULL,
    body text NOT NULL,
    adopted_at timestamp with time zone NOT NULL
);

ALTER TABLE projection.card OWNER TO ainarres_owner;

-- Name: credential; Type: TABLE; Schema: projection; Owner: ainarres_owner

CREATE TABLE projection.credential (
    id text NOT NULL,
    agent text NOT NULL,
    family text,
    scope text NOT NULL,
    narrowing text[],
    token_sha256 text NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    version bigint NOT NULL
);

ALTER TABLE projection.credential OWNER TO ainarres_owner;

-- Name: denial; Type: TABLE; Schema: projection; Owner: ainarres_owner

CREATE TABLE projection.denial (
    family text NOT NULL,
    feature text NOT NULL,
    reason text NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone,
    keeps boolean DEFAULT true NOT NULL
);

ALTER TABLE projection.denial OWNER TO ainarres_owner;

-- Name: dependency; Type: TABLE; Schema: projection; Owner: ainarres_owner

CREATE TABLE projection.dependency (
    task uuid NOT NULL,
    prerequisite uuid NOT NULL,
    met boolean NOT NULL
);

ALTER TABLE projection.dependency OWNER TO ainarres_owner;

-- Name: evidence; Type: TABLE; Schema: projection; Owner: ainarres_owner

CREATE TABLE projection.evidence (
    "position" bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    task uuid NOT NULL,
    family text NOT NULL,
    capability text NOT NULL,
    workflow text NOT NULL,
    fault boolean NOT NULL,
    submission bigint NOT NULL
);

ALTER TABLE projection.evidence OWNER TO ainarres_owner;

-- Name: family; Type: TABLE; Schema: projection; Owner: ainarres_owner

CREATE TABLE projection.family (
    key text NOT NULL,
    label text NOT NULL,
    maker text NOT NULL,
    cost_class integer NOT NULL,
    skills text[] NOT NULL,
    description text NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE projection.family OWNER TO ainarres_owner;

-- Name: feature; Type: TABLE; Schema: projection; Owner: ainarres_owner

CREATE TABLE projection.feature (
    family text NOT NULL,
    feature text NOT NULL,
    granted_at timestamp with time zone NOT NULL
);

ALTER TABLE projection.feature OWNER TO ainarres_owner;

-- Name: flag; Type: TABLE; Schema: projection; Owner: ainarres_owner

CREATE TABLE projection.flag (
    id uuid NOT NULL,
    kind text NOT NULL,
    severity text NOT NULL,
    gap text NOT NULL,
    family text,
    capability text,
    task uuid,
    policy text,
    incident text,
    raised_by text,
    raised_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    resolved_by text,
    resolution text
);

ALTER TABLE projection.flag OWNER TO ainarres_owner;

-- Name: lane; Type: TABLE; Schema: projection; Owner: ainarres_owner

CREATE TABLE projection.lane (
    key text NOT NULL,
    project text NOT NULL,
    title text NOT NULL,
    workflow text NOT NULL,
    settings jsonb NOT NULL,
    paused boolean NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE projection.lane OWNER TO ainarres_owner;

-- Name: ledger; Type: TABLE; Schema: projection; Owner: ainarres_owner

CREATE TABLE projection.ledger (
    id uuid NOT NULL,
    opened_at timestamp with time zone NOT NULL
);

ALTER TABLE projection.ledger OWNER TO ainarres_owner;

-- Name: policy; Type: TABLE; Schema: projection; Owner: ainarres_owner

CREATE TABLE projection.policy (
    key text NOT NULL,
    version integer NOT NULL,
    digest text NOT NULL,
    definition jsonb NOT NULL,
    slot text NOT NULL,
    after bigint NOT NULL,
    adopted_at timestamp with time zone NOT NULL,
    broken text
);

ALTER TABLE projection.policy OWNER TO ainarres_owner;

-- Name: project; Type: TABLE; Schema: projection; Owner: ainarres_owner

CREATE TABLE projection.project (
    key text NOT NULL,
    title text NOT NULL,
    repository text,
    digest text NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE projection.project OWNER TO ainarres_owner;

-- Name: route; Type: TABLE; Schema: projection; Owner: ainarres_owner

CREATE TABLE projection.route (
    id bigint NOT NULL,
    parts jsonb NOT NULL
);

ALTER TABLE projection.route OWNER TO ainarres_owner;

-- Name: suspension; Type: TABLE; Schema: projection; Owner: ainarres_owner

CREATE TABLE projection.suspension (
    family text NOT NULL,
    version bigint NOT NULL,
    feature text NOT NULL,
    n integer NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    policy text,
    policy_version integer,
    cause bigint[] NOT NULL,
    after bigint NOT NULL,
    reason text NOT NULL,
    suspended_by text,
    lifted_at timestamp with time zone,
    restored_at timestamp with time zone
);

ALTER TABLE projection.suspension OWNER TO ainarres_owner;

-- Name: workflow; Type: TABLE; Schema: projection; Owner: ainarres_owner

CREATE TABLE projection.workflow (
    key text NOT NULL,
    version integer NOT NULL,
    digest text NOT NULL,
    definition jsonb NOT NULL,
    adopted_at timestamp with time zone NOT NULL
);

ALTER TABLE projection.workflow OWNER TO ainarres_owner;

-- Name: act; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.act (
    "position" bigint NOT NULL,
    actor text NOT NULL,
    type text NOT NULL,
    task uuid,
    subject text NOT NULL,
    reason text,
    at timestamp with time zone NOT NULL,
    instructed_position bigint,
    instruction text,
    instructed_by text
);

ALTER TABLE statistics.act OWNER TO ainarres_owner;

-- Name: activity; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.activity (
    bucket bigint NOT NULL,
    lane text NOT NULL,
    epic text NOT NULL,
    family text NOT NULL,
    events bigint NOT NULL
);

ALTER TABLE statistics.activity OWNER TO ainarres_owner;

-- Name: attempt; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.attempt (
    "position" bigint NOT NULL,
    task uuid NOT NULL,
    lane text NOT NULL,
    epic text,
    seat bigint NOT NULL,
    workflow text NOT NULL,
    stage text NOT NULL,
    agent text,
    family text,
    capability text,
    outcome text NOT NULL,
    fault_stage text,
    producer_family text,
    producer_capability text,
    first_delivery boolean NOT NULL,
    bounced_position bigint,
    hold_seconds double precision,
    cycle_seconds double precision,
    ended_at timestamp with time zone NOT NULL
);

ALTER TABLE statistics.attempt OWNER TO ainarres_owner;

-- Name: contact; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.contact (
    family text NOT NULL,
    "position" bigint NOT NULL,
    at timestamp with time zone NOT NULL
);

ALTER TABLE statistics.contact OWNER TO ainarres_owner;

-- Name: decision; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.decision (
    "position" bigint NOT NULL,
    task uuid NOT NULL,
    lane text NOT NULL,
    epic text,
    workflow text NOT NULL,
    stage text NOT NULL,
    approved boolean NOT NULL,
    reviewer text,
    reviewer_family text,
    reviewer_maker text,
    author text,
    author_family text,
    author_maker text,
    author_stage text NOT NULL,
    author_position bigint NOT NULL,
    digest text,
    review_seconds double precision,
    floor_seconds double precision,
    escaped_position bigint,
    overturned_position bigint,
    decided_at timestamp with time zone NOT NULL
);

ALTER TABLE statistics.decision OWNER TO ainarres_owner;

-- Name: epic_task; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.epic_task (
    task uuid NOT NULL,
    "position" bigint NOT NULL,
    epic text NOT NULL,
    lane text NOT NULL,
    finished_position bigint,
    cancelled_position bigint
);

ALTER TABLE statistics.epic_task OWNER TO ainarres_owner;

-- Name: floor; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.floor (
    "position" bigint NOT NULL,
    lane text NOT NULL,
    seconds double precision
);

ALTER TABLE statistics.floor OWNER TO ainarres_owner;

-- Name: hand; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.hand (
    workflow text NOT NULL,
    workflow_version integer NOT NULL,
    implemented text,
    reviewed text,
    integrated text
);

ALTER TABLE statistics.hand OWNER TO ainarres_owner;

-- Name: incident; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.incident (
    "position" bigint NOT NULL,
    task uuid NOT NULL,
    lane text NOT NULL,
    epic text,
    kind text NOT NULL,
    stage text,
    family text,
    reason text,
    tier integer,
    at timestamp with time zone NOT NULL
);

ALTER TABLE statistics.incident OWNER TO ainarres_owner;

-- Name: judges; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.judges (
    workflow text NOT NULL,
    workflow_version integer NOT NULL,
    stage text NOT NULL,
    author_stage text NOT NULL
);

ALTER TABLE statistics.judges OWNER TO ainarres_owner;

-- Name: migration; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.migration (
    "position" bigint NOT NULL,
    task uuid NOT NULL,
    workflow text NOT NULL,
    workflow_version integer NOT NULL
);

ALTER TABLE statistics.migration OWNER TO ainarres_owner;

-- Name: pin; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.pin (
    "position" bigint NOT NULL,
    task uuid NOT NULL,
    workflow text NOT NULL,
    workflow_version integer NOT NULL
);

ALTER TABLE statistics.pin OWNER TO ainarres_owner;

-- Name: poll; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.poll (
    "position" bigint NOT NULL,
    agent text,
    family text,
    lane text,
    polls bigint NOT NULL,
    at timestamp with time zone NOT NULL
);

ALTER TABLE statistics.poll OWNER TO ainarres_owner;

-- Name: shipped; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.shipped (
    "position" bigint NOT NULL,
    task uuid NOT NULL,
    lane text NOT NULL,
    epic text,
    title text NOT NULL,
    pr text,
    implemented text,
    reviewed text,
    integrated text,
    shipped_at timestamp with time zone NOT NULL
);

ALTER TABLE statistics.shipped OWNER TO ainarres_owner;

-- Name: task; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.task (
    task uuid NOT NULL,
    "position" bigint NOT NULL,
    lane text NOT NULL,
    epic text,
    workflow text NOT NULL,
    workflow_version integer NOT NULL,
    title text NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE statistics.task OWNER TO ainarres_owner;

-- Name: tracking; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.tracking (
    application_name text NOT NULL,
    notification_id bigint
)
WITH (autovacuum_enabled='true', autovacuum_vacuum_threshold='100000000', autovacuum_vacuum_scale_factor='0.5', autovacuum_analyze_threshold='1000', autovacuum_analyze_scale_factor='0.01');

ALTER TABLE statistics.tracking OWNER TO ainarres_owner;

-- Name: usage; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.usage (
    "position" bigint NOT NULL,
    transition bigint,
    task uuid,
    lane text,
    epic text,
    workflow text,
    stage text,
    capability text,
    agent text,
    family text,
    model text,
    input_tokens bigint,
    output_tokens bigint,
    cache_read_tokens bigint,
    cache_creation_tokens bigint,
    measures boolean NOT NULL,
    at timestamp with time zone NOT NULL
);

ALTER TABLE statistics.usage OWNER TO ainarres_owner;

-- Name: version; Type: TABLE; Schema: statistics; Owner: ainarres_owner

CREATE TABLE statistics.version (
    projection text NOT NULL,
    version integer NOT NULL
);

ALTER TABLE statistics.version OWNER TO ainarres_owner;

-- Name: epoch; Type: TABLE; Schema: verb; Owner: ainarres_owner

CREATE TABLE verb.epoch (
    number bigint NOT NULL
);

ALTER TABLE verb.epoch OWNER TO ainarres_owner;

-- Name: low_water; Type: TABLE; Schema: verb; Owner: ainarres_owner

CREATE UNLOGGED TABLE verb.low_water (
    route bigint NOT NULL,
    rank smallint NOT NULL,
    created_position bigint NOT NULL,
    until timestamp with time zone NOT NULL
);

ALTER TABLE verb.low_water OWNER TO ainarres_owner;

-- Name: event event_pkey; Type: CONSTRAINT; Schema: ledger; Owner: ainarres_owner

ALTER TABLE ONLY ledger.event
    ADD CONSTRAINT event_pkey PRIMARY KEY ("position");

-- Name: event event_stream_version; Type: CONSTRAINT; Schema: ledger; Owner: ainarres_owner

ALTER TABLE ONLY ledger.event
    ADD CONSTRAINT event_stream_version UNIQUE (stream, version);

-- Name: migration migration_pkey; Type: CONSTRAINT; Schema: ledger_meta; Owner: ainarres_owner

ALTER TABLE ONLY ledger_meta.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

-- Name: agent agent_pkey; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.agent
    ADD CONSTRAINT agent_pkey PRIMARY KEY (agent);

-- Name: board board_pkey; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.board
    ADD CONSTRAINT board_pkey PRIMARY KEY (task);

-- Name: card card_pkey; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.card
    ADD CONSTRAINT card_pkey PRIMARY KEY (role, version);

-- Name: credential credential_pkey; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.credential
    ADD CONSTRAINT credential_pkey PRIMARY KEY (id);

-- Name: credential credential_token_sha256_key; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.credential
    ADD CONSTRAINT credential_token_sha256_key UNIQUE (token_sha256);

-- Name: denial denial_pkey; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.denial
    ADD CONSTRAINT denial_pkey PRIMARY KEY (family, feature);

-- Name: dependency dependency_pkey; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.dependency
    ADD CONSTRAINT dependency_pkey PRIMARY KEY (task, prerequisite);

-- Name: evidence evidence_pkey; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.evidence
    ADD CONSTRAINT evidence_pkey PRIMARY KEY ("position");

-- Name: family family_pkey; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.family
    ADD CONSTRAINT family_pkey PRIMARY KEY (key);

-- Name: feature feature_pkey; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.feature
    ADD CONSTRAINT feature_pkey PRIMARY KEY (family, feature);

-- Name: flag flag_pkey; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.flag
    ADD CONSTRAINT flag_pkey PRIMARY KEY (id);

-- Name: lane lane_pkey; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.lane
    ADD CONSTRAINT lane_pkey PRIMARY KEY (key);

-- Name: ledger ledger_pkey; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.ledger
    ADD CONSTRAINT ledger_pkey PRIMARY KEY (id);

-- Name: policy policy_pkey; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.policy
    ADD CONSTRAINT policy_pkey PRIMARY KEY (key, version);

-- Name: project project_pkey; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.project
    ADD CONSTRAINT project_pkey PRIMARY KEY (key);

-- Name: route route_pkey; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.route
    ADD CONSTRAINT route_pkey PRIMARY KEY (id);

-- Name: suspension suspension_pkey; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.suspension
    ADD CONSTRAINT suspension_pkey PRIMARY KEY (family, version);

-- Name: workflow workflow_pkey; Type: CONSTRAINT; Schema: projection; Owner: ainarres_owner

ALTER TABLE ONLY projection.workflow
    ADD CONSTRAINT workflow_pkey PRIMARY KEY (key, version);

-- Name: act act_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.act
    ADD CONSTRAINT act_pkey PRIMARY KEY ("position");

-- Name: activity activity_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.activity
    ADD CONSTRAINT activity_pkey PRIMARY KEY (bucket, lane, epic, family);

-- Name: attempt attempt_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY ("position");

-- Name: contact contact_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.contact
    ADD CONSTRAINT contact_pkey PRIMARY KEY (family);

-- Name: decision decision_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.decision
    ADD CONSTRAINT decision_pkey PRIMARY KEY ("position");

-- Name: epic_task epic_task_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.epic_task
    ADD CONSTRAINT epic_task_pkey PRIMARY KEY (task);

-- Name: floor floor_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.floor
    ADD CONSTRAINT floor_pkey PRIMARY KEY ("position");

-- Name: hand hand_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.hand
    ADD CONSTRAINT hand_pkey PRIMARY KEY (workflow, workflow_version);

-- Name: incident incident_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.incident
    ADD CONSTRAINT incident_pkey PRIMARY KEY ("position");

-- Name: judges judges_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.judges
    ADD CONSTRAINT judges_pkey PRIMARY KEY (workflow, workflow_version, stage);

-- Name: migration migration_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY ("position");

-- Name: pin pin_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.pin
    ADD CONSTRAINT pin_pkey PRIMARY KEY ("position");

-- Name: poll poll_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.poll
    ADD CONSTRAINT poll_pkey PRIMARY KEY ("position");

-- Name: shipped shipped_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.shipped
    ADD CONSTRAINT shipped_pkey PRIMARY KEY ("position");

-- Name: task task_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.task
    ADD CONSTRAINT task_pkey PRIMARY KEY (task);

-- Name: tracking tracking_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.tracking
    ADD CONSTRAINT tracking_pkey PRIMARY KEY (application_name);

-- Name: usage usage_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.usage
    ADD CONSTRAINT usage_pkey PRIMARY KEY ("position");

-- Name: version version_pkey; Type: CONSTRAINT; Schema: statistics; Owner: ainarres_owner

ALTER TABLE ONLY statistics.version
    ADD CONSTRAINT version_pkey PRIMARY KEY (projection);

-- Name: low_water low_water_pkey; Type: CONSTRAINT; Schema: verb; Owner: ainarres_owner

ALTER TABLE ONLY verb.low_water
    ADD CONSTRAINT low_water_pkey PRIMARY KEY (route);

-- Name: event_command; Type: INDEX; Schema: ledger; Owner: ainarres_owner

CREATE INDEX event_command ON ledger.event USING btree (command) WHERE (command IS NOT NULL);

-- Name: event_task; Type: INDEX; Schema: ledger; Owner: ainarres_owner

CREATE INDEX event_task ON ledger.event USING btree (task, "position") WHERE (task IS NOT NULL);

-- Name: board_holder_idx; Type: INDEX; Schema: projection; Owner: ainarres_owner

CREATE UNIQUE INDEX board_holder_idx ON projection.board USING btree (holder) WHERE (holder IS NOT NULL);

-- Name: board_lane_idx; Type: INDEX; Schema: projection; Owner: ainarres_owner

CREATE INDEX board_lane_idx ON projection.board USING btree (lane) WHERE (blocked AND (NOT cancelled));

-- Name: board_lane_idx1; Type: INDEX; Schema: projection; Owner: ainarres_owner

CREATE INDEX board_lane_idx1 ON projection.board USING btree (lane) WHERE ((waits > 0) AND (NOT blocked) AND (NOT cancelled));

-- Name: board_lease_expires_at_idx; Type: INDEX; Schema: projection; Owner: ainarres_owner

CREATE INDEX board_lease_expires_at_idx ON projection.board USING btree (lease_expires_at) WHERE (holder IS NOT NULL);

-- Name: board_route_expr_created_position_idx; Type: INDEX; Schema: projection; Owner: ainarres_owner

CREATE INDEX board_route_expr_created_position_idx ON projection.board USING btree (route, ((- priority)), created_position) WHERE ready;

-- Name: dependency_prerequisite_idx; Type: INDEX; Schema: projection; Owner: ainarres_owner

CREATE INDEX dependency_prerequisite_idx ON projection.dependency USING btree (prerequisite);

-- Name: evidence_family_capability_position_idx; Type: INDEX; Schema: projection; Owner: ainarres_owner

CREATE INDEX evidence_family_capability_position_idx ON projection.evidence USING btree (family, capability, "position");

-- Name: feature_feature_idx; Type: INDEX; Schema: projection; Owner: ainarres_owner

CREATE INDEX feature_feature_idx ON projection.feature USING btree (feature);

-- Name: flag_policy_incident_idx; Type: INDEX; Schema: projection; Owner: ainarres_owner

CREATE UNIQUE INDEX flag_policy_incident_idx ON projection.flag USING btree (policy, incident);

-- Name: flag_raised_at_idx; Type: INDEX; Schema: projection; Owner: ainarres_owner

CREATE INDEX flag_raised_at_idx ON projection.flag USING btree (raised_at) WHERE (resolved_at IS NULL);

-- Name: suspension_family_feature_idx; Type: INDEX; Schema: projection; Owner: ainarres_owner

CREATE INDEX suspension_family_feature_idx ON projection.suspension USING btree (family, feature);

-- Name: attempt_seat_cycle_seconds_position_lane_epic_idx; Type: INDEX; Schema: statistics; Owner: ainarres_owner

CREATE INDEX attempt_seat_cycle_seconds_position_lane_epic_idx ON statistics.attempt USING btree (seat, cycle_seconds) INCLUDE ("position", lane, epic) WHERE (cycle_seconds IS NOT NULL);

-- Name: attempt_seat_hold_seconds_position_lane_epic_idx; Type: INDEX; Schema: statistics; Owner: ainarres_owner

CREATE INDEX attempt_seat_hold_seconds_position_lane_epic_idx ON statistics.attempt USING btree (seat, hold_seconds) INCLUDE ("position", lane, epic);

-- Name: attempt_task_stage_idx; Type: INDEX; Schema: statistics; Owner: ainarres_owner

CREATE INDEX attempt_task_stage_idx ON statistics.attempt USING btree (task, stage) WHERE first_delivery;

-- Name: attempt_workflow_stage_cycle_seconds_position_lane_epic_idx; Type: INDEX; Schema: statistics; Owner: ainarres_owner

CREATE INDEX attempt_workflow_stage_cycle_seconds_position_lane_epic_idx ON statistics.attempt USING btree (workflow, stage, cycle_seconds) INCLUDE ("position", lane, epic) WHERE (cycle_seconds IS NOT NULL);

-- Name: decision_author_position_idx; Type: INDEX; Schema: statistics; Owner: ainarres_owner

CREATE INDEX decision_author_position_idx ON statistics.decision USING btree (author_position);

-- Name: decision_task_position_idx; Type: INDEX; Schema: statistics; Owner: ainarres_owner

CREATE INDEX decision_task_position_idx ON statistics.decision USING btree (task, "position") WHERE (NOT approved);

-- Name: epic_task_epic_idx; Type: INDEX; Schema: statistics; Owner: ainarres_owner

CREATE INDEX epic_task_epic_idx ON statistics.epic_task USING btree (epic);

-- Name: floor_lane_position_idx; Type: INDEX; Schema: statistics; Owner: ainarres_owner

CREATE INDEX floor_lane_position_idx ON statistics.floor USING btree (lane, "position");

-- Name: incident_kind_position_idx; Type: INDEX; Schema: statistics; Owner: ainarres_owner

CREATE INDEX incident_kind_position_idx ON statistics.incident USING btree (kind, "position");

-- Name: incident_task_position_idx; Type: INDEX; Schema: statistics; Owner: ainarres_owner

CREATE INDEX incident_task_position_idx ON statistics.incident USING btree (task, "position");

-- Name: migration_task_position_idx; Type: INDEX; Schema: statistics; Owner: ainarres_owner

CREATE INDEX migration_task_position_idx ON statistics.migration USING btree (task, "position");

-- Name: pin_task_position_idx; Type: INDEX; Schema: statistics; Owner: ainarres_owner

CREATE INDEX pin_task_position_idx ON statistics.pin USING btree (task, "position");

-- Name: task_position_idx; Type: INDEX; Schema: statistics; Owner: ainarres_owner

CREATE INDEX task_position_idx ON statistics.task USING btree ("position");

-- Name: event append_only; Type: TRIGGER; Schema: ledger; Owner: ainarres_owner

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.event FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

ALTER TABLE ledger.event ENABLE ALWAYS TRIGGER append_only;

-- Name: SCHEMA ledger; Type: ACL; Schema: -; Owner: ainarres_owner

GRANT USAGE ON SCHEMA ledger TO ainarres_app;
GRANT USAGE ON SCHEMA ledger TO ainarres_reader;

-- Name: SCHEMA ledger_meta; Type: ACL; Schema: -; Owner: ainarres_owner

GRANT USAGE ON SCHEMA ledger_meta TO ainarres_app;
GRANT USAGE ON SCHEMA ledger_meta TO ainarres_reader;

-- Name: SCHEMA projection; Type: ACL; Schema: -; Owner: ainarres_owner

GRANT USAGE ON SCHEMA projection TO ainarres_app;
GRANT USAGE ON SCHEMA projection TO ainarres_reader;

-- Name: SCHEMA statistics; Type: ACL; Schema: -; Owner: ainarres_owner

GRANT USAGE ON SCHEMA statistics TO ainarres_app;
GRANT USAGE ON SCHEMA statistics TO ainarres_reader;

-- Name: SCHEMA verb; Type: ACL; Schema: -; Owner: ainarres_owner

GRANT USAGE ON SCHEMA verb TO ainarres_app;

-- Name: FUNCTION append(events jsonb); Type: ACL; Schema: ledger; Owner: ainarres_owner

REVOKE ALL ON FUNCTION ledger.append(events jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.append(events jsonb) TO ainarres_app;

-- Name: FUNCTION clock(); Type: ACL; Schema: ledger; Owner: ainarres_owner

REVOKE ALL ON FUNCTION ledger.clock() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.clock() TO ainarres_app;
GRANT ALL ON FUNCTION ledger.clock() TO ainarres_reader;

-- Name: FUNCTION horizon(); Type: ACL; Schema: ledger; Owner: ainarres_owner

REVOKE ALL ON FUNCTION ledger.horizon() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.horizon() TO ainarres_app;
GRANT ALL ON FUNCTION ledger.horizon() TO ainarres_reader;

-- Name: FUNCTION refuse_change(); Type: ACL; Schema: ledger; Owner: ainarres_owner

REVOKE ALL ON FUNCTION ledger.refuse_change() FROM PUBLIC;

-- Name: FUNCTION take_positions(n integer); Type: ACL; Schema: ledger; Owner: ainarres_owner

REVOKE ALL ON FUNCTION ledger.take_positions(n integer) FROM PUBLIC;

-- Name: FUNCTION begin(token text, local text, command uuid, locked uuid, held boolean, wide boolean, epoch bigint, routes bigint[], afters bigint[]); Type: ACL; Schema: verb; Owner: ainarres_owner

REVOKE ALL ON FUNCTION verb.begin(token text, local text, command uuid, locked uuid, held boolean, wide boolean, epoch bigint, routes bigint[], afters bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION verb.begin(token text, local text, command uuid, locked uuid, held boolean, wide boolean, epoch bigint, routes bigint[], afters bigint[]) TO ainarres_app;

-- Name: FUNCTION judged(after bigint, upto bigint); Type: ACL; Schema: verb; Owner: ainarres_owner

REVOKE ALL ON FUNCTION verb.judged(after bigint, upto bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION verb.judged(after bigint, upto bigint) TO ainarres_app;

-- Name: FUNCTION link(act text, task uuid, prerequisites uuid[], waived uuid[]); Type: ACL; Schema: verb; Owner: ainarres_owner

REVOKE ALL ON FUNCTION verb.link(act text, task uuid, prerequisites uuid[], waived uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION verb.link(act text, task uuid, prerequisites uuid[], waived uuid[]) TO ainarres_app;

-- Name: FUNCTION mark_low_water(routes bigint[], moment timestamp with time zone); Type: ACL; Schema: verb; Owner: ainarres_owner

REVOKE ALL ON FUNCTION verb.mark_low_water(routes bigint[], moment timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION verb.mark_low_water(routes bigint[], moment timestamp with time zone) TO ainarres_app;

-- Name: FUNCTION pick(routes bigint[], afters bigint[], agent text); Type: ACL; Schema: verb; Owner: ainarres_owner

REVOKE ALL ON FUNCTION verb.pick(routes bigint[], afters bigint[], agent text) FROM PUBLIC;
GRANT ALL ON FUNCTION verb.pick(routes bigint[], afters bigint[], agent text) TO ainarres_app;

-- Name: FUNCTION renew(); Type: ACL; Schema: verb; Owner: ainarres_owner

REVOKE ALL ON FUNCTION verb.renew() FROM PUBLIC;
GRANT ALL ON FUNCTION verb.renew() TO ainarres_app;

-- Name: FUNCTION ring(lanes text[]); Type: ACL; Schema: verb; Owner: ainarres_owner

REVOKE ALL ON FUNCTION verb.ring(lanes text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION verb.ring(lanes text[]) TO ainarres_app;

-- Name: FUNCTION write(events jsonb, routes jsonb, born jsonb, moved jsonb, renewed jsonb, edges jsonb, judged boolean); Type: ACL; Schema: verb; Owner: ainarres_owner

REVOKE ALL ON FUNCTION verb.write(events jsonb, routes jsonb, born jsonb, moved jsonb, renewed jsonb, edges jsonb, judged boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION verb.write(events jsonb, routes jsonb, born jsonb, moved jsonb, renewed jsonb, edges jsonb, judged boolean) TO ainarres_app;

-- Name: TABLE event; Type: ACL; Schema: ledger; Owner: ainarres_owner

GRANT SELECT ON TABLE ledger.event TO ainarres_app;
GRANT SELECT ON TABLE ledger.event TO ainarres_reader;

-- Name: SEQUENCE "position"; Type: ACL; Schema: ledger; Owner: ainarres_owner

GRANT SELECT ON SEQUENCE ledger."position" TO ainarres_app;
GRANT SELECT ON SEQUENCE ledger."position" TO ainarres_reader;

-- Name: TABLE migration; Type: ACL; Schema: ledger_meta; Owner: ainarres_owner

GRANT SELECT ON TABLE ledger_meta.migration TO ainarres_app;
GRANT SELECT ON TABLE ledger_meta.migration TO ainarres_reader;

-- Name: TABLE agent; Type: ACL; Schema: projection; Owner: ainarres_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.agent TO ainarres_app;
GRANT SELECT ON TABLE projection.agent TO ainarres_reader;

-- Name: TABLE board; Type: ACL; Schema: projection; Owner: ainarres_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.board TO ainarres_app;
GRANT SELECT ON TABLE projection.board TO ainarres_reader;

-- Name: TABLE card; Type: ACL; Schema: projection; Owner: ainarres_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.card TO ainarres_app;
GRANT SELECT ON TABLE projection.card TO ainarres_reader;

-- Name: TABLE credential; Type: ACL; Schema: projection; Owner: ainarres_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.credential TO ainarres_app;
GRANT SELECT ON TABLE projection.credential TO ainarres_reader;

-- Name: TABLE denial; Type: ACL; Schema: projection; Owner: ainarres_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.denial TO ainarres_app;
GRANT SELECT ON TABLE projection.denial TO ainarres_reader;

-- Name: TABLE dependency; Type: ACL; Schema: projection; Owner: ainarres_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.dependency TO ainarres_app;
GRANT SELECT ON TABLE projection.dependency TO ainarres_reader;

-- Name: TABLE evidence; Type: ACL; Schema: projection; Owner: ainarres_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.evidence TO ainarres_app;
GRANT SELECT ON TABLE projection.evidence TO ainarres_reader;

-- Name: TABLE family; Type: ACL; Schema: projection; Owner: ainarres_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.family TO ainarres_app;
GRANT SELECT ON TABLE projection.family TO ainarres_reader;

-- Name: TABLE feature; Type: ACL; Schema: projection; Owner: ainarres_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.feature TO ainarres_app;
GRANT SELECT ON TABLE projection.feature TO ainarres_reader;

-- Name: TABLE flag; Type: ACL; Schema: projection; Owner: ainarres_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.flag TO ainarres_app;
GRANT SELECT ON TABLE projection.flag TO ainarres_reader;

-- Name: TABLE lane; Type: ACL; Schema: projection; Owner: ainarres_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.lane TO ainarres_app;
GRANT SELECT ON TABLE projection.lane TO ainarres_reader;

-- Name: TABLE ledger; Type: ACL; Schema: projection; Owner: ainarres_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.ledger TO ainarres_app;
GRANT SELECT ON TABLE projection.ledger TO ainarres_reader;

-- Name: TABLE policy; Type: ACL; Schema: projection; Owner: ainarres_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.policy TO ainarres_app;
GRANT SELECT ON TABLE projection.policy TO ainarres_reader;

-- Name: TABLE project; Type: ACL; Schema: projection; Owner: ainarres_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.project TO ainarres_app;
GRANT SELECT ON TABLE projection.project TO ainarres_reader;

-- Name: TABLE route; Type: ACL; Schema: projection; Owner: ainarres_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.route TO ainarres_app;
GRANT SELECT ON TABLE projection.route TO ainarres_reader;

-- Name: TABLE suspension; Type: ACL; Schema: projection; Owner: ainarres_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.suspension TO ainarres_app;
GRANT SELECT ON TABLE projection.suspension TO ainarres_reader;

-- Name: TABLE workflow; Type: ACL; Schema: projection; Owner: ainarres_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.workflow TO ainarres_app;
GRANT SELECT ON TABLE projection.workflow TO ainarres_reader;

-- Name: TABLE act; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.act TO ainarres_app;
GRANT SELECT ON TABLE statistics.act TO ainarres_reader;

-- Name: TABLE activity; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.activity TO ainarres_app;
GRANT SELECT ON TABLE statistics.activity TO ainarres_reader;

-- Name: TABLE attempt; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.attempt TO ainarres_app;
GRANT SELECT ON TABLE statistics.attempt TO ainarres_reader;

-- Name: TABLE contact; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.contact TO ainarres_app;
GRANT SELECT ON TABLE statistics.contact TO ainarres_reader;

-- Name: TABLE decision; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.decision TO ainarres_app;
GRANT SELECT ON TABLE statistics.decision TO ainarres_reader;

-- Name: TABLE epic_task; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.epic_task TO ainarres_app;
GRANT SELECT ON TABLE statistics.epic_task TO ainarres_reader;

-- Name: TABLE floor; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.floor TO ainarres_app;
GRANT SELECT ON TABLE statistics.floor TO ainarres_reader;

-- Name: TABLE hand; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.hand TO ainarres_app;
GRANT SELECT ON TABLE statistics.hand TO ainarres_reader;

-- Name: TABLE incident; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.incident TO ainarres_app;
GRANT SELECT ON TABLE statistics.incident TO ainarres_reader;

-- Name: TABLE judges; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.judges TO ainarres_app;
GRANT SELECT ON TABLE statistics.judges TO ainarres_reader;

-- Name: TABLE migration; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.migration TO ainarres_app;
GRANT SELECT ON TABLE statistics.migration TO ainarres_reader;

-- Name: TABLE pin; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.pin TO ainarres_app;
GRANT SELECT ON TABLE statistics.pin TO ainarres_reader;

-- Name: TABLE poll; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.poll TO ainarres_app;
GRANT SELECT ON TABLE statistics.poll TO ainarres_reader;

-- Name: TABLE shipped; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.shipped TO ainarres_app;
GRANT SELECT ON TABLE statistics.shipped TO ainarres_reader;

-- Name: TABLE task; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.task TO ainarres_app;
GRANT SELECT ON TABLE statistics.task TO ainarres_reader;

-- Name: TABLE tracking; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.tracking TO ainarres_app;
GRANT SELECT ON TABLE statistics.tracking TO ainarres_reader;

-- Name: TABLE usage; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.usage TO ainarres_app;
GRANT SELECT ON TABLE statistics.usage TO ainarres_reader;

-- Name: TABLE version; Type: ACL; Schema: statistics; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE statistics.version TO ainarres_app;
GRANT SELECT ON TABLE statistics.version TO ainarres_reader;

-- Name: TABLE epoch; Type: ACL; Schema: verb; Owner: ainarres_owner

GRANT SELECT,UPDATE ON TABLE verb.epoch TO ainarres_app;

-- Name: TABLE low_water; Type: ACL; Schema: verb; Owner: ainarres_owner

GRANT SELECT,INSERT,UPDATE ON TABLE verb.low_water TO ainarres_app;
