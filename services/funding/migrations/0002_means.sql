-- Means of every kind: the ledger by resource, needs boards, quotes, deliveries; and what a round pins.

alter table funds add column paused_until timestamptz;
alter table rounds
    add column terms jsonb not null default '{}',
    add column valuation_version text not null default '',
    add column paused_until timestamptz,
    add column seed_commitment text,
    add column closed_at timestamptz;
alter table pot_lines
    add column themes text[] not null default '{}',
    add column neighbourhoods text[] not null default '{}',
    add column most_per_initiative bigint check (most_per_initiative > 0);

-- What a pot line with a limit per initiative gave to each.
create table pot_line_given (
    pot_line_id uuid not null references pot_lines,
    initiative_id uuid not null,
    given_cents bigint not null check (given_cents >= 0),
    primary key (pot_line_id, initiative_id)
);

-- The ledger, by resource.
alter table accounts drop constraint accounts_id_check;
alter table accounts add constraint accounts_id_check check (id ~ '^(party|pot|escrow|delivered|returned):');
alter table transfers
    add column input_hash bytea,
    add constraint transfers_resource_check
        check (resource ~ '^(EUR/2|(TIME|SLOT|MAT)/[a-z0-9]+(-[a-z0-9]+)*)$');
alter table transfers alter column id drop default, alter column resource drop default;
alter table resolutions add column amount bigint not null default 0 check (amount >= 0);
update resolutions r set amount = t.amount from transfers t where t.id = r.transfer_id and r.outcome = 'posted';
alter table resolutions alter column amount drop default;
alter table resolutions drop constraint resolutions_outcome_check;
alter table resolutions add constraint resolutions_outcome_check check (outcome in ('posted', 'voided', 'expired'));
alter table balances add column resource text not null default 'EUR/2';
alter table balances alter column resource drop default;
alter table balances drop constraint balances_pkey;
alter table balances add primary key (account, resource);

-- Initiatives as this service knows them, with who may set their needs.
alter table initiatives add column initiator_id uuid, add column neighbourhood text not null default '';

-- What an initiative needs of each resource, set by its initiator; without a line in euros its proposal counts.
create table needs (
    initiative_id uuid not null,
    resource text not null,
    minimum bigint not null check (minimum >= 0),
    wished bigint check (wished >= minimum and wished > 0),
    primary key (initiative_id, resource)
);

-- What was promised of each resource. The row in `means` stays the lock on all of an initiative's means.
create table promised (
    initiative_id uuid not null,
    resource text not null,
    quantity bigint not null check (quantity >= 0),
    pledges bigint not null check (pledges >= 0),
    primary key (initiative_id, resource)
) with (fillfactor = 70);
insert into promised select initiative_id, 'EUR/2', pledged_cents, pledges from means;
alter table means drop column pledged_cents, drop column pledges;
alter table means
    add column reserved_cents bigint not null default 0 check (reserved_cents >= 0),
    add column version bigint not null default 0,
    add column all_or_nothing boolean not null default true,
    add column deadline timestamptz,
    add column top_up_days integer not null default 14 check (top_up_days between 0 and 90),
    add column top_up_until timestamptz,
    add column missed_at timestamptz;
update means set version = 1 where reached_at is not null;

alter table pledges rename column amount_cents to quantity;
alter table pledges
    add column resource text not null default 'EUR/2',
    add column starts_at timestamptz,
    add column ends_at timestamptz,
    add column quote_id uuid,
    add column delivered bigint not null default 0,
    add column gone bigint not null default 0,
    add column match_gone bigint not null default 0,
    add constraint pledges_parts_check check (delivered >= 0 and gone >= 0 and delivered + gone <= quantity);
alter table pledges alter column resource drop default;
alter table pledges drop constraint pledges_status_check;
alter table pledges add constraint pledges_status_check
    check (status in ('held', 'committed', 'delivered', 'lapsed', 'withdrawn', 'refunded'));
create index pledges_of_initiative on pledges (initiative_id, id);
create index pledges_of_round on pledges (round_id, made_at, id) where round_id is not null;
create index pledges_of_pledger on pledges (pledger_id, id);

-- A slot of a facility is promised once: a standing pledge holds its time.
create table slots (
    pledge_id uuid primary key references pledges,
    facility text not null,
    during tstzrange not null,
    exclude using gist (facility with =, during with &&)
);

-- Matches that are reserved for a pledge that may come.
create table quotes (
    id uuid primary key,
    pledger_id uuid not null,
    initiative_id uuid not null,
    round_id uuid not null,
    resource text not null,
    quantity bigint not null check (quantity > 0),
    match jsonb not null,
    quoted_at timestamptz not null,
    expires_at timestamptz not null,
    status text not null check (status in ('reserved', 'used', 'released')),
    pledge_id uuid
);
create index quotes_reserved on quotes (round_id, pledger_id) where status = 'reserved';

-- What was really delivered of a pledge, part by part. The evidence is private to its initiative and the operators.
create table deliveries (
    id uuid primary key,
    pledge_id uuid not null references pledges,
    quantity bigint not null check (quantity > 0),
    evidence text not null,
    recorded_by uuid not null,
    at timestamptz not null
);
create index deliveries_of_pledge on deliveries (pledge_id, at);

-- What a batch round gave to an initiative at its close.
create table grants (
    id uuid primary key,
    round_id uuid not null references rounds,
    initiative_id uuid not null,
    count_id uuid not null,
    match jsonb not null,
    status text not null check (status in ('held', 'committed', 'returned')),
    unique (round_id, initiative_id)
);
create index grants_of_initiative on grants (initiative_id);

create index transfers_by_time on transfers (at, id);

-- Every rule version that was ever in effect: who has the version finds the knobs.
create table rule_versions (
    version text primary key,
    rule text not null,
    knobs jsonb not null
);
