-- What presence in full knows more of what it already had; what is new has migrations of its own.

-- Places: more than a name and a point. Opening hours are windows by day ({"mo": ["09:00-17:30"]}), accessibility says
-- what is known to be there or not ({"step-free": true}). A closed place stays for what happened there.
alter table places
    add column neighbourhood text,
    add column opening_hours jsonb not null default '{}',
    add column accessibility jsonb not null default '{}',
    add column host text,
    add column capacity integer check (capacity > 0),
    add column closed_reason text;
drop index places_once;
create unique index places_once on places (lower(name), lower(address)) where closed_reason is null;
create index places_of_neighbourhood on places (neighbourhood) where neighbourhood is not null;

-- Slots: one of a series where `series_id` says so, at first meant for `recurs_at`.
alter table presence_slots
    drop constraint presence_slots_status_check,
    add constraint presence_slots_status_check check (status in ('planned', 'arrived', 'left', 'missed', 'cancelled')),
    add column series_id uuid,
    add column recurs_at timestamptz,
    add column arrived_how text check (arrived_how in ('by-hand', 'qr', 'claimed')),
    add column changed_at timestamptz not null default now(),
    add check ((series_id is null) = (recurs_at is null));
create unique index presence_slots_of_series on presence_slots (series_id, recurs_at) where series_id is not null;

-- Sessions: seats, a waiting list, and an end. `taken` and `waiting` are counts of the seats below.
alter table sessions
    drop constraint sessions_status_check,
    add constraint sessions_status_check check (
        status in ('announced', 'open', 'full', 'live', 'harvested', 'thanked', 'cancelled')
    ),
    add column themes text[] not null default '{}',
    add column capacity integer check (capacity > 0),
    add column opens_at timestamptz,
    add column taken integer not null default 0 check (taken >= 0),
    add column waiting integer not null default 0 check (waiting >= 0),
    add column thanks text,
    add column changed_at timestamptz not null default now();
create index sessions_of_place on sessions (place_id, starts_at) where place_id is not null;

-- The projection of initiatives: what matching and suggestions go by. A rebuild fills it for what is there already.
alter table initiatives
    add column theme text,
    add column neighbourhood text,
    add column initiators uuid[] not null default '{}';

-- The knobs of funds, as the funding service told them: a projection.
create table knobs (
    fund_id uuid primary key,
    set_number bigint not null,
    knob_values json not null,
    effective_at timestamptz not null
);
