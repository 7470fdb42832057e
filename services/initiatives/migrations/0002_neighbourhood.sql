-- An initiative may belong to a neighbourhood, by its code.
alter table initiatives add column neighbourhood text;
create index initiatives_by_neighbourhood on initiatives (neighbourhood, proposed_at desc, id desc)
    where neighbourhood is not null;
