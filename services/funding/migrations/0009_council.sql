-- A projection of the inspiration council: who joined it and until when. Who left stays, so that what comes late brings
-- nobody back.
create table council (
    member_id uuid primary key,
    person_id uuid not null,
    kind text not null,
    term_from timestamptz,
    term_until timestamptz,
    has_left boolean not null default false,
    check ((term_from is null) = (term_until is null))
);
create index council_core on council (term_from) where kind = 'core';
