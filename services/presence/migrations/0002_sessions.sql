-- Sessions: people around a question, announced by an arranger, and what they yielded.
create table sessions (
    id uuid primary key,
    host_id uuid not null,
    place_id uuid references places,
    working_form text not null,
    title text,
    question text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > starts_at),
    initiative_ids uuid[] not null,
    status text not null check (status in ('announced', 'live', 'harvested', 'cancelled')),
    cancel_reason text check ((cancel_reason is not null) = (status = 'cancelled')),
    lines integer not null default 0 check (lines >= 0),
    version integer not null default 1
);
create index sessions_by_time on sessions (starts_at, id);
create index sessions_of_initiative on sessions using gin (initiative_ids);

-- As with encounters: without consent there are no words and no name.
create table harvest_lines (
    id uuid primary key,
    session_id uuid not null references sessions,
    noted_by uuid not null,
    noted_at timestamptz not null,
    initiative_id uuid,
    consent text not null check (consent in ('none', 'anonymous', 'named')),
    words text check (words is null or consent <> 'none'),
    contributor_id uuid check (contributor_id is null or consent = 'named'),
    withdrawn boolean not null default false check (not withdrawn or consent = 'none'),
    version integer not null default 1
);
create index harvest_lines_of_session on harvest_lines (session_id, id) where words is not null;
