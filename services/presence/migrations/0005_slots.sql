-- Series of slots, lone visits, and what finds who is near in the week to come.

-- A recurrence rule (RFC 5545) beside local times; each of its times is a slot, announced until `announced_until`.
create table presence_series (
    id uuid primary key,
    officer_id uuid not null,
    place_id uuid not null references places,
    themes text[] not null,
    rule text not null,
    starts_on date not null,
    starts_at time not null,
    ends_at time not null,
    exceptions date[] not null,
    announced_until date not null,
    status text not null check (status in ('ongoing', 'ended')),
    last_on date check ((last_on is not null) = (status = 'ended')),
    version integer not null default 1
);
create index presence_series_of_officer on presence_series (officer_id, id desc);
alter table presence_slots add foreign key (series_id) references presence_series;

-- In order of time, which also finds who is here now: a slot lasts a day at most. It takes the place of a slower one.
create index presence_slots_by_start on presence_slots (starts_at, id) where status in ('planned', 'arrived');
drop index presence_slots_by_time;

-- Slots from before ring from now on: by themselves they are missed, or their officer has gone.
insert into timers (kind, ref, due_at)
select 'slot-rings', id, case status when 'planned' then ends_at else ends_at + interval '1 hour' end
from presence_slots where status in ('planned', 'arrived')
on conflict do nothing;

-- Who is out alone, where to, and who is rung when they are not back. A row goes a day after its end.
create table lone_visits (
    id uuid primary key,
    visitor_id uuid not null,
    colleague_id uuid not null check (colleague_id <> visitor_id),
    place_id uuid references places,
    note text check (note is not null or place_id is not null),
    back_by timestamptz not null,
    status text not null check (status in ('out', 'overdue', 'returned')),
    rings integer not null default 0 check (rings >= 0),
    rang boolean not null default false,
    ended_at timestamptz check ((ended_at is not null) = (status = 'returned')),
    version integer not null default 1
);
create unique index one_lone_visit_a_person on lone_visits (visitor_id) where status <> 'returned';
create index lone_visits_of_visitor on lone_visits (visitor_id, id desc);
create index lone_visits_of_colleague on lone_visits (colleague_id, id desc);
