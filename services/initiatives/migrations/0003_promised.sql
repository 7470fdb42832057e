-- Means other than euros, each in its own unit: what is promised of them and what really came.
create table promised (
    initiative_id uuid not null,
    resource text not null,
    quantity numeric(30) not null,
    delivered numeric(30) not null,
    primary key (initiative_id, resource)
);

-- What the needs board asks in euros (null: it does not say), and what became of the goal.
alter table means
    add column board_cents numeric(30),
    add column goal_missed boolean not null default false,
    add column taken boolean not null default false,
    add column top_up_until timestamptz;
