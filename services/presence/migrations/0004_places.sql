-- Imports of places: the file as it was sent waits here for a process that is free, until it is done or refused. Who
-- has it says so by `claim_id`, and until when; after that another takes it up. `read` and `written` are of the run
-- that came furthest; what is written is seen by others all at once, with `done`.
create table place_imports (
    id uuid primary key,
    sent_by uuid not null,
    sent_at timestamptz not null,
    format text not null check (format in ('geojson', 'csv')),
    content bytea check ((content is null) = (status in ('done', 'refused'))),
    status text not null default 'queued' check (status in ('queued', 'checking', 'adding', 'done', 'refused')),
    attempts integer not null default 0,
    claim_id uuid,
    claimed_until timestamptz,
    total integer,
    read integer not null default 0,
    written integer not null default 0,
    added integer not null default 0,
    changed integer not null default 0,
    already integer not null default 0,
    faults json not null default '[]',
    more_faults integer not null default 0,
    ended_at timestamptz
);
create index place_imports_open on place_imports (sent_at, id) where status in ('queued', 'checking', 'adding');

-- Facilities of places. A code means one facility for ever, so nothing is ever deleted here.
create table facilities (
    id uuid primary key,
    place_id uuid not null references places,
    code text not null unique,
    kind text not null check (kind in ('room', 'tool')),
    name text not null,
    description text,
    capacity integer check (capacity > 0),
    status text not null default 'offered' check (status in ('offered', 'withdrawn')),
    withdrawn_reason text check ((withdrawn_reason is not null) = (status = 'withdrawn')),
    version integer not null default 1
);
create index facilities_of_place on facilities (place_id, code) where status = 'offered';

-- A projection of pledges of facilities. What is free again stays as a row, so that nothing that comes late books it. Of
-- what was delivered in part nothing is free again.
create table facility_bookings (
    pledge_id uuid primary key,
    code text,
    starts_at timestamptz,
    ends_at timestamptz,
    initiative_id uuid not null,
    status text not null check (status in ('held', 'committed', 'free')),
    version bigint not null,
    delivered boolean not null
);
create index facility_bookings_in_time on facility_bookings (code, starts_at, pledge_id)
    where status <> 'free' or delivered;
