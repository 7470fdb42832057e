-- Images, sound and film. What was never checked is not served; what is served was made anew from what was checked.
create table media (
    id uuid primary key,
    -- Who uploaded it; null for what the service made itself, such as the film of a dream vision.
    owner_id uuid,
    status text not null,
    -- What is announced of an upload, and what is stored of it.
    length bigint not null default 0,
    received bigint not null default 0,
    parts int not null default 0,
    expires_at timestamptz,
    claimed_until timestamptz,
    attempts int not null default 0,
    refusal text,
    -- A text alternative, by who uploaded it.
    description text not null default '',
    -- What was found in it.
    kind text,
    content_type text,
    bytes bigint,
    digest bytea,
    width int,
    height int,
    seconds float8,
    -- Its object in the store is media/<id>/<object_id>/bytes.
    object_id uuid,
    created_at timestamptz not null,
    check (received <= length)
);
create index media_waiting on media (created_at) where status = 'checking';

create table upload_parts (
    media_id uuid not null references media on delete cascade,
    starts_at bigint not null,
    bytes bigint not null,
    -- Its object in the store is uploads/<media_id>/<starts_at>-<attempt_id>.
    attempt_id uuid not null,
    primary key (media_id, starts_at)
);

-- Media that stand in something public.
create table media_uses (
    media_id uuid not null references media,
    used_by_kind text not null,
    used_by_id uuid not null,
    primary key (media_id, used_by_kind, used_by_id)
);
create index media_uses_of on media_uses (used_by_kind, used_by_id);

-- What somebody announced to upload on a day (in UTC), for the limit there is to that.
create table uploaded_per_day (
    owner_id uuid not null,
    day date not null,
    bytes bigint not null,
    primary key (owner_id, day)
);

-- Objects that are to go from the store, from a moment on: all whose key begins with this.
create table media_removals (
    prefix text primary key,
    due_at timestamptz not null
);
create index media_removals_due on media_removals (due_at);
