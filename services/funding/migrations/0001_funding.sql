-- Funds and rounds.
create table funds (
    id uuid primary key,
    name text not null,
    opened_by uuid not null,
    opened_at timestamptz not null
);
create index funds_by_time on funds (opened_at, id);

create table rounds (
    id uuid primary key,
    fund_id uuid not null references funds,
    rule text not null,
    rule_version text not null,
    knobs jsonb not null,
    opened_by uuid not null,
    opened_at timestamptz not null,
    closes_at timestamptz not null,
    closed boolean not null default false,
    version bigint not null default 1
);
create index rounds_by_time on rounds (opened_at, id);
create index rounds_of_fund on rounds (fund_id, opened_at, id);

-- The ledger. Accounts, transfers and resolutions are only ever added to.
create table accounts (
    id text primary key check (id ~ '^(party|pot|escrow):'),
    opened_at timestamptz not null default now()
);

create table transfers (
    id uuid primary key default uuidv7(),
    group_id uuid not null,
    kind text not null,
    resource text not null default 'EUR/2',
    debit text not null,
    credit text not null check (credit <> debit),
    amount bigint not null check (amount > 0),
    pending boolean not null,
    at timestamptz not null
);
create index transfers_of_group on transfers (group_id);

create table resolutions (
    transfer_id uuid primary key references transfers,
    outcome text not null check (outcome in ('posted', 'voided')),
    at timestamptz not null
);

do $$
begin
    execute format(
        'revoke update, delete, truncate on accounts, transfers, resolutions from %I', current_database() || '_app'
    );
end
$$;

-- Sums of the ledger, written in the transaction that moves the money, recomputed by the audit.
create table balances (
    account text primary key,
    debits_pending bigint not null,
    debits_posted bigint not null,
    credits_pending bigint not null,
    credits_posted bigint not null
) with (fillfactor = 70);

create table audit (
    one boolean primary key default true check (one),
    at timestamptz not null,
    result jsonb not null
);

create table pot_lines (
    id uuid primary key,
    round_id uuid not null references rounds,
    position integer not null,
    cofinancier text not null,
    amount_cents bigint not null check (amount_cents > 0),
    account text not null,
    added_by uuid not null,
    added_at timestamptz not null,
    unique (round_id, position)
);

-- What stands for each initiative that was pledged to; its row is also the lock on its money.
create table means (
    initiative_id uuid primary key,
    pledged_cents bigint not null default 0 check (pledged_cents >= 0),
    matched_cents bigint not null default 0 check (matched_cents >= 0),
    pledges bigint not null default 0 check (pledges >= 0),
    reached_at timestamptz
) with (fillfactor = 70);

-- What each pledger was matched in a round, for the cap on it.
create table round_donors (
    round_id uuid not null,
    donor_id uuid not null,
    given_cents bigint not null check (given_cents >= 0),
    primary key (round_id, donor_id)
);

create table pledges (
    id uuid primary key,
    pledger_id uuid not null,
    initiative_id uuid not null,
    round_id uuid,
    amount_cents bigint not null check (amount_cents > 0),
    made_at timestamptz not null,
    status text not null check (status in ('held', 'committed', 'withdrawn')),
    version bigint not null,
    match jsonb
);
create index pledges_held on pledges (initiative_id) where status = 'held';

-- Projections of the initiatives service's events.
create table initiatives (
    initiative_id uuid primary key,
    version bigint not null,
    status text not null,
    theme text not null,
    needed_cents bigint not null
);

create table support_counts (
    initiative_id uuid primary key,
    supports bigint not null
);
