-- Talks with a voice, talks that become a draft, and what was done in the field without signal.

-- The check says it once more: without consent there is no sound, as there are no words.
alter table encounters
    add column becomes text not null default 'contribution' check (becomes in ('contribution', 'draft')),
    add column media_id uuid check (media_id is null or consent <> 'none');

-- Commands that had their effect, each once an officer and id, with its result. `claimed_at` is when the officer says
-- it was, and `skew_ms` how far their clock was ahead on sending; nothing else is reckoned from either. A batch's rows
-- are kept a month, so that a phone that comes back late finds its results.
create table field_commands (
    officer_id uuid not null,
    id uuid not null,
    batch_id uuid not null,
    kind text not null,
    digest bytea not null,
    claimed_at timestamptz not null,
    skew_ms bigint not null,
    received_at timestamptz not null,
    result json,
    primary key (officer_id, id)
);
create index field_commands_of_batch on field_commands (batch_id);
