-- Moments at which something must happen by itself: of one kind, about one thing (ref).
create table timers (
    kind text not null,
    ref uuid not null,
    due_at timestamptz not null,
    attempts integer not null default 0 check (attempts >= 0),
    primary key (kind, ref)
);
create index timers_by_time on timers (due_at, kind, ref);
