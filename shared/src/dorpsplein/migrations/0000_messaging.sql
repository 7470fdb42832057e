-- What every service needs to speak and to listen: the outbox, the inbox, the dead letters, idempotency keys.
create table outbox (
    id bigint generated always as identity primary key,
    shard smallint not null default 0,
    topic text not null,
    key text not null,
    headers text not null,
    body bytea,
    recorded_at timestamptz not null default clock_timestamp()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
create index outbox_by_shard on outbox (shard, id);

create table inbox (
    consumer text not null,
    event_id uuid not null,
    primary key (consumer, event_id)
);

create table dead_letters (
    id uuid primary key default uuidv7(),
    consumer text not null,
    topic text not null,
    partition integer not null,
    "offset" bigint not null,
    key bytea,
    headers jsonb not null,
    body bytea,
    reason text not null,
    parked_at timestamptz not null default now(),
    replayed_at timestamptz,
    unique (consumer, topic, partition, "offset")
);

create table idempotency (
    caller uuid not null,
    key text not null,
    request_hash bytea not null,
    status smallint not null,
    answer jsonb not null,
    at timestamptz not null default now(),
    primary key (caller, key)
);
create index idempotency_by_age on idempotency (at);
