-- Every function of the engine, called by somebody powerful in a database with traps (evil.sql).  Errors do not matter.
\set QUIET on
\set ON_ERROR_STOP off
\o /dev/null
SET client_min_messages = fatal;
SET search_path = pg_catalog;
CALL peer_mentor.run_nightly(batch_size => 3);
CALL peer_mentor.run_nightly(as_of => pg_catalog.now() + interval '1 year', batch_size => 11);
SELECT peer_mentor.pause_mentor(mentor_id, idempotency_key => 'evil') FROM public.peer_mentor_status WHERE status = 'active' LIMIT 1;
SELECT peer_mentor.pause_mentor(md5('mentor ' || n)::uuid) FROM generate_series(20, 22) n;
SELECT peer_mentor.pause_mentor(md5('mentor 24')::uuid);
SELECT peer_mentor.pause_mentor(md5('mentor 25')::uuid);
SELECT peer_mentor.set_return_date(md5('mentor 25')::uuid, current_date + 50);
SELECT peer_mentor.reactivate_mentor(md5('mentor 25')::uuid);
SELECT peer_mentor.register_mentor(md5('evil')::uuid, md5('organisation 1')::uuid, ARRAY[]::uuid[], 'Evil', md5('user 39')::uuid);
SELECT peer_mentor.register_mentor(md5('evil 2')::uuid, md5('organisation 1')::uuid, ARRAY[]::uuid[], 'Evil');
SELECT peer_mentor.record_certification(md5('mentor 26')::uuid, 'basic', current_date - 10, current_date + 10);
SELECT peer_mentor.renew_certification(md5('mentor 26')::uuid, 'basic');
SELECT peer_mentor.suspend_certification(md5('mentor 26')::uuid, 'basic');
SELECT peer_mentor.reinstate_certification(md5('mentor 26')::uuid, 'basic');
SELECT peer_mentor.evaluate_mentor(md5('mentor 21')::uuid);
SELECT peer_mentor.mirror_chapter(md5('mentor 21')::uuid);
SELECT peer_mentor.register_inserted(ARRAY[md5('mentor 21')::uuid]);
SELECT peer_mentor.check_direct_update(md5('mentor 21')::uuid, 'active', 'paused', NULL, NULL);
SELECT peer_mentor.trace_direct_update(md5('mentor 21')::uuid, 'active', 'paused', 1, 2, NULL);
SELECT peer_mentor.is_gone('auth.users', md5('user 39')), peer_mentor.is_gone('peer_mentors', md5('mentor 21'));
SELECT peer_mentor.import_register(md5('organisation 1')::uuid, 'sheet', create_missing => true);
SELECT peer_mentor.import_register(md5('organisation 1')::uuid, 'evil', create_missing => true);
SELECT peer_mentor.import_register(md5('organisation 1')::uuid, 'evil', create_missing => true, dry_run => true);
SELECT peer_mentor.schedule_nightly(), peer_mentor.unschedule_nightly(), peer_mentor.cron_launcher_running();
SELECT peer_mentor.status_transitions(), peer_mentor.status_diagram();
SELECT peer_mentor.grant_access();
SELECT peer_mentor.migrate();

-- and whatever else there is, with arguments that may fit, then with none at all
SELECT format('SELECT peer_mentor.%I(%s)', p.proname, (
	SELECT string_agg(CASE WHEN variant = 0 THEN 'NULL' ELSE CASE format_type(a.type, NULL)
		WHEN 'uuid' THEN format('md5(%L)::uuid', CASE WHEN a.name ~ 'organisation' THEN 'organisation 1' WHEN a.name ~ 'chapter' THEN 'chapter 3'
			WHEN a.name ~ 'user|coordinator' THEN 'user 33' ELSE 'mentor ' || 20 + variant END)
		WHEN 'uuid[]' THEN format('ARRAY[md5(%L)::uuid]', CASE WHEN a.name ~ 'chapter' THEN 'chapter 3' ELSE 'mentor ' || 20 + variant END)
		WHEN 'text' THEN quote_literal(CASE WHEN a.name ~ 'status' THEN 'paused' WHEN a.name ~ 'role' THEN 'org_admin' WHEN a.name ~ 'key' THEN 'k' || p.oid ELSE 'basic' END)
		WHEN 'date' THEN '(current_date + 10)'
		WHEN 'boolean' THEN 'true'
		WHEN 'bigint' THEN '1'
		WHEN 'integer' THEN '7'
		ELSE 'NULL' END END || '::' || format_type(a.type, NULL), ', ' ORDER BY a.n)
	  FROM unnest(p.proargtypes::oid[], p.proargnames) WITH ORDINALITY a (type, name, n) WHERE a.n <= p.pronargs))
  FROM pg_proc p, generate_series(0, 6) variant
 WHERE p.pronamespace = 'peer_mentor'::regnamespace AND p.prokind = 'f' AND p.proname <> 'migrate'
 ORDER BY variant, p.proname
\gexec
