-- Every contribution that reached an initiative, whichever way it came, and how far it is. A resident's own words
-- stand here; what was told in an encounter or a session has them in the projection `contributions`, which a rebuild
-- may throw away and make again. `person_id` is who brought it in; of an anonymous one it stands here alone.
create table offered (
    id uuid primary key,
    version bigint not null check (version > 0),
    initiative_id uuid,
    kind text not null check (kind in ('text', 'image', 'audio', 'video')),
    origin text not null check (origin in ('resident', 'encounter', 'session')),
    origin_id uuid,
    person_id uuid,
    anonymous boolean not null default false,
    words text,
    media_id uuid,
    scene_id uuid,
    session_id uuid,
    claim_id uuid,
    status text not null check (status in ('offered', 'placed', 'used', 'set-aside', 'withdrawn')),
    reason text,
    answer text,
    offered_at timestamptz not null,
    changed_at timestamptz not null,
    check ((reason is not null) = (status = 'set-aside'))
);
create index offered_newest on offered (initiative_id, offered_at desc, id desc);
create index offered_by_person on offered (person_id, offered_at desc, id desc) where person_id is not null;
create index offered_with_claim on offered (claim_id) where claim_id is not null;

-- What was announced before there was more to say of it. Where the words were erased by then, it was withdrawn.
insert into offered (id, version, initiative_id, kind, origin, origin_id, status, offered_at, changed_at)
select c.id, 1, c.initiative_id, 'text', c.origin, c.origin_id,
    case when c.words is null then 'withdrawn' else 'placed' end, c.offered_at, c.offered_at
from contributions_announced a join contributions c on c.id = a.contribution_id;
drop table contributions_announced;
alter table contributions add column session_id uuid;
create index contributions_of on contributions (contributor_id) where contributor_id is not null;

-- A resident's own word that they know a topic from experience: one a person and topic, gone when it is taken back.
create table lived_experience (
    claim_id uuid primary key,
    person_id uuid not null,
    topic text not null,
    words text not null,
    version bigint not null check (version > 0),
    claimed_at timestamptz not null,
    unique (person_id, topic)
);

-- What came of what. A link that was undone keeps what came of it until then.
create table links (
    id uuid primary key,
    version bigint not null check (version > 0),
    from_kind text not null,
    from_id uuid not null,
    to_kind text not null,
    to_id uuid not null,
    kind text not null,
    initiative_id uuid,
    at timestamptz not null,
    ended_at timestamptz
);
create index links_from on links (from_id, from_kind);
create index links_to on links (to_id, to_kind);

-- Contributions as everybody may read them: not taken back, and not hidden by moderation. Only `contributor_id` and
-- what stands with it name somebody, and only where they agreed.
create view contributions_shown as
select o.id, o.version, o.initiative_id, o.kind,
    coalesce(o.words, c.words) as words, o.media_id, o.origin, o.origin_id, o.scene_id, o.session_id, o.status,
    o.reason, o.answer, o.offered_at,
    case when o.origin <> 'resident' then c.contributor_id when not o.anonymous then o.person_id end
        as contributor_id,
    e.topic, e.words as experience
from offered o
left join contributions c on c.id = o.id and o.origin <> 'resident'
left join lived_experience e on e.claim_id = o.claim_id
where o.status <> 'withdrawn' and coalesce(o.words, c.words) is not null
    and not exists (select from hidden h where h.subject_kind = 'contribution' and h.subject_id = o.id);
