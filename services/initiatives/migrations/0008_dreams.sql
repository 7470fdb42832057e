-- Dream visions. `version` counts facts; `newest`, `published` and `succeeding` are numbers of versions.
create table dreams (
    id uuid primary key,
    initiative_id uuid not null unique,
    version bigint not null check (version > 0),
    newest integer not null check (newest >= 0),
    published integer,
    succeeding integer,
    opened_at timestamptz not null,
    changed_at timestamptz not null
);

-- Scenes in their order. One that was taken out stays for what is linked to it.
create table scenes (
    id uuid primary key,
    dream_id uuid not null,
    place integer not null,
    heading text not null,
    question text not null,
    experience text,
    removed boolean not null default false
);
create index scenes_of_dream on scenes (dream_id, place) where not removed;

-- What fills scenes, in what light. A cleared part stays: a version that was made before may show it.
create table scene_parts (
    id uuid primary key,
    dream_id uuid not null,
    place integer not null,
    scene_id uuid not null,
    contribution_id uuid not null,
    contributor_id uuid not null,
    kind text not null check (kind in ('text', 'image', 'clip', 'voice')),
    light text not null check (light in ('lit', 'waiting', 'dark')),
    named boolean not null check (not named or light = 'lit'),
    cleared boolean not null
);
create index scene_parts_of_dream on scene_parts (dream_id, place);
create index scene_parts_of_contribution on scene_parts (contribution_id);

-- Versions, each with its render. `scenes` and `parts` are the storyboard as it was, without any words but headings
-- and questions: what a version says is read where it stands, so that what was taken back is gone from it at once.
-- A render belongs to the process `claimed_by` until `claimed_until`, by the database's clock.
create table dream_versions (
    dream_id uuid not null,
    number integer not null check (number > 0),
    render_id uuid not null unique,
    status text not null check (status in (
        'queued', 'rendering', 'rendered', 'published', 'replaced', 'failed', 'withdrawn'
    )),
    title text not null,
    scenes jsonb not null,
    parts jsonb not null,
    attempts integer not null check (attempts >= 0),
    percent integer not null default 0 check (percent between 0 and 100),
    claimed_by uuid,
    claimed_until timestamptz,
    seconds double precision,
    digest text,
    dark jsonb not null default '{}',
    files jsonb,
    failure text,
    failed_scene uuid,
    made_at timestamptz not null,
    finished_at timestamptz,
    published_at timestamptz,
    primary key (dream_id, number),
    check ((claimed_by is not null) = (status = 'rendering')),
    check ((failure is not null) = (status = 'failed')),
    check (status not in ('rendered', 'published') or files is not null)
);
create index dream_versions_to_render on dream_versions (made_at, render_id) where status in ('queued', 'rendering');
