-- The inline projections: state that the verbs read and write in the transaction of the append.
-- Every row can be rebuilt from ledger.event; nothing here is a source of truth.
-- Indexes carry the names PostgreSQL would give them, so that a rebuilt copy (LIKE ... INCLUDING ALL) has the same.

CREATE SCHEMA projection;

CREATE TABLE projection.board (
    task uuid PRIMARY KEY,
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
    claimed_at timestamptz,
    lease_expires_at timestamptz,
    created_by text,
    created_by_family text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    entered_stage_at timestamptz NOT NULL,
    version bigint NOT NULL,
    correlation uuid,
    route bigint NOT NULL,
    -- whose work the stage reviews: this agent may never take it
    author_agent text,
    -- prerequisites neither done nor waived
    waits integer NOT NULL,
    created_position bigint NOT NULL,
    updated_position bigint NOT NULL,
    ready boolean NOT NULL GENERATED ALWAYS AS
        (NOT blocked AND NOT cancelled AND NOT terminal AND waits = 0 AND holder IS NULL) STORED
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500,
        autovacuum_vacuum_cost_delay = 0);

-- one live task an agent; one holder a task follows from the row itself
CREATE UNIQUE INDEX board_holder_idx ON projection.board (holder) WHERE holder IS NOT NULL;
-- what may be claimed, in claim order; all columns in one direction, so that a scan can begin anywhere in it
CREATE INDEX board_route_expr_created_position_idx
    ON projection.board (route, (-priority), created_position) WHERE ready;
-- leases by deadline, for recovery
CREATE INDEX board_lease_expires_at_idx ON projection.board (lease_expires_at) WHERE holder IS NOT NULL;
-- what an empty claim counts
CREATE INDEX board_lane_idx ON projection.board (lane) WHERE blocked AND NOT cancelled;
CREATE INDEX board_lane_idx1 ON projection.board (lane) WHERE waits > 0 AND NOT blocked AND NOT cancelled;

CREATE TABLE projection.dependency (
    task uuid NOT NULL,
    prerequisite uuid NOT NULL,
    met boolean NOT NULL,
    PRIMARY KEY (task, prerequisite)
);
CREATE INDEX dependency_prerequisite_idx ON projection.dependency (prerequisite);

CREATE TABLE projection.route (
    id bigint PRIMARY KEY,
    parts jsonb NOT NULL
);

CREATE TABLE projection.credential (
    id text PRIMARY KEY,
    agent text NOT NULL,
    family text,
    scope text NOT NULL,
    narrowing text[],
    token_sha256 text NOT NULL UNIQUE,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    version bigint NOT NULL
);

CREATE TABLE projection.family (
    key text PRIMARY KEY,
    label text NOT NULL,
    maker text NOT NULL,
    cost_class integer NOT NULL,
    skills text[] NOT NULL,
    description text NOT NULL,
    version bigint NOT NULL
);

CREATE TABLE projection.feature (
    family text NOT NULL,
    feature text NOT NULL,
    granted_at timestamptz NOT NULL,
    PRIMARY KEY (family, feature)
);
CREATE INDEX feature_feature_idx ON projection.feature (feature);

CREATE TABLE projection.denial (
    family text NOT NULL,
    feature text NOT NULL,
    reason text NOT NULL,
    since timestamptz NOT NULL,
    -- null: until a person lifts it
    until timestamptz,
    PRIMARY KEY (family, feature)
);

CREATE TABLE projection.ledger (
    id uuid PRIMARY KEY,
    opened_at timestamptz NOT NULL
);

CREATE TABLE projection.project (
    key text PRIMARY KEY,
    title text NOT NULL,
    repository text,
    digest text NOT NULL,
    version bigint NOT NULL
);

CREATE TABLE projection.lane (
    key text PRIMARY KEY,
    project text NOT NULL,
    title text NOT NULL,
    workflow text NOT NULL,
    settings jsonb NOT NULL,
    paused boolean NOT NULL,
    version bigint NOT NULL
);

CREATE TABLE projection.workflow (
    key text NOT NULL,
    version integer NOT NULL,
    digest text NOT NULL,
    definition jsonb NOT NULL,
    adopted_at timestamptz NOT NULL,
    PRIMARY KEY (key, version)
);

CREATE TABLE projection.card (
    role text NOT NULL,
    version integer NOT NULL,
    digest text NOT NULL,
    body text NOT NULL,
    adopted_at timestamptz NOT NULL,
    PRIMARY KEY (role, version)
);

-- What narrows refusals to one a minute and polls to one in ten minutes: the agent's newest of each kind.
CREATE TABLE projection.agent (
    agent text PRIMARY KEY,
    version bigint NOT NULL,
    last_refusals jsonb NOT NULL,
    last_empty_at timestamptz
);

GRANT USAGE ON SCHEMA projection TO ainarres_app, ainarres_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA projection TO ainarres_app;
GRANT SELECT ON ALL TABLES IN SCHEMA projection TO ainarres_reader;
