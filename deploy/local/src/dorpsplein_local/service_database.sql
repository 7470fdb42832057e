-- One service's database: an owner that nobody logs in as, an application that may read and write rows,
-- and a migrator that becomes the owner. Everything is unique by the database's name; run again, it renews
-- the passwords. Variables: name, template, app_password, migrator_password.
\set ON_ERROR_STOP on
\set owner :name _owner
\set app :name _app
\set migrator :name _migrator
set client_min_messages = warning;
set password_encryption = 'scram-sha-256';

select format('create role %I %s', role, login)
from (values (:'owner', 'nologin'), (:'app', 'login'), (:'migrator', 'login noinherit')) as wanted(role, login)
where not exists (select from pg_roles where rolname = role)
\gexec
alter role :"app" password :'app_password';
alter role :"migrator" password :'migrator_password';
grant :"owner" to :"migrator" with inherit false, set true;
grant :"owner" to current_user with inherit false, set true;

select format('create database %I owner %I template %I', :'name', :'owner', :'template')
where not exists (select from pg_database where datname = :'name')
\gexec
revoke all on database :"name" from public;
grant connect, temporary on database :"name" to :"app", :"migrator";
alter role :"migrator" in database :"name" set role = :"owner";

\connect :"name"
set client_min_messages = warning;
create extension if not exists pg_trgm;
create extension if not exists unaccent;
create extension if not exists cube;
create extension if not exists earthdistance;
create extension if not exists btree_gist;
alter default privileges for role :"owner" grant select, insert, update, delete on tables to :"app";
alter default privileges for role :"owner" grant usage on sequences to :"app";
alter default privileges for role :"owner" grant usage on schemas to :"app";
