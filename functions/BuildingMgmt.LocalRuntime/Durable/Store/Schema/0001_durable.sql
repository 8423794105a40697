CREATE TABLE durable.hub (
    hub  int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);

-- A process at work. Whatever has an owner that is deleted from here is free again, by the foreign keys, in the same transaction.
CREATE TABLE durable.worker (
    worker     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hub        int NOT NULL REFERENCES durable.hub,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- Payloads are bytea: one byte that says how, then JSON as UTF-8, compressed when that is worth it.
CREATE TABLE durable.instance (
    hub           int NOT NULL REFERENCES durable.hub,
    id            text COLLATE "C" NOT NULL,
    name          text COLLATE "C" NOT NULL,
    version       text,
    status        smallint NOT NULL,
    execution     int NOT NULL DEFAULT 0,
    step          bigint NOT NULL DEFAULT 0,
    owner         bigint REFERENCES durable.worker ON DELETE SET NULL,
    parent_id     text COLLATE "C",
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    ended_at      timestamptz,
    input         bytea,
    output        bytea,
    custom_status bytea,
    failure       bytea,
    tags          bytea,
    PRIMARY KEY (hub, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX instance_by_status ON durable.instance (hub, status, created_at);
CREATE INDEX instance_by_name ON durable.instance (hub, name, created_at);
CREATE INDEX instance_by_end ON durable.instance (hub, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX instance_by_parent ON durable.instance (hub, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX instance_by_owner ON durable.instance (owner) WHERE owner IS NOT NULL;

COMMENT ON COLUMN durable.instance.status IS 'OrchestrationRuntimeStatus: 0 running, 1 completed, 3 failed, 5 terminated, 6 pending, 7 suspended';
COMMENT ON COLUMN durable.instance.step IS 'steps committed; never reset, so that it fences whoever still builds on an older one';
COMMENT ON COLUMN durable.instance.execution IS 'grows by one with each continue-as-new; results for an older one are stale';

-- One row a step of the current execution.
CREATE TABLE durable.history (
    hub         int NOT NULL,
    instance_id text COLLATE "C" NOT NULL,
    step        bigint NOT NULL,
    payload     bytea NOT NULL,
    PRIMARY KEY (hub, instance_id, step)
);

CREATE TABLE durable.message (
    sequence    bigint GENERATED ALWAYS AS IDENTITY,
    hub         int NOT NULL,
    instance_id text COLLATE "C" NOT NULL,
    execution   int,
    due_at      timestamptz NOT NULL DEFAULT now(),
    message_id  uuid,
    payload     bytea NOT NULL,
    PRIMARY KEY (hub, instance_id, sequence)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- Timers of next year wait behind those of now: what is due is always at this index's beginning.
CREATE INDEX message_by_due ON durable.message (hub, due_at) INCLUDE (instance_id);
CREATE UNIQUE INDEX message_by_id ON durable.message (hub, instance_id, message_id) WHERE message_id IS NOT NULL;

CREATE TABLE durable.work (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hub          int NOT NULL,
    instance_id  text COLLATE "C" NOT NULL,
    execution    int NOT NULL,
    task_id      int NOT NULL,
    name         text NOT NULL,
    version      text,
    input        bytea,
    trace_parent text,
    tags         bytea,
    owner        bigint REFERENCES durable.worker ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

CREATE INDEX work_waiting ON durable.work (hub, id) WHERE owner IS NULL;
CREATE INDEX work_by_owner ON durable.work (owner) WHERE owner IS NOT NULL;
CREATE INDEX work_by_instance ON durable.work (hub, instance_id);
