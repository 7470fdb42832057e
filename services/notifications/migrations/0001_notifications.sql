-- What the square talks about: initiatives and places as their owners last described them. No title: erased.
create table subjects (
    id uuid primary key,
    kind text not null,
    title text,
    theme text,
    status text,
    latitude double precision,
    longitude double precision,
    version bigint not null
);
create index subjects_by_theme on subjects (theme) where theme is not null;
create index subjects_by_latitude on subjects (latitude) where latitude is not null;

create table initiative_supports (
    initiative_id uuid primary key,
    supports bigint not null
);

-- The last position given out. Whoever adds to the log holds this one row until the commit, so that positions
-- become visible in their order and without gaps.
create table heads (
    only_one boolean primary key default true check (only_one),
    log bigint not null default 0,
    feed bigint not null default 0
);
insert into heads default values;

-- Every public event as it is sent to other systems. A document that was erased at its owner is null.
create table log (
    position bigint primary key,
    event_id uuid not null,
    type text not null,
    subject uuid not null,
    time timestamptz not null,
    document text
);
create index log_by_subject on log (subject, type);
create index log_by_time on log (time);

-- What is told on the square, once the name of what it is about is known; until then it waits.
create table feed (
    position bigint primary key,
    log_position bigint not null references log,
    about uuid
);
create index feed_by_about on feed (about, position);
create table feed_waiting (
    log_position bigint primary key references log,
    about uuid not null
);
create index feed_waiting_by_about on feed_waiting (about);

create table follows (
    id uuid primary key,
    follower_id uuid not null,
    kind text not null check (kind in ('initiative', 'theme', 'radius')),
    subject text not null,
    initiative_id uuid,
    theme text,
    latitude double precision,
    longitude double precision,
    radius_metres integer,
    stop_key text not null,
    started_at timestamptz not null default now(),
    unique (follower_id, kind, subject)
);
create index follows_of_initiative on follows (initiative_id) where kind = 'initiative';
create index follows_of_theme on follows (theme) where kind = 'theme';
create index follows_of_radius on follows (latitude) where kind = 'radius';

create table subscriptions (
    id uuid primary key,
    owner_id uuid not null,
    callback_url text not null,
    types text[] not null,
    description text,
    secret text,
    status text not null default 'active' check (status in ('active', 'ended')),
    end_reason text,
    version bigint not null,
    created_at timestamptz not null default now(),
    failures integer not null default 0,
    resume_at timestamptz
);
create index subscriptions_of_owner on subscriptions (owner_id, id);

-- A lane holds what must stay in order: one subject's events for one subscription. It is one column so that the
-- search for an earlier one has exactly one index to use, whatever the planner believes of the rest.
create table deliveries (
    subscription_id uuid not null,
    position bigint not null,
    subject uuid not null,
    lane uuid not null generated always as (md5(subscription_id::text || subject::text)::uuid) stored,
    state text not null default 'pending' check (state in ('pending', 'delivered', 'parked', 'dropped')),
    attempts integer not null default 0,
    created_at timestamptz not null default now(),
    next_at timestamptz not null default now(),
    last_at timestamptz,
    last_status integer,
    last_error text,
    primary key (subscription_id, position)
);
create index deliveries_due on deliveries (subscription_id, next_at, position) where state = 'pending';
create index deliveries_in_lane on deliveries (lane, position) where state = 'pending';
create index deliveries_next on deliveries (next_at) where state = 'pending';
create index deliveries_of_position on deliveries (position) where state = 'pending';

-- Contact addresses stand here and nowhere else.
create table contacts (
    person_id uuid primary key,
    email text not null,
    updated_at timestamptz not null default now()
);

create table mail_cursor (
    only_one boolean primary key default true check (only_one),
    position bigint not null default 0
);
insert into mail_cursor default values;

create table mails (
    id uuid primary key default uuidv7(),
    person_id uuid not null,
    follow_id uuid not null,
    feed_position bigint not null references feed,
    state text not null default 'pending' check (state in ('pending', 'sent', 'parked', 'dropped')),
    attempts integer not null default 0,
    created_at timestamptz not null default now(),
    next_at timestamptz not null default now(),
    last_error text,
    unique (feed_position, person_id)
);
create index mails_due on mails (next_at) where state = 'pending';

-- The inbox of the local demonstration, filled by its own small SMTP server.
create table local_mails (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    recipients text[] not null,
    subject text not null,
    body text not null
);
