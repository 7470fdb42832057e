-- Several people may carry an initiative; each of them speaks for it.
alter table initiatives add column initiators uuid[] not null default '{}';
update initiatives set initiators = array[initiator_id] where initiator_id is not null;
alter table initiatives drop column initiator_id;
