-- A support may be anonymous: then supporter_id is its own id. It stands as long as there is a ground for it: its giver
-- said yes themselves (own), a merge brought it (merged_by), or so many paper batches name it (papers). One that moved
-- with a merge (moved_by) counts at the other initiative, as the support moved_to.
alter table supports
    add column anonymous boolean not null default false,
    add column own boolean not null default true,
    add column papers integer not null default 0 check (papers >= 0),
    add column merged_by uuid,
    add column moved_by uuid,
    add column moved_to uuid,
    add check (anonymous = (supporter_id = id)),
    add check ((moved_by is null) = (moved_to is null)),
    add check (not given or own or papers > 0 or merged_by is not null),
    add check (moved_by is null or not given);
alter table supports alter column own drop default;
create index supports_of_initiative on supports (initiative_id);
create index supports_moved on supports (moved_by) where moved_by is not null;

-- The count of an initiative is the sum of its tallies. Every group of supports adds a row, so that nobody waits for
-- anybody else's; now and then the rows of an initiative become one.
drop table support_counts;
create table support_tallies (
    id bigint generated always as identity primary key,
    initiative_id uuid not null,
    delta bigint not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
create index support_tallies_of_initiative on support_tallies (initiative_id);
insert into support_tallies (initiative_id, delta)
select initiative_id, count(*) from supports where given group by initiative_id;
create view support_counts as
select i.id as initiative_id,
    coalesce((select sum(t.delta) from support_tallies t where t.initiative_id = i.id), 0)::bigint as supports
from initiatives i;

-- The trees over the supports of closed initiatives. At level 0 of a tree stand its leaves, sorted, and above them the
-- hashes of complete subtrees: 256 in a row of this table, `first` being the first leaf of a row. A merge that is
-- undone after the close makes another tree; the last one holds.
create table support_trees (
    initiative_id uuid not null,
    number integer not null check (number > 0),
    size bigint not null check (size >= 0),
    root bytea not null,
    closed_at timestamptz not null,
    primary key (initiative_id, number)
);
create table support_nodes (
    initiative_id uuid not null,
    number integer not null,
    level smallint not null,
    part integer not null,
    first bytea not null,
    hashes bytea not null,
    primary key (initiative_id, number, level, part)
);
alter table support_nodes alter column hashes set storage external;

-- Sheets of signatures that an officer counted, and the supports their lines stand for; one that is older than ids made
-- with the secret is stored under another id than it would have now.
create table paper_batches (
    id uuid primary key,
    version bigint not null check (version > 0),
    initiative_id uuid not null,
    officer_id uuid not null,
    status text not null check (status in ('counted', 'undone')),
    supports integer not null check (supports >= 0),
    counted_at timestamptz not null,
    changed_at timestamptz not null
);
create index paper_batches_of_initiative on paper_batches (initiative_id, counted_at desc, id desc);
create table paper_lines (
    batch_id uuid not null,
    support_id uuid not null,
    stored_id uuid not null,
    primary key (batch_id, support_id)
);

create table merges (
    id uuid primary key,
    version bigint not null check (version > 0),
    joining_id uuid not null,
    into_id uuid not null check (into_id <> joining_id),
    status text not null check (status in ('proposed', 'agreed', 'closed', 'declined', 'withdrawn', 'undone')),
    window_ends_at timestamptz,
    undo_asked_by text check (undo_asked_by in ('joining', 'into')),
    moved bigint,
    stayed bigint,
    proposed_at timestamptz not null,
    changed_at timestamptz not null
);
create unique index merges_open on merges (joining_id) where status in ('proposed', 'agreed');
create index merges_of_joining on merges (joining_id, proposed_at desc, id desc);
create index merges_of_into on merges (into_id, proposed_at desc, id desc);
