-- Where an initiative is paid. Private: read by its initiator and those who pay, never in an event or a log.
create table bank_accounts (
    initiative_id uuid primary key,
    iban text not null,
    name text not null,
    set_by uuid not null,
    set_at timestamptz not null
);

-- Files for the bank, each as it was made, until an account in it is erased.
create table payout_batches (
    id uuid primary key,
    execution_date date not null,
    made_by uuid not null,
    made_at timestamptz not null,
    payouts integer not null check (payouts > 0),
    amount_cents bigint not null check (amount_cents > 0),
    file bytea
);
create index payout_batches_by_time on payout_batches (made_at, id);

create table payouts (
    id uuid primary key,
    initiative_id uuid not null,
    amount_cents bigint not null check (amount_cents > 0),
    ordered_by uuid not null,
    ordered_at timestamptz not null,
    status text not null check (status in ('ordered', 'sent', 'booked', 'returned')),
    version bigint not null,
    batch_id uuid references payout_batches,
    check ((status <> 'sent') or batch_id is not null)
);
create index payouts_by_time on payouts (ordered_at, id);
create index payouts_of_initiative on payouts (initiative_id, ordered_at, id);
create index payouts_to_send on payouts (ordered_at, id) where status = 'ordered';
create index payouts_of_batch on payouts (batch_id) where batch_id is not null;

-- Statements that were taken in, and every line once, whichever statement it stood on first. No names, no texts.
create table bank_statements (
    id uuid primary key,
    content_sha256 bytea not null unique,
    taken_in_by uuid not null,
    taken_in_at timestamptz not null,
    known_before integer not null,
    pending integer not null
);
create table bank_lines (
    key bytea primary key,
    statement_id uuid not null references bank_statements,
    position integer not null,
    booked_on date not null,
    amount_cents bigint not null check (amount_cents > 0),
    credit boolean not null,
    bank_reference text not null,
    outcome text not null check (outcome in ('payout-booked', 'payout-returned', 'pledge-paid-in', 'unmatched')),
    reason text not null,
    payout_id uuid references payouts,
    pledge_id uuid,
    unique (statement_id, position)
);

-- What came in for a pledge, payment by payment.
create table payments (
    id uuid primary key,
    pledge_id uuid not null,
    amount_cents bigint not null check (amount_cents > 0),
    line_key bytea not null unique references bank_lines,
    at timestamptz not null
);
create index payments_of_pledge on payments (pledge_id, at);

-- The way back from a payment reference to its pledge: the same digits of a hash of the id.
create index pledges_by_reference on pledges (left(encode(sha256(uuid_send(id)), 'hex'), 20));
