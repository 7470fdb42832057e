-- Places, who will be there when, and the talks noted there; and what is known here of initiatives.
create extension if not exists btree_gist;
create extension if not exists cube;
create extension if not exists earthdistance;

create table places (
    id uuid primary key,
    name text not null,
    address text not null,
    kind text not null,
    latitude double precision not null check (latitude between -90 and 90),
    longitude double precision not null check (longitude between -180 and 180),
    version integer not null default 1
);
create unique index places_once on places (lower(name), lower(address));
create index places_by_name on places (name, id);
create index places_by_point on places using gist (ll_to_earth(latitude, longitude));

create table presence_slots (
    id uuid primary key,
    officer_id uuid not null,
    place_id uuid not null references places,
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > starts_at),
    themes text[] not null,
    status text not null check (status in ('planned', 'arrived', 'left', 'cancelled')),
    version integer not null default 1,
    constraint one_place_at_a_time exclude using gist (
        officer_id with =, tstzrange(starts_at, ends_at) with &&
    ) where (status in ('planned', 'arrived'))
);
create unique index one_arrival_an_officer on presence_slots (officer_id) where status = 'arrived';
create index presence_slots_of_officer on presence_slots (officer_id, starts_at desc, id desc);
create index presence_slots_at_place on presence_slots (place_id, starts_at, id)
    where status in ('planned', 'arrived');
create index presence_slots_by_time on presence_slots using gist (tstzrange(starts_at, ends_at))
    where status in ('planned', 'arrived');

-- The checks say it once more where it cannot be forgotten: without consent there are no words and no name.
create table encounters (
    id uuid primary key,
    noted_by uuid not null,
    noted_at timestamptz not null,
    theme text not null,
    consent text not null check (consent in ('none', 'anonymous', 'named')),
    place_id uuid references places,
    initiative_id uuid,
    words text check (words is null or consent <> 'none'),
    contributor_id uuid check (contributor_id is null or consent = 'named'),
    withdrawn boolean not null default false check (not withdrawn or consent = 'none'),
    version integer not null default 1
);
create index encounters_of_arranger on encounters (noted_by, noted_at desc, id desc);

-- A projection of initiatives. Its title and place come with the public state and go with its tombstone; the
-- fact that it was withdrawn may come first, and stays.
create table initiatives (
    id uuid primary key,
    title text,
    status text,
    latitude double precision,
    longitude double precision,
    state_version bigint not null default 0,
    withdrawn boolean not null default false
);
