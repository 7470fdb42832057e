-- Elections, official counts of them and of rounds, and what was promised while a round runs.

-- What counts are made on: canonical JSON under its SHA-256. Never changed, so that anyone can count again.
create table count_inputs (
    root text primary key,
    document text not null
);

-- The public parts of a vote. Who its voters are never comes in.
create table elections (
    id uuid primary key,
    digest text not null unique,
    description text not null,
    unit text not null,
    instance text not null,
    vote_type text not null,
    currency text not null,
    candidates jsonb not null,
    voters bigint not null,
    budget_cents bigint not null,
    input_root text not null references count_inputs,
    loaded_by uuid not null,
    loaded_at timestamptz not null
);
create index elections_by_time on elections (loaded_at, id);

create table counts (
    id uuid primary key,
    election_id uuid references elections,
    round_id uuid references rounds,
    rule text not null,
    knobs jsonb not null,
    rule_version text not null,
    input_root text not null references count_inputs,
    input_digest text not null,
    seed_commitment text,
    started_by uuid,
    started_at timestamptz not null,
    status text not null check (status in ('started', 'tied', 'counted', 'published', 'disputed', 'abandoned')),
    version bigint not null,
    ties jsonb not null default '[]',
    seed text,
    draw jsonb,
    outcome jsonb,
    outcome_digest text,
    counted_at timestamptz,
    witness_id uuid,
    witness_digest text,
    witnessed_at timestamptz,
    abandoned_because text,
    check ((election_id is null) <> (round_id is null)),
    check ((seed is null) = (draw is null)),
    check ((outcome is null) = (outcome_digest is null)),
    check (status not in ('counted', 'published', 'disputed') or outcome is not null)
);
create index counts_by_time on counts (started_at, id);
create index counts_of_subject on counts (coalesce(election_id, round_id), started_at, id);
-- One count of one thing under one rule version stands at a time; a disputed or abandoned one makes room.
create unique index counts_standing on counts (coalesce(election_id, round_id), rule_version)
    where status not in ('disputed', 'abandoned');

create table count_overrides (
    id uuid primary key,
    count_id uuid not null references counts,
    reason text not null,
    changes jsonb not null,
    made_by uuid not null,
    at timestamptz not null
);
create index count_overrides_of_count on count_overrides (count_id, at);

do $$
begin
    execute format(
        'revoke update, delete, truncate on count_inputs, count_overrides from %I', current_database() || '_app'
    );
end
$$;

-- What a round that is counted at its close would give now, and what it gives at least.
create table round_estimates (
    round_id uuid primary key references rounds,
    at timestamptz,
    lines jsonb not null default '[]'
);
create table round_floors (
    round_id uuid not null references rounds,
    initiative_id uuid not null,
    floor_cents bigint not null check (floor_cents >= 0),
    primary key (round_id, initiative_id)
);
