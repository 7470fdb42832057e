-- Talks with a voice, and talks that become a draft.

-- A draft that began with a talk. That it once began is kept apart, so that no talk begins a second one after the
-- first was proposed or thrown away. The link is cut where the teller takes back what they told.
alter table drafts add column encounter_id uuid;
create unique index drafts_of_encounter on drafts (encounter_id) where encounter_id is not null;
create table drafted_encounters (
    encounter_id uuid primary key
);

-- Which sound belongs to what was told, by whom it was noted: shown only where those media are theirs, and ready,
-- which may come later. Gone, and the sound with it, when the teller takes it back.
create table told_sounds (
    contribution_id uuid primary key,
    media_id uuid not null,
    noted_by uuid not null
);
create index told_sounds_of_media on told_sounds (media_id);

create view sounds_shown as
select s.contribution_id, m.id as media_id
from told_sounds s
join media m on m.id = s.media_id and m.owner_id = s.noted_by and m.status = 'ready' and m.kind = 'audio';

-- All that media stand in: what people put them in, and what was told with them.
create view media_in_use as
select media_id, used_by_kind, used_by_id from media_uses
union all
select s.media_id, 'contribution', o.id
from sounds_shown s join offered o on o.id = s.contribution_id and o.status <> 'withdrawn';

-- What was told in sound alone has empty words, and is shown once its sound can be heard.
create or replace view contributions_shown as
select o.id, o.version, o.initiative_id,
    case when s.media_id is null then o.kind else 'audio' end as kind,
    coalesce(o.words, c.words) as words, coalesce(o.media_id, s.media_id) as media_id, o.origin, o.origin_id,
    o.scene_id, o.session_id, o.status, o.reason, o.answer, o.offered_at,
    case when o.origin <> 'resident' then c.contributor_id when not o.anonymous then o.person_id end
        as contributor_id,
    e.topic, e.words as experience
from offered o
left join contributions c on c.id = o.id and o.origin <> 'resident'
left join sounds_shown s on s.contribution_id = o.id and o.origin = 'encounter'
left join lived_experience e on e.claim_id = o.claim_id
where o.status <> 'withdrawn' and coalesce(o.words, c.words) is not null
    and (coalesce(o.words, c.words) <> '' or s.media_id is not null)
    and not exists (select from hidden h where h.subject_kind = 'contribution' and h.subject_id = o.id);
