-- The transparency log: an RFC 6962 Merkle tree over one leaf for every transfer and every resolution.

-- Leaves that wait for their place in the tree, put here in the transaction that moves the means. `ref` is the transfer.
create table log_queue (
    id bigint generated always as identity primary key,
    ref uuid not null,
    leaf bytea not null
);

-- What hides persons in leaves. Deleting a salt is the erasure: nobody can tell any more whose account it was.
create table salts (
    transfer_id uuid primary key,
    salt bytea not null
);

-- The leaves in the order of the tree, from 0 on without gaps.
create table log_entries (
    index bigint primary key,
    ref uuid not null,
    leaf bytea not null
);
create index log_entries_of_transfer on log_entries (ref);

-- Hashes of the complete subtrees of 2, 4, 8, … leaves: (level, index) is that of leaves index * 2^level and on.
create table log_nodes (
    level smallint not null check (level > 0),
    index bigint not null,
    hash bytea not null check (length(hash) = 32),
    primary key (level, index)
);

-- The keys that ever signed, and the heads they signed; `version` counts the heads from 1.
create table log_keys (
    key_id text primary key,
    origin text not null,
    public_key bytea not null check (length(public_key) = 32)
);
create table tree_heads (
    size bigint primary key check (size > 0),
    version bigint not null unique,
    root bytea not null check (length(root) = 32),
    at timestamptz not null,
    key_id text not null references log_keys,
    signature bytea not null check (length(signature) = 64)
);

-- What was written before there was a log goes into it too, in the bytes that `domain.receipts` would make of it.
insert into salts (transfer_id, salt) select id, uuid_send(gen_random_uuid()) from transfers;
with shown as (
    select t.*, s.salt, array[t.debit, t.credit] as accounts from transfers t join salts s on s.transfer_id = t.id
), leaves as (
    select id as ref, at, 1 as step, format(
        '{"amount":%s,"at":"%s","credit":"%s","debit":"%s","group":"%s","id":"%s","kind":"%s","pending":%s,'
        '"resource":"%s","type":"transfer"}',
        amount, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), public[2], public[1], group_id, id,
        kind, pending::text, resource
    ) as leaf
    from shown, lateral (
        select array_agg(
            case when account ~ '^(party|returned):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
            then split_part(account, ':', 1) || ':' || encode(sha256(salt || convert_to(account, 'UTF8')), 'hex')
            else account end order by place
        ) as public
        from unnest(accounts) with ordinality as a(account, place)
    ) as hidden
    union all
    select transfer_id, at, 2, format(
        '{"amount":%s,"at":"%s","outcome":"%s","transfer":"%s","type":"resolution"}',
        amount, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), outcome, transfer_id
    )
    from resolutions
)
insert into log_queue (ref, leaf) select ref, convert_to(leaf, 'UTF8') from leaves order by at, step, ref;

do $$
begin
    execute format(
        'revoke update, delete, truncate on log_entries, log_nodes, log_keys, tree_heads from %1$I;'
        'revoke update, truncate on log_queue, salts from %1$I',
        current_database() || '_app'
    );
end
$$;
