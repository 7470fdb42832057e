-- What moderation has taken from view, by a published rule.
create table hidden (
    subject_kind text not null,
    subject_id uuid not null,
    primary key (subject_kind, subject_id)
);

-- The whole life of an initiative, who carries it, and what holds for it from its start.
alter table initiatives
    drop constraint initiatives_status_check,
    add constraint initiatives_status_check check (status in (
        'proposed', 'supported', 'in-co-creation', 'dream-published', 'under-way', 'celebrated',
        'joined', 'paused', 'withdrawn', 'expired', 'halted'
    )),
    add column kind text not null default 'initiative' check (kind in ('initiative', 'challenge')),
    add column answers json not null default '{}',
    add column initiators uuid[] not null default '{}',
    add column invited uuid[] not null default '{}',
    add column supports_close_at timestamptz,
    add column knob_set bigint,
    add column reminder_days integer not null default 14,
    add column support_closed boolean not null default false,
    add column pause_reason text,
    add column before_status text,
    add column rests_since timestamptz,
    add column merge_id uuid,
    add column into_id uuid,
    add column halt_id uuid,
    add column halt_ground text,
    add column appeal_until timestamptz,
    add column appealed boolean not null default false,
    add column thanks text;
update initiatives set initiators = array[initiator_id];
alter table initiatives
    drop column initiator_id,
    add column initiator_id uuid generated always as (initiators[1]) stored,
    add check (cardinality(initiators) > 0),
    add check ((before_status is not null) = (rests_since is not null)),
    add check ((pause_reason is not null) = (status = 'paused') or status = 'halted'),
    add check ((status in ('joined', 'paused', 'halted')) = (before_status is not null)),
    add check ((into_id is not null) = (status = 'joined')),
    add check ((halt_id is not null) = (status = 'halted'));
create index initiatives_by_initiator on initiatives using gin (initiators);

-- What an initiative said before an edit; what it says now stands with itself.
create table initiative_versions (
    initiative_id uuid not null,
    version bigint not null,
    content json not null,
    edited_by uuid not null,
    edited_at timestamptz not null,
    primary key (initiative_id, version)
);

-- Begun, and seen by nobody but who writes it.
create table drafts (
    id uuid primary key,
    owner_id uuid not null,
    version bigint not null check (version > 0),
    content json not null,
    changed_at timestamptz not null
);
create index drafts_of_owner on drafts (owner_id, changed_at desc, id desc);

create table milestones (
    id uuid primary key,
    version bigint not null check (version > 0),
    initiative_id uuid not null,
    title text not null,
    status text not null check (status in ('set', 'reached', 'dropped')),
    due_on date,
    set_at timestamptz not null,
    changed_at timestamptz not null
);
create index milestones_of_initiative on milestones (initiative_id, set_at desc, id desc);

-- The knobs of the fund that the community turns for the square, as the funding service told them.
create table knobs (
    fund_id uuid primary key,
    set_number bigint not null,
    knob_values json not null,
    effective_at timestamptz not null
);
