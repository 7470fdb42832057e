-- The values of a fund's knobs, one row for each time they changed. The last is in effect.
create table knob_sets (
    fund_id uuid not null references funds,
    number bigint not null check (number > 0),
    knob_values jsonb not null,
    rule_version text not null,
    valuation_version text not null,
    effective_at timestamptz not null,
    change_id uuid,
    primary key (fund_id, number)
);

-- What a council narrowed the registry's bounds to: {name: [least, most]}.
create table knob_bounds (
    fund_id uuid primary key references funds,
    bounds jsonb not null,
    version bigint not null,
    set_by uuid,
    set_at timestamptz not null
);

create table knob_changes (
    id uuid primary key,
    fund_id uuid not null references funds,
    knob_values jsonb not null,
    bounds jsonb not null,
    knob_class text not null check (knob_class in ('tuning', 'rule', 'constitution')),
    reason text not null,
    drafted_by uuid not null,
    drafted_at timestamptz not null,
    base bigint not null,
    status text not null,
    version bigint not null,
    simulated text,
    opened_at timestamptz,
    closes_at timestamptz,
    roster bigint,
    quorum bigint,
    lock_days integer,
    extended boolean not null default false,
    yes bigint,
    no bigint,
    abstain bigint,
    effective_at timestamptz,
    consented boolean not null default false,
    veto_announced boolean not null default false,
    held_until timestamptz,
    ground text
);
create index knob_changes_by_time on knob_changes (drafted_at, id);
create index knob_changes_of_fund on knob_changes (fund_id, drafted_at, id);
create index knob_changes_alive on knob_changes (fund_id) where status in ('open', 'adopted', 'effective');

-- The report of a change's last simulation, as its exact bytes.
create table knob_simulations (
    change_id uuid primary key references knob_changes,
    digest text not null,
    document text not null,
    made_at timestamptz not null
);

-- Who may vote. When someone enrolled is nobody's business.
create table electorate (
    voter_id uuid primary key
);

-- Who may vote on an open change, and whether they did; without a time. Gone at the close.
create table rosters (
    change_id uuid not null,
    voter_id uuid not null,
    voted boolean not null default false,
    primary key (change_id, voter_id)
) with (fillfactor = 70);

-- What was chosen, under ids only the voters know as theirs; without a time, a voter or an order. Rewritten in
-- another order at the close, so that neither a row's place nor its transaction tells whose it was.
create table ballots (
    id uuid primary key,
    change_id uuid not null,
    choice text not null check (choice in ('yes', 'no', 'abstain'))
);
create index ballots_of_change on ballots (change_id, id);

-- How many ballots there were when the last 24 hours of a vote began, written by the first ballot after that.
create table early_ballots (
    change_id uuid primary key,
    ballots bigint not null
);

-- A fund's emergency brake; the calls for it are {by, role, reason, at, hours}.
create table brakes (
    fund_id uuid primary key references funds,
    version bigint not null,
    first jsonb,
    second jsonb,
    until timestamptz,
    release jsonb,
    ended_at timestamptz
);

-- Funds from before knobs turned: the knobs of their latest round, and the registry's values for all others.
insert into knob_sets (fund_id, number, knob_values, rule_version, valuation_version, effective_at)
select f.id, 1, jsonb_build_object('rule', coalesce(r.rule, 'ratio')) || coalesce(r.knobs, '{}'),
    coalesce(r.rule_version, '99925f0c0ee070e3701bcebf2179c15cfea2867382650de8fbcf08cd32e9632f'),
    'f0429cf78353a20bb0a372377761eda2016cd40a1f3870cae77daedf3b46a839', f.opened_at
from funds f
    left join lateral (
        select * from rounds where fund_id = f.id order by opened_at desc, id desc limit 1
    ) r on true;
