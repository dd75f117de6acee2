-- Governance: policies, evidence on families, suspensions and flags; inline projections like those of 0002.

CREATE TABLE projection.policy (
    key text NOT NULL,
    version integer NOT NULL,
    digest text NOT NULL,
    definition jsonb NOT NULL,
    -- what only one policy at a time decides; the one adopted last does
    slot text NOT NULL,
    -- evidence up to this position is older than the policy and not its business
    after bigint NOT NULL,
    adopted_at timestamptz NOT NULL,
    -- why it could not be evaluated; null while it can
    broken text,
    PRIMARY KEY (key, version)
);

-- Only ever inserted into: a row a family that every verb updates would be a queue.
CREATE TABLE projection.evidence (
    position bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    task uuid NOT NULL,
    family text NOT NULL,
    capability text NOT NULL,
    workflow text NOT NULL,
    fault boolean NOT NULL,
    submission bigint NOT NULL
);
CREATE INDEX evidence_family_capability_position_idx ON projection.evidence (family, capability, position);

CREATE TABLE projection.suspension (
    family text NOT NULL,
    -- of the family's stream
    version bigint NOT NULL,
    feature text NOT NULL,
    n integer NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    -- null: a person's act
    policy text,
    policy_version integer,
    cause bigint[] NOT NULL,
    after bigint NOT NULL,
    reason text NOT NULL,
    suspended_by text,
    lifted_at timestamptz,
    restored_at timestamptz,
    PRIMARY KEY (family, version)
);
CREATE INDEX suspension_family_feature_idx ON projection.suspension (family, feature);

CREATE TABLE projection.flag (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    severity text NOT NULL,
    gap text NOT NULL,
    family text,
    capability text,
    task uuid,
    policy text,
    -- of a policy: what it saw; it says so once
    incident text,
    raised_by text,
    raised_at timestamptz NOT NULL,
    resolved_at timestamptz,
    resolved_by text,
    resolution text
);
CREATE INDEX flag_raised_at_idx ON projection.flag (raised_at) WHERE resolved_at IS NULL;
CREATE UNIQUE INDEX flag_policy_incident_idx ON projection.flag (policy, incident);

-- whether a hold older than the denial keeps the feature
ALTER TABLE projection.denial ADD COLUMN keeps boolean NOT NULL DEFAULT true;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA projection TO ainarres_app;
GRANT SELECT ON ALL TABLES IN SCHEMA projection TO ainarres_reader;
