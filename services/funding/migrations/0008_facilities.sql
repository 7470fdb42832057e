-- A projection of what the presence service offers no more. A code that nobody offered is nobody's, and can be promised.
create table withdrawn_facilities (code text primary key);
