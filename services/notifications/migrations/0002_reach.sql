-- How far stories came, as last told. It is counted anew from what was mailed and delivered, and never goes back.
create table reach (
    subject_id uuid primary key,
    version bigint not null,
    people bigint not null,
    mails bigint not null,
    deliveries bigint not null,
    measured_at timestamptz not null default now()
);
create index log_of_stories on log (time) where type in (
    'nl.participatie.stories.story-published.v1', 'nl.participatie.stories.story-retold.v1'
);
create index feed_by_log_position on feed (log_position);
