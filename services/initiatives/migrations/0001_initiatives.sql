-- What the initiatives service owns (initiatives, supports, profiles) and what it keeps of events.
create table initiatives (
    id uuid primary key,
    version bigint not null check (version > 0),
    status text not null check (status in ('proposed', 'supported', 'withdrawn')),
    title text not null,
    summary text not null,
    theme text not null,
    latitude double precision,
    longitude double precision,
    means_needed_cents bigint not null check (means_needed_cents >= 0),
    initiator_id uuid not null,
    threshold integer not null check (threshold > 0),
    threshold_reached boolean not null default false,
    withdrawal_reason text,
    channel text not null,
    import_digest bytea,
    proposed_at timestamptz not null,
    changed_at timestamptz not null,
    words tsvector not null generated always as (
        setweight(to_tsvector('dutch', title), 'A') || setweight(to_tsvector('dutch', summary), 'B')
    ) stored,
    check ((latitude is null) = (longitude is null)),
    check ((withdrawal_reason is not null) = (status = 'withdrawn'))
);
create index initiatives_newest on initiatives (proposed_at desc, id desc);
create index initiatives_by_status on initiatives (status, proposed_at desc, id desc);
create index initiatives_by_theme on initiatives (theme, proposed_at desc, id desc);
create index initiatives_by_words on initiatives using gin (words);
create index initiatives_by_place on initiatives using gist (ll_to_earth(latitude, longitude));

-- No foreign key: its check would lock the initiative's row for every support. The command looks it up itself.
create table supports (
    id uuid primary key,
    initiative_id uuid not null,
    supporter_id uuid not null,
    given boolean not null,
    sequence bigint not null check (sequence > 0),
    changed_at timestamptz not null
);

create table profiles (
    person_id uuid primary key,
    name text not null,
    changed_at timestamptz not null
);

-- Projections. Amounts are numeric: no sum of pledges can overflow and stop the events behind it.
create table support_counts (
    initiative_id uuid primary key,
    supports bigint not null
);

create table means (
    initiative_id uuid primary key,
    pledged_cents numeric(30) not null,
    matched_cents numeric(30) not null,
    goal_reached boolean not null
);

create table timeline (
    id uuid primary key,
    initiative_id uuid not null,
    type text not null,
    at timestamptz not null,
    count bigint not null,
    detail json not null
);
create index timeline_newest on timeline (initiative_id, at desc, id desc);

create table contributions (
    id uuid primary key,
    version bigint not null,
    initiative_id uuid,
    words text,
    contributor_id uuid,
    origin text not null,
    origin_id uuid not null,
    offered_at timestamptz not null
);
create index contributions_newest on contributions (initiative_id, offered_at desc, id desc) where words is not null;

-- Which contributions were announced as a fact: outside the projection, so that a rebuild announces none again.
create table contributions_announced (
    contribution_id uuid primary key
);
