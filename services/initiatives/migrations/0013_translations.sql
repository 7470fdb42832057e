-- English captions, written by people. `scene_parts.english` counts how often those of a part were written or taken
-- away: a version keeps that number and never the words, so that a film can be made anew when they are others.
alter table scenes add column heading_english text;
alter table scene_parts add column english integer not null default 0 check (english >= 0);

create table scene_part_english (
    part_id uuid primary key,
    words text not null,
    by_person uuid not null,
    changed_at timestamptz not null
);
