-- The catch-up projections: what reports, reviews and watchers read, a little behind the ledger.
-- Every row can be rebuilt from ledger.event. Rows carry the position that made them and the position that marked them,
-- so that any figure can be asked as of any position. Indexes carry the names PostgreSQL would give them, so that a
-- rebuilt copy (LIKE ... INCLUDING ALL) has the same.

CREATE SCHEMA statistics;

-- How far each projection has followed: the tracking record of the event-sourcing library, in its own shape.
CREATE TABLE statistics.tracking (
    application_name text PRIMARY KEY,
    notification_id bigint
) WITH (autovacuum_enabled = true, autovacuum_vacuum_threshold = 100000000, autovacuum_vacuum_scale_factor = 0.5,
        autovacuum_analyze_threshold = 1000, autovacuum_analyze_scale_factor = 0.01);

-- Which version of its definition each projection was built by.
CREATE TABLE statistics.version (
    projection text PRIMARY KEY,
    version integer NOT NULL
);

-- -- track_record -----------------------------------------------------------------------------------------------------

CREATE TABLE statistics.task (
    task uuid PRIMARY KEY,
    position bigint NOT NULL,
    lane text NOT NULL,
    epic text,
    workflow text NOT NULL,
    workflow_version integer NOT NULL,
    title text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX task_position_idx ON statistics.task (position);

CREATE TABLE statistics.migration (
    position bigint PRIMARY KEY,
    task uuid NOT NULL,
    workflow text NOT NULL,
    workflow_version integer NOT NULL
);
CREATE INDEX migration_task_position_idx ON statistics.migration (task, position);

-- Which stage implements, reviews and integrates in a version of a workflow.
CREATE TABLE statistics.hand (
    workflow text NOT NULL,
    workflow_version integer NOT NULL,
    implemented text,
    reviewed text,
    integrated text,
    PRIMARY KEY (workflow, workflow_version)
);

-- One lease on one stage of one task, once it has ended, or a move.
CREATE TABLE statistics.attempt (
    position bigint PRIMARY KEY,
    task uuid NOT NULL,
    lane text NOT NULL,
    epic text,
    -- a hash of family, capability, workflow and stage, because texts are slow to group by
    seat bigint NOT NULL,
    workflow text NOT NULL,
    stage text NOT NULL,
    agent text,
    family text,
    capability text,
    -- advanced, rejected, released, expired, blocked, cancelled
    outcome text NOT NULL,
    -- a rejection's: the stage at fault and who is charged
    fault_stage text,
    producer_family text,
    producer_capability text,
    -- this family's first advance of the task out of the stage
    first_delivery boolean NOT NULL,
    -- of a first delivery: the first rejection of the task back to the stage
    bounced_position bigint,
    hold_seconds double precision,
    -- from stage entry to exit, of advances
    cycle_seconds double precision,
    ended_at timestamptz NOT NULL
);
CREATE INDEX attempt_task_stage_idx ON statistics.attempt (task, stage) WHERE first_delivery;
-- percentiles are read in order from these, which spares a sort of every row
CREATE INDEX attempt_seat_hold_seconds_position_lane_epic_idx
    ON statistics.attempt (seat, hold_seconds) INCLUDE (position, lane, epic);
CREATE INDEX attempt_seat_cycle_seconds_position_lane_epic_idx
    ON statistics.attempt (seat, cycle_seconds) INCLUDE (position, lane, epic) WHERE cycle_seconds IS NOT NULL;
CREATE INDEX attempt_workflow_stage_cycle_seconds_position_lane_epic_idx
    ON statistics.attempt (workflow, stage, cycle_seconds) INCLUDE (position, lane, epic)
 WHERE cycle_seconds IS NOT NULL;

CREATE TABLE statistics.shipped (
    position bigint PRIMARY KEY,
    task uuid NOT NULL,
    lane text NOT NULL,
    epic text,
    title text NOT NULL,
    pr text,
    implemented text,
    reviewed text,
    integrated text,
    shipped_at timestamptz NOT NULL
);

-- What the report tells of a task beside its moves: blocked, unblocked, cancelled, escalated, expired.
CREATE TABLE statistics.incident (
    position bigint PRIMARY KEY,
    task uuid NOT NULL,
    lane text NOT NULL,
    epic text,
    kind text NOT NULL,
    stage text,
    family text,
    reason text,
    tier integer,
    at timestamptz NOT NULL
);
CREATE INDEX incident_task_position_idx ON statistics.incident (task, position);
CREATE INDEX incident_kind_position_idx ON statistics.incident (kind, position);

-- Events of tasks, counted by 4096 positions: a span is whole buckets and two edges read from the ledger.
CREATE TABLE statistics.activity (
    bucket bigint NOT NULL,
    lane text NOT NULL,
    epic text NOT NULL,
    family text NOT NULL,
    events bigint NOT NULL,
    PRIMARY KEY (bucket, lane, epic, family)
);

-- -- reviews ----------------------------------------------------------------------------------------------------------

-- Which stage's work a stage judges.
CREATE TABLE statistics.judges (
    workflow text NOT NULL,
    workflow_version integer NOT NULL,
    stage text NOT NULL,
    author_stage text NOT NULL,
    PRIMARY KEY (workflow, workflow_version, stage)
);

CREATE TABLE statistics.floor (
    position bigint PRIMARY KEY,
    lane text NOT NULL,
    seconds double precision
);
CREATE INDEX floor_lane_position_idx ON statistics.floor (lane, position);

-- Tasks that went on under another version of a workflow.
CREATE TABLE statistics.pin (
    position bigint PRIMARY KEY,
    task uuid NOT NULL,
    workflow text NOT NULL,
    workflow_version integer NOT NULL
);
CREATE INDEX pin_task_position_idx ON statistics.pin (task, position);

CREATE TABLE statistics.decision (
    position bigint PRIMARY KEY,
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
    -- the advance that is judged
    author_position bigint NOT NULL,
    digest text,
    review_seconds double precision,
    floor_seconds double precision,
    escaped_position bigint,
    overturned_position bigint,
    decided_at timestamptz NOT NULL
);
CREATE INDEX decision_author_position_idx ON statistics.decision (author_position);
CREATE INDEX decision_task_position_idx ON statistics.decision (task, position) WHERE NOT approved;

-- -- spend ------------------------------------------------------------------------------------------------------------

CREATE TABLE statistics.usage (
    position bigint PRIMARY KEY,
    -- the transition it is charged to; null where nothing moved
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
    -- the first report of its transition that measured anything
    measures boolean NOT NULL,
    at timestamptz NOT NULL
);

CREATE TABLE statistics.poll (
    position bigint PRIMARY KEY,
    agent text,
    family text,
    lane text,
    polls bigint NOT NULL,
    at timestamptz NOT NULL
);

-- -- epics ------------------------------------------------------------------------------------------------------------

CREATE TABLE statistics.epic_task (
    task uuid PRIMARY KEY,
    position bigint NOT NULL,
    epic text NOT NULL,
    lane text NOT NULL,
    finished_position bigint,
    cancelled_position bigint
);
CREATE INDEX epic_task_epic_idx ON statistics.epic_task (epic);

-- Briefs; one that was accepted is an epic, whether or not tasks were made of it.
CREATE TABLE statistics.brief (
    task uuid PRIMARY KEY,
    position bigint NOT NULL,
    lane text NOT NULL,
    title text NOT NULL,
    accepted_position bigint
);

-- -- watch ------------------------------------------------------------------------------------------------------------

-- The newest sign that a family asks for work: a claim or a poll that found nothing.
CREATE TABLE statistics.contact (
    family text PRIMARY KEY,
    position bigint NOT NULL,
    at timestamptz NOT NULL
);

-- What operators' credentials did, the first event of each command, and where somebody said on whose word.
CREATE TABLE statistics.act (
    position bigint PRIMARY KEY,
    actor text NOT NULL,
    type text NOT NULL,
    task uuid,
    subject text NOT NULL,
    reason text,
    at timestamptz NOT NULL,
    instructed_position bigint,
    instruction text,
    instructed_by text
);

INSERT INTO statistics.version (projection, version)
VALUES ('track_record', 2), ('reviews', 2), ('spend', 1), ('epics', 2), ('watch', 2);

GRANT USAGE ON SCHEMA statistics TO ainarres_app, ainarres_reader;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA statistics TO ainarres_app;
GRANT SELECT ON ALL TABLES IN SCHEMA statistics TO ainarres_reader;
