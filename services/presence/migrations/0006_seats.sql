-- Seats of sessions: somebody's, or without a name, held by a code of which only the digest is here. `number` is the
-- order in which they were asked for. No moment is kept of who came when; the person goes a month after the session.
create table seats (
    id uuid primary key,
    session_id uuid not null references sessions,
    number integer not null check (number > 0),
    person_id uuid check (person_id is null or code_hash is null),
    code_hash bytea unique,
    status text not null check (status in ('waiting', 'taken', 'checked-in', 'given-up', 'no-show')),
    role text not null check (role in ('host', 'scribe', 'inspirator', 'participant')),
    unique (session_id, number)
);
create unique index seats_one_a_person on seats (session_id, person_id)
    where status in ('waiting', 'taken', 'checked-in');
create index seats_of_person on seats (person_id, id) where person_id is not null;
create index seats_without_name on seats (session_id) where code_hash is not null;
create index seats_waiting on seats (session_id, number) where status = 'waiting';

-- Whatever the code above may get wrong: never one too many.
alter table sessions add constraint never_one_too_many check (taken <= capacity);
