-- How many different people were mailed about the announcement of a session, as notifications counted it: a projection.
create table session_reach (
    session_id uuid primary key,
    version bigint not null,
    people bigint not null
);
