-- Installs the extension and its storage as a role that is no superuser, and makes what the other tests use.
\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set parts :abs_srcdir '/contrib/supabase_parts.sql'
SET client_min_messages = warning;
SET check_function_bodies = off;
CREATE SCHEMA test;
GRANT USAGE ON SCHEMA test TO PUBLIC;
-- uninstall drops its own roles, and the API roles that were not here before
CREATE TABLE test.made_roles AS
	SELECT r.name FROM unnest(ARRAY['regress_pm_owner', 'regress_pm_other', 'anon', 'authenticated', 'service_role']) r (name)
	 WHERE to_regrole(r.name) IS NULL OR r.name LIKE 'regress%';
SELECT format('CREATE ROLE %I', name) FROM test.made_roles WHERE to_regrole(name) IS NULL \gexec
SELECT format('ALTER DATABASE %I OWNER TO regress_pm_owner', current_database()) \gexec
SET SESSION AUTHORIZATION regress_pm_owner;
\i :parts
RESET SESSION AUTHORIZATION;

CREATE VIEW test.objects AS
	SELECT i.type, i.identity
	  FROM (SELECT 'pg_class'::regclass AS catalog, oid FROM pg_class
	        UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_proc
	        UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type
	        UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint
	        UNION ALL SELECT 'pg_trigger'::regclass, oid FROM pg_trigger WHERE NOT tgisinternal
	        UNION ALL SELECT 'pg_policy'::regclass, oid FROM pg_policy
	        UNION ALL SELECT 'pg_namespace'::regclass, oid FROM pg_namespace WHERE nspname !~ '^(pg_|test$|information_schema$)'
	        UNION ALL SELECT 'pg_extension'::regclass, oid FROM pg_extension) o,
	       LATERAL pg_identify_object(o.catalog, o.oid, 0) i
	 WHERE coalesce(i.schema, '') !~ '^(pg_|test$|information_schema$)' AND i.identity !~ '(^| on )(pg_|test\.|information_schema\.)';
CREATE TABLE test.objects_before AS TABLE test.objects;
GRANT SELECT ON test.objects, test.objects_before TO regress_pm_owner;
CREATE TABLE test.logins (id uuid PRIMARY KEY, name text);

-- A stable id for a name.
CREATE FUNCTION test.id(name text) RETURNS uuid LANGUAGE sql IMMUTABLE AS 'SELECT md5(name)::uuid';

-- Today in UTC, the zone of the organisation that most tests use.
CREATE FUNCTION test.today() RETURNS date LANGUAGE sql STABLE AS $$SELECT (now() AT TIME ZONE 'UTC')::date$$;

-- SQLSTATE, then our code and argument, or the constraint, of an error.
CREATE FUNCTION test.error_of(state text, detail text, "constraint" text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT concat_ws(' ', state, CASE WHEN detail LIKE '{%' THEN detail::json ->> 'code' END,
	                 CASE WHEN detail LIKE '{%' THEN detail::json ->> 'argument' END, nullif("constraint", ''))
$$;

-- Runs a statement; 'ok' or what it raised.
CREATE FUNCTION test.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	detail text;
	broken text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL, broken = CONSTRAINT_NAME;
	RETURN test.error_of(state, detail, broken);
END
$$;

-- Calls a public function that returns a transition.
CREATE FUNCTION test.call(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r record;
	state text;
	detail text;
	broken text;
BEGIN
	EXECUTE 'SELECT * FROM public.' || call INTO r;
	RETURN format('%s -> %s v%s%s', coalesce(r.previous_status::text, '-'), r.new_status, r.version,
	              CASE WHEN r.history_id IS NULL THEN ', nothing moved' END);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL, broken = CONSTRAINT_NAME;
	RETURN test.error_of(state, detail, broken);
END
$$;

-- Everything about one mentor's status, dates as days from today.
CREATE FUNCTION test.trace(name text) RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
	SELECT concat_ws(' ', 'status:', status, 'v' || version, pause_reason, 'returns ' || expected_return_date - test.today(),
	                 'by ' || (SELECT l.name FROM test.logins l WHERE l.id = s.activated_by))
	  FROM peer_mentor_status s WHERE mentor_id = test.id($1)
	UNION ALL
	(SELECT format('history: v%s %s -> %s %s %s from %s%s', version, coalesce(previous_status::text, '-'), new_status, actor_kind, reason,
	               CASE WHEN effective_on BETWEEN test.today() - 3000 AND test.today() + 3000 THEN (effective_on - test.today())::text ELSE effective_on::text END,
	               ' by ' || (SELECT l.name FROM test.logins l WHERE l.id = h.changed_by))
	   FROM peer_mentor_status_history h WHERE mentor_id = test.id($1) ORDER BY version)
	UNION ALL
	(SELECT concat_ws(' ', 'pause:', p.status, p.pause_reason, 'returns ' || p.expected_return_date - test.today(), 'ended by ' || p.ended_by,
	                  CASE WHEN p.resumes_pause_id IS NOT NULL THEN
	                       'resumes the one of ' || (SELECT o.pause_reason FROM pause_records o WHERE o.id = p.resumes_pause_id AND o.ended_by = 'interrupted') END)
	   FROM pause_records p WHERE mentor_id = test.id($1) ORDER BY paused_at, reactivated_at)
$$;

CREATE FUNCTION test.certifications(name text) RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
	SELECT format('%s %s..%s %s: %s', certification_type, to_char(issued_at, 'YYYY-MM-DD'), to_char(expires_at, 'YYYY-MM-DD'), status,
	              (SELECT string_agg(e.entry ->> 'event', ' ' ORDER BY e.i) FROM jsonb_array_elements(renewal_history) WITH ORDINALITY e (entry, i)))
	  FROM peer_mentor_certifications WHERE peer_mentor_id = test.id($1) ORDER BY certification_type COLLATE "C"
$$;

-- What contradicts the promises about status, history and pauses; with a moment also about due certifications.
CREATE FUNCTION test.broken_promises(as_of timestamptz DEFAULT NULL) RETURNS TABLE (promise int, mentor_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
	SELECT 1, m.id FROM peer_mentors m
	 WHERE NOT EXISTS (SELECT FROM peer_mentor_status s
	                     JOIN LATERAL (SELECT h.* FROM peer_mentor_status_history h WHERE h.mentor_id = s.mentor_id ORDER BY h.version DESC LIMIT 1) h
	                       ON h.new_status = s.status AND h.version = s.version
	                    WHERE s.mentor_id = m.id
	                      AND s.chapter_id IS NOT DISTINCT FROM (SELECT c.chapter_id FROM mentor_chapters c WHERE c.mentor_id = m.id AND c.is_primary AND c.until IS NULL))
	UNION ALL
	SELECT 2, h.mentor_id
	  FROM (SELECT *, lag(new_status) OVER w AS before, lag(effective_on) OVER w AS effective_before, row_number() OVER w AS n
	          FROM peer_mentor_status_history WINDOW w AS (PARTITION BY mentor_id ORDER BY version)) h
	 WHERE h.version <> n OR h.previous_status IS DISTINCT FROM before OR h.effective_on < effective_before
	    OR NOT EXISTS (SELECT FROM peer_mentor.status_transitions() t
	                    WHERE t.from_status IS NOT DISTINCT FROM h.previous_status::text AND t.to_status = h.new_status::text AND t.reason = h.reason)
	UNION ALL
	SELECT 3, s.mentor_id FROM peer_mentor_status s
	 WHERE (s.status <> 'active') <> EXISTS (SELECT FROM pause_records p WHERE p.mentor_id = s.mentor_id AND p.status = s.status AND p.reactivated_at IS NULL)
	    OR EXISTS (SELECT FROM pause_records p WHERE p.mentor_id = s.mentor_id AND p.reactivated_at IS NULL AND p.status <> s.status)
	UNION ALL
	SELECT 4, s.mentor_id FROM peer_mentor_status s JOIN peer_mentors m ON m.id = s.mentor_id JOIN organisations o ON o.id = m.organisation_id
	 WHERE as_of IS NOT NULL AND m.deleted_at IS NULL
	   AND (s.status = 'expired_cert') <> EXISTS (
	        SELECT FROM peer_mentor_certifications c JOIN certification_types t ON t.organisation_id = c.organisation_id AND t.code = c.certification_type
	         WHERE c.peer_mentor_id = s.mentor_id AND t.required
	           AND (c.status = 'suspended' OR c.expires_at + t.grace_days < (as_of AT TIME ZONE o.time_zone)::date))
	UNION ALL
	SELECT 5, h.mentor_id FROM peer_mentor_status_history h
	 WHERE h.previous_status IS NOT NULL AND 1 <> (SELECT count(*) FROM outbox_events e
	        WHERE e.mentor_id = h.mentor_id AND e.event_type = 'status_changed' AND e.payload ->> 'version' = h.version::text)
$$;

-- Empties storage, as a replica or a restore may.
CREATE FUNCTION test.reset() RETURNS void LANGUAGE sql SECURITY DEFINER SET session_replication_role = replica SET client_min_messages = warning AS $$
	TRUNCATE public.organisations, public.chapters, public.peer_mentors, public.mentor_chapters, public.role_assignments, public.coordinator_assignments,
		public.peer_mentor_status, public.peer_mentor_status_history, public.pause_records, public.certification_types, public.peer_mentor_certifications,
		public.certification_renewal_events, public.cert_expiry_reminders, peer_mentor_private.ladder_changes, peer_mentor_private.portal_mentors, public.outbox_events, public.outbox_deliveries,
		public.undeliverable_notifications, public.job_runs, public.job_run_failures, public.status_discrepancies, public.report_snapshots, public.erased_spans, public.erased_transitions,
		public.idempotent_requests, public.register_import, peer_mentor_private.mentor_reviews, auth.users, test.logins RESTART IDENTITY;
	-- north keeps UTC, south its own time
	INSERT INTO public.organisations (id, name, time_zone) VALUES (test.id('north'), 'north', 'UTC'), (test.id('south'), 'south', 'Europe/Oslo');
	INSERT INTO public.chapters (id, organisation_id, name) VALUES (test.id('n1'), test.id('north'), 'n1'), (test.id('n2'), test.id('north'), 'n2'),
		(test.id('s1'), test.id('south'), 's1');
	INSERT INTO public.certification_types (organisation_id, code, required)
		SELECT o.id, c.code, c.required FROM public.organisations o, (VALUES ('course', true), ('police', true), ('extra', false)) c (code, required);
	INSERT INTO test.logins SELECT test.id(n), n FROM unnest(ARRAY['kari', 'ola', 'per']) n;
	INSERT INTO auth.users SELECT id FROM test.logins;
$$;

-- Moves the dates of a certification, which no function of the engine does behind the mentor's back.
CREATE FUNCTION test.backdate(name text, type text, expires_at date) RETURNS void LANGUAGE sql SECURITY DEFINER SET session_replication_role = replica AS $$
	UPDATE public.peer_mentor_certifications c SET issued_at = least(c.issued_at, $3), expires_at = $3, anchor_on = $3, status = 'active'
	 WHERE peer_mentor_id = test.id($1) AND certification_type = $2
$$;
\set ECHO all
SET client_min_messages = notice;
-- trusted: the owner of the database installs it
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT current_setting('is_superuser') AS superuser, rolcreaterole OR rolcreatedb OR rolbypassrls AS other_rights
  FROM pg_roles WHERE rolname = current_user;
CREATE EXTENSION peer_mentor;
SELECT name, action FROM peer_mentor.migrate();
-- every member is a function, a procedure or the schema, all in schema peer_mentor
SELECT i.type, coalesce(i.schema, i.name) AS schema, count(*) > 0 AS some
  FROM pg_depend d
  JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e',
       LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) i
 WHERE e.extname = 'peer_mentor' GROUP BY 1, 2 ORDER BY i.type COLLATE "C";
-- none may be called by everybody, or has rights of its own
SELECT p.oid::regprocedure AS function
  FROM pg_proc p
 WHERE p.pronamespace = 'peer_mentor'::regnamespace
   AND (p.prosecdef OR p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0));
-- signatures use built-in types only
SELECT p.oid::regprocedure AS function
  FROM pg_proc p, unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]) || p.prorettype) t (oid)
  JOIN pg_type y USING (oid)
 WHERE p.pronamespace = 'peer_mentor'::regnamespace AND y.typnamespace <> 'pg_catalog'::regnamespace;
-- storage does not depend on the engine, and belongs to the owner
SELECT count(*) AS dependent FROM pg_depend d
 WHERE d.refclassid = 'pg_proc'::regclass AND d.deptype = 'n'
   AND d.refobjid IN (SELECT oid FROM pg_proc WHERE pronamespace = 'peer_mentor'::regnamespace);
SELECT DISTINCT pg_get_userbyid(relowner) AS owner FROM pg_class
 WHERE relnamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace);
-- definer functions are the storage owner's and pin their search_path
SELECT p.oid::regprocedure AS function
  FROM pg_proc p
 WHERE p.pronamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace)
   AND (pg_get_userbyid(p.proowner) <> 'regress_pm_owner' OR p.proconfig IS NULL OR NOT 'search_path=pg_catalog, pg_temp' = ANY (p.proconfig));
-- what is for operators alone
SELECT p.proname AS for_operators
  FROM pg_proc p
 WHERE p.pronamespace = 'peer_mentor'::regnamespace
   AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname IN ('anon', 'authenticated', 'service_role') AND has_function_privilege(r.oid, p.oid, 'EXECUTE'))
 ORDER BY p.proname COLLATE "C";
-- what anybody may call fires within a write and tells nothing
SELECT p.oid::regprocedure AS for_anon FROM pg_proc p
 WHERE p.pronamespace IN ('peer_mentor'::regnamespace, 'public'::regnamespace) AND has_function_privilege('anon', p.oid, 'EXECUTE') ORDER BY p.proname COLLATE "C";
-- no API role writes an engine-written table, truncates, refers to or attaches triggers to any
SELECT r.rolname, c.relname, p.privilege
  FROM pg_roles r, pg_class c, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p (privilege)
 WHERE r.rolname IN ('anon', 'authenticated', 'service_role') AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v')
   AND has_table_privilege(r.oid, c.oid, p.privilege) ORDER BY 1, 2, 3;
SELECT c.relname AS for_anon FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') AND has_table_privilege('anon', c.oid, 'SELECT');
SELECT missing_protection, overdue, backlog_due FROM job_health;
