-- Finding initiatives: by what happened last, by support, and those that are like another; and sessions on the page.
create extension if not exists pg_trgm;

create index initiatives_by_title on initiatives using gin (title gin_trgm_ops);
create index initiatives_by_position on initiatives (latitude, longitude);
create index initiatives_by_kind on initiatives (kind, proposed_at desc, id desc) where kind <> 'initiative';

-- What initiatives are counted and ordered by, as the events say: narrow, so that all of it is read in an instant.
-- `at` is when something last happened to one. Without a state yet (version 0) it is not shown.
create table activity (
    id uuid primary key,
    at timestamptz not null,
    supports bigint not null,
    version bigint not null,
    status text,
    theme text,
    kind text,
    neighbourhood text,
    latitude double precision,
    longitude double precision,
    point earth
);
create index activity_latest on activity (at desc, id desc);
create index activity_most_supported on activity (supports desc, id desc);
insert into activity
select i.id, greatest(i.proposed_at, (select max(t.at) from timeline t where t.initiative_id = i.id)),
    (select c.supports from support_counts c where c.initiative_id = i.id), i.version, i.status, i.theme, i.kind,
    i.neighbourhood, i.latitude, i.longitude, ll_to_earth(i.latitude, i.longitude)
from initiatives i;

-- A projection of the sessions of presence; the words go with their tombstone.
create table sessions (
    id uuid primary key,
    version bigint not null,
    title text,
    question text,
    working_form text,
    status text,
    place_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    initiative_ids uuid[] not null default '{}',
    lines bigint not null default 0
);
create index sessions_of_initiative on sessions using gin (initiative_ids);
