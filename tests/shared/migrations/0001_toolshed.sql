-- A service made for tests: tools that are lent, and what a projection keeps of it.
create table tools (
    id uuid primary key,
    version bigint not null
);

create table loan_log (
    place bigint generated always as identity primary key,
    tool_id uuid not null,
    sequence bigint not null,
    days integer not null check (days between 1 and 14)
);

create table loan_counts (
    tool_id uuid primary key,
    times bigint not null,
    version bigint not null
);
