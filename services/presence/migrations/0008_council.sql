-- The inspiration council: who is in it, whom they visit, what they promise there, and who is worth a visit.

create table council_members (
    id uuid primary key,
    person_id uuid not null,
    kind text not null check (kind in ('core', 'inspirator')),
    status text not null check (status in ('invited', 'serving', 'declined', 'taken-back', 'ended')),
    themes text[] not null,
    invited_by uuid not null,
    term_from timestamptz not null,
    term_until timestamptz not null check (term_until > term_from),
    words text check (words is null or status not in ('declined', 'taken-back')),
    left_how text check ((left_how is not null) = (status = 'ended')),
    ended_why text check ((ended_why is not null) = (left_how is not distinct from 'ended')),
    version integer not null default 1
);
create unique index one_open_membership_a_person on council_members (person_id) where status in ('invited', 'serving');

-- The words of an invitation go with whoever takes them back. `member_ids` are those who come, and then those who were
-- there.
create table visits (
    id uuid primary key,
    initiative_id uuid not null,
    invited_by uuid not null,
    invitation text check (invitation is not null or status = 'cancelled'),
    place_id uuid references places,
    status text not null check (status in ('invited', 'accepted', 'declined', 'cancelled', 'visited', 'reported')),
    member_ids uuid[] not null default '{}',
    starts_at timestamptz,
    ends_at timestamptz check (ends_at > starts_at),
    reason text check ((reason is not null) = (status in ('declined', 'cancelled'))),
    cancelled_by text check ((cancelled_by is not null) = (status = 'cancelled')),
    answer text check ((answer is not null) = (status = 'declined')),
    report text check ((report is not null) = (status = 'reported')),
    version integer not null default 1,
    check ((starts_at is null) = (ends_at is null)),
    check (starts_at is not null or status not in ('accepted', 'visited', 'reported'))
);
create unique index one_open_visit_an_initiative on visits (initiative_id) where status in ('invited', 'accepted');
create index visits_of_initiative on visits (initiative_id, id desc);
create index visits_by_status on visits (status, starts_at, id);

-- Where members are, so that nobody is at two visits at once; of a visit that is cancelled there is nothing here.
create table visiting (
    visit_id uuid not null references visits,
    member_id uuid not null references council_members,
    during tstzrange not null,
    primary key (visit_id, member_id),
    constraint one_visit_at_a_time exclude using gist (member_id with =, during with &&)
);

create table council_promises (
    id uuid primary key,
    version bigint not null,
    status text not null check (status in ('open', 'due', 'kept', 'let-go')),
    visit_id uuid not null references visits,
    initiative_id uuid not null,
    member_id uuid not null references council_members,
    text text not null,
    due_on date not null,
    due_at timestamptz not null,
    reminded boolean not null,
    reason text check ((reason is not null) = (status = 'let-go')),
    why text check ((why is not null) = (status = 'let-go')),
    outcome text check (outcome is null or status = 'kept'),
    made_at timestamptz not null
);
create index council_promises_by_due on council_promises (due_at, id);
create index council_promises_of_visit on council_promises (visit_id, due_at, id);
create index council_promises_of_initiative on council_promises (initiative_id, due_at, id);

-- A projection: what happened to initiatives that makes them worth a visit, of each kind the last time and how often.
create table frontrunners (
    initiative_id uuid not null,
    reason text not null,
    latest timestamptz not null,
    times bigint not null check (times > 0),
    primary key (initiative_id, reason)
);
create index frontrunners_by_moment on frontrunners (latest);
create index harvest_lines_by_moment on harvest_lines (session_id, noted_at);
