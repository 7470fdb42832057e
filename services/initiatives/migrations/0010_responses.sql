-- What the municipality says to an initiative. Nothing here refers to the initiative's own row: a response stands
-- beside its life, and neither waits for it nor holds it up.
create table responses (
    id uuid primary key,
    version bigint not null check (version > 0),
    initiative_id uuid not null,
    responder_id uuid not null,
    can_help json not null,
    cannot json not null,
    given_at timestamptz not null,
    changed_at timestamptz not null
);
create index responses_of_initiative on responses (initiative_id, given_at desc, id desc);

-- What a response said in each of its versions, the newest among them.
create table response_versions (
    response_id uuid not null,
    version bigint not null,
    can_help json not null,
    cannot json not null,
    responder_id uuid not null,
    at timestamptz not null,
    primary key (response_id, version)
);

create table promises (
    id uuid primary key,
    version bigint not null check (version > 0),
    response_id uuid not null,
    initiative_id uuid not null,
    promiser_id uuid not null,
    status text not null check (status in ('open', 'due', 'kept', 'released')),
    text text not null,
    due_on date not null,
    due_at timestamptz not null,
    reminded boolean not null default false,
    said_by text check (said_by in ('initiator', 'municipality')),
    kept_at timestamptz,
    reason text,
    why text,
    made_at timestamptz not null,
    changed_at timestamptz not null,
    check ((kept_at is not null) = (status = 'kept')),
    check ((said_by is not null) = (status = 'kept')),
    check ((reason is not null) = (status = 'released'))
);
create index promises_by_due on promises (due_at, id);
create index promises_by_status on promises (status, due_at, id);
create index promises_of_initiative on promises (initiative_id, made_at desc, id desc);
create index promises_of_response on promises (response_id, made_at, id);
