-- A line of the feed stands once, about the first initiative (else place) it names; these are the others it is about.
create table feed_also (
    position bigint not null references feed,
    about uuid not null,
    primary key (about, position)
);
create index feed_also_by_position on feed_also (position);

-- A line waits for the names of all it is about, and of the session it is a fact of.
alter table feed_waiting
    add column also uuid[] not null default '{}',
    add column needs uuid[] not null default '{}';
update feed_waiting set needs = array[about];
alter table feed_waiting
    alter column about drop not null,
    alter column also drop default,
    alter column needs drop default;
drop index feed_waiting_by_about;
create index feed_waiting_by_needs on feed_waiting using gin (needs);

-- What one person alone is told. It is written once: where it comes from keeps it for a month only.
create table personal_notices (
    id uuid primary key,
    person_id uuid not null,
    what text not null,
    session_id uuid,
    request_id uuid,
    visit_id uuid,
    promise_id uuid,
    lone_visit_id uuid,
    member_id uuid,
    initiative_id uuid,
    place_id uuid,
    starts_at timestamptz,
    at timestamptz not null
);
create index personal_notices_newest on personal_notices (person_id, at desc, id desc);
create index personal_notices_by_age on personal_notices (at);

-- A mail may also be about a notice. That goes to one person whatever they follow, before other mail.
alter table mails drop constraint mails_about_one_thing;
alter table mails alter column follow_id drop not null;
alter table mails add column notice_id uuid;
alter table mails add constraint mails_about_one_thing check (num_nonnulls(feed_position, link_id, notice_id) = 1);
alter table mails add constraint mails_because_of_a_follow check ((follow_id is null) = (notice_id is not null));
create unique index mails_of_notices on mails (notice_id) where notice_id is not null;
create index mails_of_notices_due on mails (next_at) where state = 'pending' and notice_id is not null;

-- The reach of invitations to sessions is counted as that of stories is.
drop index log_of_stories;
create index log_of_counted on log (time) where type in (
    'nl.participatie.stories.story-published.v1', 'nl.participatie.stories.story-retold.v1',
    'nl.participatie.sessions.session-announced.v1'
);
