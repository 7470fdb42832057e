-- Consents: one row for each person, subject and use; `subject_version` is the version of the subject they answer for.
create table consents (
    id uuid primary key,
    version bigint not null check (version > 0),
    subject_kind text not null check (subject_kind in ('scene-part', 'story', 'retelling')),
    subject_id uuid not null,
    subject_version integer not null check (subject_version > 0),
    initiative_id uuid not null,
    person_id uuid not null,
    use text not null check (use in ('dream-vision', 'credits', 'story', 'retelling')),
    status text not null check (status in ('asked', 'given', 'declined', 'withdrawn', 'lapsed')),
    asked_at timestamptz not null,
    changed_at timestamptz not null
);
create index consents_of_subject on consents (subject_kind, subject_id);
create index consents_of_person on consents (person_id, asked_at desc, id desc);
create index consents_of_person_by_status on consents (person_id, status, asked_at desc, id desc);

-- Stories. The words of one that was withdrawn are gone. `words_version` counts what people in it are asked to agree to.
create table stories (
    id uuid primary key,
    version bigint not null check (version > 0),
    words_version integer not null check (words_version > 0),
    status text not null check (status in ('told', 'consented', 'published', 'withdrawn')),
    initiative_id uuid not null,
    teller_id uuid not null,
    title text,
    text text,
    media_ids uuid[] not null,
    people uuid[] not null,
    contribution_ids uuid[] not null,
    told_at timestamptz not null,
    changed_at timestamptz not null,
    published_at timestamptz,
    check ((title is null and text is null) = (status = 'withdrawn')),
    check ((published_at is not null) = (status = 'published'))
);
create index stories_newest on stories (published_at desc, id desc) where status = 'published';
create index stories_of_initiative on stories (initiative_id, published_at desc, id desc) where status = 'published';
create index stories_of_teller on stories (teller_id, told_at desc, id desc);

-- What aldermen made of stories; one that waits is shown to nobody but those it is about.
create table retellings (
    id uuid primary key,
    story_id uuid not null references stories,
    by_id uuid not null,
    status text not null check (status in ('waiting', 'published', 'withdrawn')),
    title text,
    text text,
    media_ids uuid[] not null,
    told_at timestamptz not null,
    published_at timestamptz,
    check ((text is null) = (status = 'withdrawn')),
    check ((published_at is not null) = (status = 'published'))
);
create index retellings_of_story on retellings (story_id, told_at, id) where status <> 'withdrawn';

-- How far stories came, as notifications last counted it.
create table story_reach (
    story_id uuid primary key,
    version bigint not null,
    people bigint not null,
    mails bigint not null,
    deliveries bigint not null,
    measured_at timestamptz not null
);

-- What made an initiative worth telling about lately.
create index timeline_worth_telling on timeline (at desc, id desc) where type in (
    'nl.participatie.initiatives.initiative-celebrated.v1',
    'nl.participatie.dream-visions.dream-vision-published.v1',
    'nl.participatie.milestones.milestone-reached.v1'
);
