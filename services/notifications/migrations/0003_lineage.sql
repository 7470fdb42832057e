-- Whose contributions there are, of those who agreed to be named, and what came of what: a projection of lineage.
create table contributors (
    contribution_id uuid primary key,
    contributor_id uuid not null,
    offered_at timestamptz not null,
    withdrawn_at timestamptz
);
create table links (
    id uuid primary key,
    version bigint not null,
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

-- What a contributor is told, once a hop, whichever of their contributions it came of first.
create table personal_lines (
    person_id uuid not null,
    link_id uuid not null,
    contribution_id uuid not null,
    at timestamptz not null,
    primary key (person_id, link_id)
);
create index personal_lines_newest on personal_lines (person_id, at desc, link_id desc);

-- A mail is about a line of the feed, or about a hop of what came of somebody's own contribution.
alter table mails alter column feed_position drop not null;
alter table mails add column link_id uuid;
alter table mails add constraint mails_about_one_thing check ((feed_position is null) <> (link_id is null));
create unique index mails_of_hops on mails (link_id, person_id) where link_id is not null;
