-- The start of a test of rights, run by the superuser.  Everything is rolled back.
--   psql -v mutant='SQL' -f FILE    weakens the storage first
\set QUIET on
\if :{?keep_going}
\else
\set ON_ERROR_STOP on
\endif
\pset format unaligned
\pset tuples_only on
BEGIN;
SET LOCAL client_min_messages = warning;
\if :{?mutant}
:mutant;
\echo '# mutated'
\endif
SET LOCAL search_path = public, extensions;
