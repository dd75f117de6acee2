-- A verb's way in and out: what it reads and locks before it decides, and what it writes afterwards, each in one round
-- trip. Rules are not here: what a row means is decided by who reads it, and what is written was decided before.
-- Functions stand apart from the tables, which a rebuild swaps as a whole.
--
-- Every statement of a VOLATILE function has a snapshot of its own (READ COMMITTED), so what follows a lock sees what
-- the lock's last owner committed.

CREATE SCHEMA verb;

-- Where the first ready task of a route stood a moment ago. Only kept where finding it took many entries of the index:
-- an old snapshot (a dump, a long report) keeps the entries of all that was claimed since, and they stand before it.
-- Work that comes in before the mark meanwhile waits until the mark is out of date. Nothing is lost with the table.
CREATE UNLOGGED TABLE verb.low_water (
    route bigint PRIMARY KEY,
    rank smallint NOT NULL,
    created_position bigint NOT NULL,
    until timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON verb.low_water TO ainarres_app;

-- Marks where some routes begin, for three seconds, unless somebody else is about to: whoever claims waits for nobody.
CREATE FUNCTION verb.mark_low_water(routes bigint[], moment timestamptz) RETURNS void
    LANGUAGE plpgsql VOLATILE
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

-- How often what sessions remember between verbs has changed: what families may do, tiers, cards, lanes, routes. A session
-- that was told under a number is told again only under another one. Who changes any of it counts on, before the commit.
CREATE TABLE verb.epoch (number bigint NOT NULL);
INSERT INTO verb.epoch VALUES (1);
GRANT SELECT, UPDATE ON verb.epoch TO ainarres_app;

CREATE FUNCTION verb.renew() RETURNS void LANGUAGE sql AS 'UPDATE verb.epoch SET number = number + 1';

-- The only statement that hands out work. Locks the best ready task of the given routes that nobody else has locked and
-- returns its row as it stands then, with the time: heads of each route first, deeper only when all of them are locked,
-- and null only when every candidate was looked at, marks or no marks. afters: where a route is open to this caller only
-- after a task has stood in its stage for a time, that time in microseconds; null elsewhere.
CREATE FUNCTION verb.pick(routes bigint[], afters bigint[], agent text) RETURNS json
    LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_generic_plan
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

-- Opens a verb. Holds the board (a rebuild swaps the tables only when nobody does) and takes the command's id: a
-- concurrent twin waits here for the first to end. locked: the task whose row is wanted locked; held: whether the row
-- that the caller holds is wanted, locked too; wide: whether the verb looks for work. Tells who the token stands for,
-- what is known of the command, what was locked, and the time after all locks; and what sessions remember, unless the
-- caller was told in this very epoch. Then routes may be given as for verb.pick, and unless something has to be settled
-- first (a repeat, a lease that ran out, a task in hand), the best task of them is locked on the same way (looked).
CREATE FUNCTION verb.begin(
        token text, local text, command uuid, locked uuid, held boolean, wide boolean, epoch bigint, routes bigint[],
        afters bigint[])
    RETURNS json
    LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_generic_plan
AS $$
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
$$;

-- What the moves in a range of the ledger say about submissions: a pass when the first stage after one advances, a fault
-- at each reject that charges somebody.
CREATE FUNCTION verb.judged(after bigint, upto bigint) RETURNS TABLE (
        "position" bigint, at timestamptz, task uuid, family text, capability text, fault boolean, submission bigint)
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

-- Ends a verb, or a part of one: appends a block of events and brings the board to what they made of it. In rows and
-- edges, place counts from the start of the block, from 0. born: rows of the board; moved: what changed in such rows;
-- renewed: deadlines alone; edges: acts on prerequisites, in order; judged: whether some of the events judge a submission. Returns the position of the first event.
CREATE FUNCTION verb.write(events jsonb, routes jsonb, born jsonb, moved jsonb, renewed jsonb, edges jsonb, judged boolean)
    RETURNS bigint
    LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_generic_plan
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

-- One act on the prerequisites of a task: depend (these and no others; met where finished or waived), waive (these will
-- never be done), finish (whoever waits on the task waits no longer; the verb has locked them).
CREATE FUNCTION verb.link(act text, task uuid, prerequisites uuid[], waived uuid[]) RETURNS void
    LANGUAGE plpgsql VOLATILE
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

-- Wakes who waits for work on some lanes. Who listens for the bell holds a shared lock meanwhile: that nobody does is seen
-- without a notification, which makes transactions commit one after the other.
CREATE FUNCTION verb.ring(lanes text[]) RETURNS void
    LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    IF pg_try_advisory_lock(1634299500, 0) THEN
        PERFORM pg_advisory_unlock(1634299500, 0);
    ELSE
        PERFORM pg_notify('ainarres', lane) FROM unnest(ring.lanes) AS lane;
    END IF;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA verb FROM PUBLIC;
GRANT USAGE ON SCHEMA verb TO ainarres_app;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA verb TO ainarres_app;
