-- What the catalogs must say of rights, whatever any caller tries: row security, policies, grants, pinned search paths,
-- whose rights a function has.
\ir ../rights/begin.sql
SELECT no_plan();
CREATE ROLE rights_stranger;

CREATE TEMP VIEW our_relations AS
	SELECT c.* FROM pg_class c WHERE c.relnamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace, 'peer_mentor'::regnamespace);
CREATE TEMP VIEW our_functions AS
	SELECT p.*, p.pronamespace::regnamespace::text AS schema FROM pg_proc p
	 WHERE p.pronamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace, 'peer_mentor'::regnamespace);

-- ---- row security

SELECT is_empty($$SELECT oid::regclass FROM our_relations WHERE relkind IN ('r', 'p') AND NOT relrowsecurity$$, 'row security is on everywhere');
SELECT is_empty($$SELECT oid::regclass FROM our_relations WHERE relkind IN ('m', 'f')$$, 'nothing is kept where row security does not reach');
SELECT is_empty($$SELECT oid::regclass FROM our_relations WHERE relkind = 'v' AND NOT coalesce(reloptions @> '{security_invoker=true}', false)$$,
	'every view uses the rights of who reads it');
CREATE TEMP TABLE policies (tablename name, policyname name, permissive text, roles text, cmd text, unconditional boolean);
INSERT INTO policies
SELECT t, 'peer_mentor_select', 'PERMISSIVE', '{authenticated}', 'SELECT', false
  FROM unnest('{organisations,chapters,certification_types,peer_mentors,mentor_chapters,role_assignments,coordinator_assignments,
                peer_mentor_status,peer_mentor_status_history,pause_records,peer_mentor_certifications,certification_renewal_events,
                cert_expiry_reminders,undeliverable_notifications,status_discrepancies,report_snapshots}'::text[]) t
UNION ALL
-- the service role reads, also where it is not past row security
SELECT relname, 'peer_mentor_service', 'PERMISSIVE', '{service_role}', CASE relname WHEN 'register_import' THEN 'ALL' ELSE 'SELECT' END, true
  FROM our_relations WHERE relnamespace = 'public'::regnamespace AND relkind = 'r';
SELECT bag_eq($$SELECT tablename, policyname, permissive, roles::text, cmd, qual = 'true' FROM pg_policies
                 WHERE schemaname IN ('public', 'peer_mentor_private', 'peer_mentor')$$, 'SELECT * FROM policies',
	'one permissive policy per table and role, for SELECT');
SELECT is_empty($$SELECT tablename, with_check FROM pg_policies WHERE schemaname IN ('public', 'peer_mentor_private') AND with_check IS NOT NULL$$,
	'none is about writing');
-- once per query, not once per row
SELECT is_empty($$
	SELECT tablename, qual FROM pg_policies
	 WHERE schemaname = 'public' AND regexp_replace(qual, '\( SELECT [^()]*\(\)( AS \w+)?\)', '', 'g') ~ '(auth|peer_mentor_private)\.'$$,
	'every helper in a policy is called in a subquery');

SELECT is(peer_mentor_private.missing_protection(), '{}', 'every guard is there and enabled');
ALTER TABLE public.peer_mentor_status DISABLE TRIGGER peer_mentor_guard_status;
SELECT is(peer_mentor_private.missing_protection(), '{"peer_mentor_status: trigger peer_mentor_guard_status"}', 'one that is disabled is missed');
ALTER TABLE public.peer_mentor_status ENABLE TRIGGER peer_mentor_guard_status;

-- ---- grants on relations

CREATE TEMP TABLE granted (grantee text, privilege text, name text);
INSERT INTO granted SELECT 'service_role', 'SELECT', oid::regclass::text FROM our_relations WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v');
INSERT INTO granted SELECT 'service_role', p, 'register_import' FROM unnest('{INSERT,UPDATE,DELETE}'::text[]) p;
INSERT INTO granted SELECT r, 'SELECT', 'public_mentor_listing' FROM unnest('{anon,authenticated}'::text[]) r;
INSERT INTO granted SELECT 'authenticated', 'SELECT', tablename FROM policies WHERE policyname = 'peer_mentor_select';
INSERT INTO granted VALUES ('authenticated', 'SELECT', 'peer_mentor_status_log'), ('authenticated', 'SELECT', 'certification_timeline');
SELECT bag_eq($$
	SELECT coalesce(nullif(a.grantee, 0)::regrole::text, 'PUBLIC'), a.privilege_type, c.oid::regclass::text
	  FROM our_relations c CROSS JOIN LATERAL aclexplode(c.relacl) a WHERE a.grantee <> c.relowner$$, 'SELECT * FROM granted',
	'what is granted on relations: no TRUNCATE, REFERENCES, TRIGGER or MAINTAIN, no write but to register_import, nothing that is private');
SELECT is_empty($$SELECT c.oid::regclass, a.grantee::regrole FROM our_relations c CROSS JOIN LATERAL aclexplode(c.relacl) a WHERE a.is_grantable AND a.grantee <> c.relowner$$,
	'nobody may pass it on');
SELECT is_empty($$SELECT a.attrelid::regclass, a.attname FROM pg_attribute a JOIN our_relations c ON c.oid = a.attrelid WHERE a.attacl IS NOT NULL$$,
	'no column has grants of its own');
SELECT is_empty($$SELECT oid::regclass FROM our_relations WHERE pg_get_userbyid(relowner) <> 'postgres' AND relkind IN ('r', 'v', 'S')$$,
	'everything belongs to the storage owner');
SELECT bag_eq($$
	SELECT n.nspname::text, coalesce(nullif(a.grantee, 0)::regrole::text, 'PUBLIC'), a.privilege_type
	  FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) a
	 WHERE n.nspname IN ('peer_mentor', 'peer_mentor_private') AND a.grantee <> n.nspowner$$,
	$$VALUES ('peer_mentor', 'PUBLIC', 'USAGE'), ('peer_mentor_private', 'anon', 'USAGE'), ('peer_mentor_private', 'authenticated', 'USAGE'),
	         ('peer_mentor_private', 'service_role', 'USAGE')$$, 'nobody but the owners may create in our schemas');

-- ---- who may execute what

-- api: through PostgREST; worker: the same for delivery workers, with the engine half; caller: its engine half, or told to every app; guard: asked by triggers, whoever writes;
-- policy: asked by policies; listing: by the public view; health: by job_health; operator: the storage owner's calls;
-- private: the storage owner's triggers and migrations
CREATE TEMP TABLE functions (name regprocedure, who text);
INSERT INTO functions SELECT p.oid, 'api' FROM our_functions p WHERE p.schema = 'public' AND p.proname IN (
	'pause_mentor', 'reactivate_mentor', 'set_return_date', 'register_mentor', 'record_certification', 'renew_certification',
	'suspend_certification', 'reinstate_certification', 'correct_certification', 'explain_transition', 'mentor_timeline', 'mentor_status_on',
	'remove_mentor', 'restore_mentor', 'link_login', 'set_mentor_chapters', 'set_listed', 'assign_coordinator', 'end_assignment', 'grant_role',
	'end_role', 'update_organisation', 'put_chapter', 'put_certification_type', 'resolve_undeliverable');
INSERT INTO functions SELECT p.oid, 'worker' FROM our_functions p WHERE p.proname IN ('claim_events', 'complete_event', 'fail_event', 'replay_events');
INSERT INTO functions SELECT p.oid, 'caller' FROM our_functions p WHERE p.schema = 'peer_mentor' AND (p.proname IN (
	'require_visible', 'status_transitions', 'status_diagram', 'cron_launcher_running')
	OR p.proname IN (SELECT a.proname FROM our_functions a JOIN functions f ON f.name = a.oid WHERE a.schema = 'public' AND f.who = 'api'));
INSERT INTO functions SELECT p.oid, 'guard' FROM our_functions p WHERE p.schema = 'peer_mentor' AND p.proname IN (
	'engine_writes', 'refuse_write', 'check_direct_update');
INSERT INTO functions SELECT p.oid, 'operator' FROM our_functions p WHERE p.schema = 'peer_mentor' AND p.proname IN (
	'is_gone', 'trace_direct_update', 'register_inserted', 'mirror_chapter', 'evaluate_mentor', 'run_nightly', 'schedule_nightly',
	'unschedule_nightly', 'preview_nightly', 'import_register', 'migrate', 'grant_access', 'follow_listing', 'follow_removal', 'follow_portal_sync');
INSERT INTO functions SELECT p.oid, 'operator' FROM our_functions p WHERE p.schema = 'peer_mentor' AND p.proname IN (
	'reconcile', 'erase_mentor', 'erase_traces');
INSERT INTO functions SELECT p.oid, 'private' FROM our_functions p WHERE p.schema = 'peer_mentor_private' AND p.proname IN (
	'discrepancy_kinds', 'broken_references', 'keep_findings', 'mentor_spans', 'keep_anonymous', 'rows_of', 'erase_loose', 'erase_left', 'erase_deleted');
INSERT INTO functions SELECT p.oid, 'policy' FROM our_functions p WHERE p.schema = 'peer_mentor_private' AND p.proname IN (
	'visible_mentors', 'member_organisations', 'administered_organisations', 'administered_chapters');
INSERT INTO functions VALUES ('peer_mentor_private.listing()', 'listing');
INSERT INTO functions SELECT p.oid, 'health' FROM our_functions p WHERE p.schema = 'peer_mentor_private' AND p.proname IN (
	'missing_protection', 'cron_launcher_running');
INSERT INTO functions SELECT p.oid, 'private' FROM our_functions p WHERE p.schema = 'peer_mentor_private' AND p.proname IN (
	'record_migration', 'refuse_foreign', 'refuse_loss', 'make_table', 'make_column', 'make_constraint', 'make_index', 'made_table',
	'make_user_key', 'guard_statement', 'guard_truncate', 'guard_row', 'guard_status', 'trace_status', 'touch', 'with_renewal_entry', 'check_organisation',
	'triggers', 'engine_tables', 'own_relations', 'policies', 'grants', 'ids_are_logins', 'link_own_login', 'membership_keys', 'note_time_zone',
	'note_rules', 'note_ladder', 'discrepancies', 'keep_organisation', 'register_inserted', 'review_restored', 'check_membership', 'mirror_primary',
	'check_assignment', 'follow_listing', 'follow_removal', 'follow_portal_sync');
INSERT INTO functions SELECT p.oid, 'api' FROM our_functions p WHERE p.schema = 'public' AND p.proname IN (
	'coordinator_roster', 'status_report', 'freeze_report', 'frozen_report');
INSERT INTO functions SELECT p.oid, 'caller' FROM our_functions p WHERE p.schema = 'peer_mentor' AND p.proname IN (
	'coordinator_roster', 'status_report', 'freeze_report');
INSERT INTO functions SELECT p.oid, 'operator' FROM our_functions p WHERE p.schema = 'peer_mentor' AND p.proname IN ('mirror_roster');
INSERT INTO functions SELECT p.oid, 'private' FROM our_functions p WHERE p.schema = 'peer_mentor_private' AND p.proname IN (
	'mirror_roster', 'certification_terms', 'primary_chapters', 'certified_days', 'status_days', 'status_moves', 'report_rows');

CREATE TEMP TABLE may_execute (who text, anon boolean, authenticated boolean, rights_stranger boolean, service_role boolean, postgres boolean);
INSERT INTO may_execute VALUES
	--            anon   authen. stranger service owner
	('api',      false, true,   false,   true,   true),
	('worker',   false, false,  false,   true,   true),
	('caller',   false, true,   false,   true,   true),
	('guard',    true,  true,   false,   true,   true),
	('policy',   false, true,   false,   false,  true),
	('listing',  true,  true,   false,   true,   true),
	('health',   false, false,  false,   true,   true),
	('operator', false, false,  false,   false,  true),
	('private',  false, false,  false,   false,  true);
SELECT bag_eq($$SELECT r.role, f.name FROM functions f CROSS JOIN unnest('{anon,authenticated,rights_stranger,service_role,postgres}'::name[]) r (role)
                 WHERE has_function_privilege(r.role, f.name, 'EXECUTE')$$,
	$$SELECT r.role, f.name FROM functions f JOIN may_execute w USING (who)
	   CROSS JOIN LATERAL (SELECT key::name, value::boolean FROM jsonb_each_text(to_jsonb(w) - 'who')) r (role, may) WHERE r.may$$,
	'who may execute which function');
SELECT is_empty('SELECT oid::regprocedure FROM our_functions p WHERE NOT EXISTS (SELECT FROM functions f WHERE f.name = p.oid)',
	'every function of ours has a row above');
SELECT is_empty('SELECT name FROM functions GROUP BY name HAVING count(*) > 1', 'and one only');
SELECT is_empty('SELECT oid::regprocedure FROM our_functions WHERE proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) a WHERE a.grantee = 0)',
	'no function can be executed by PUBLIC');
SELECT is_empty($$
	SELECT p.oid::regprocedure, a.grantee::regrole FROM our_functions p CROSS JOIN LATERAL aclexplode(p.proacl) a
	 WHERE a.is_grantable AND a.grantee NOT IN (p.proowner, 'postgres'::regrole)$$, 'and nobody but the owners may pass it on');

-- ---- with whose rights, and along which search_path

SELECT is_empty($$SELECT oid::regprocedure FROM our_functions WHERE schema <> 'peer_mentor' AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)$$,
	'every function of storage pins its search_path');
-- a procedure with a SET clause cannot commit; the engine pins it in C++
SELECT is_empty($$SELECT oid::regprocedure FROM our_functions WHERE (schema = 'peer_mentor' AND proconfig IS NOT NULL)
	OR NOT proconfig <@ '{"search_path=pg_catalog, pg_temp",jit=off,plan_cache_mode=force_generic_plan}'$$, 'and sets nothing else but how to plan');
SELECT bag_eq('SELECT schema, proname::text FROM our_functions WHERE prosecdef',
	$$SELECT 'peer_mentor_private' AS schema, unnest('{note_time_zone,note_ladder,mirror_roster,register_inserted,review_restored,follow_listing,follow_removal,follow_portal_sync,check_membership,mirror_primary,check_assignment,link_own_login,erase_deleted,listing,missing_protection,
		visible_mentors,member_organisations,administered_organisations,administered_chapters}'::text[])$$,
	'SECURITY DEFINER are triggers of the directory, helpers of policies, the listing and job_health, none of them exposed');
SELECT is_empty($$
	SELECT oid::regprocedure FROM our_functions WHERE prosecdef AND prorettype <> 'trigger'::regtype AND pronargs > 0$$,
	'a definer function that can be called takes nothing from its caller');
SELECT is_empty('SELECT oid::regprocedure FROM our_functions WHERE proleakproof', 'none says of itself that it leaks nothing');
SELECT is_empty($$SELECT oid::regprocedure FROM our_functions WHERE schema <> 'peer_mentor' AND pg_get_userbyid(proowner) <> 'postgres'$$,
	'functions of storage belong to the storage owner');
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM our_functions p JOIN pg_language l ON l.oid = p.prolang
	 WHERE (schema = 'peer_mentor') <> (l.lanname = 'c' AND p.probin = '$libdir/peer_mentor')$$, 'the engine is C, storage is not');
SELECT is_empty($$SELECT oid::regprocedure FROM our_functions WHERE schema <> 'peer_mentor' AND prosqlbody IS NOT NULL$$,
	'bodies of storage are text, so that DROP EXTENSION takes none along');

SELECT * FROM finish();
ROLLBACK;
