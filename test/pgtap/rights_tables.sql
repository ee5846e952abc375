-- Who reads and writes which relation: every table and view x SELECT, INSERT, UPDATE, DELETE, TRUNCATE x every caller.
-- The expectation is what happens: a number of rows, or an SQLSTATE.
\ir ../rights/world.sql
SELECT no_plan();

-- Columns: the callers of world.sql in order.  -: SQLSTATE 42501; *: all rows.
CREATE TEMP TABLE reads (name regclass, expected text);
INSERT INTO reads VALUES
	-- nobody signed in: nobody; second: coordinator of c2 and c3; elsewhere: of c3; former: of c4, which the mentor has left;
	-- self: a mentor who is org admin; removed: the login of a removed mentor
	--                                       anon   mentor  coordin. elsewh.  ended    org_adm. service   former   ended_ca removed
	--                                       |   nobody other   second  assigned chap_adm far_adm  self   unassigned ended_oa owner
	('public.organisations',                '-   0   1   1   1   1   1   1   0   1   1   1   *   1   1   0   0   0   0   *'),
	('public.chapters',                     '-   0   4   4   4   4   4   4   0   4   4   1   *   4   4   0   0   0   0   *'),
	('public.certification_types',          '-   0   2   2   2   2   2   2   0   2   2   2   *   2   2   0   0   0   0   *'),
	('public.peer_mentors',                 '-   0   1   1   3   2   1   1   0   3   4   1   *   4   0   0   0   0   0   *'),
	('public.mentor_chapters',              '-   0   3   1   5   4   1   3   0   5   6   1   *   6   0   0   0   0   0   *'),
	('public.role_assignments',             '-   0   0   0   1   2   1   0   1   4  12   2   *  12   2   0   1   1   0   *'),
	('public.coordinator_assignments',      '-   0   2   0   2   2   0   2   0   2   2   1   *   2   0   1   0   0   0   *'),
	('public.peer_mentor_status',           '-   0   1   1   3   2   1   1   0   3   4   1   *   4   0   0   0   0   0   *'),
	('public.peer_mentor_status_history',   '-   0   1   1   3   2   1   1   0   3   4   1   *   4   0   0   0   0   0   *'),
	('public.peer_mentor_status_log',       '-   0   1   1   3   2   1   1   0   3   4   1   *   4   0   0   0   0   0   *'),
	('public.pause_records',                '-   0   1   1   3   2   1   1   0   3   4   1   *   4   0   0   0   0   0   *'),
	('public.peer_mentor_certifications',   '-   0   1   1   3   2   1   1   0   3   4   1   *   4   0   0   0   0   0   *'),
	('public.certification_renewal_events', '-   0   1   1   3   2   1   1   0   3   4   1   *   4   0   0   0   0   0   *'),
	('public.certification_timeline',       '-   0   2   2   6   4   2   2   0   6   8   2   *   8   0   0   0   0   0   *'),
	('public.cert_expiry_reminders',        '-   0   1   1   3   2   1   1   0   3   4   1   *   4   0   0   0   0   0   *'),
	('public.undeliverable_notifications',  '-   0   1   1   3   2   1   1   0   3   4   1   *   4   0   0   0   0   0   *'),
	('public.status_discrepancies',         '-   0   1   1   3   2   1   1   0   3   4   1   *   4   0   0   0   0   0   *'),
	('public.report_snapshots',             '-   0   0   0   0   0   0   0   0   0   1   1   *   1   0   0   0   0   0   *'),
	('public.erased_spans',                 '-   -   -   -   -   -   -   -   -   -   -   -   *   -   -   -   -   -   -   *'),
	('public.erased_transitions',           '-   -   -   -   -   -   -   -   -   -   -   -   *   -   -   -   -   -   -   *'),
	('public.public_mentor_listing',        '4   4   4   4   4   4   4   4   4   4   4   4   4   4   4   4   4   4   4   4'),
	('public.outbox_events',                '-   -   -   -   -   -   -   -   -   -   -   -   *   -   -   -   -   -   -   *'),
	('public.outbox_deliveries',            '-   -   -   -   -   -   -   -   -   -   -   -   *   -   -   -   -   -   -   *'),
	('public.job_runs',                     '-   -   -   -   -   -   -   -   -   -   -   -   *   -   -   -   -   -   -   *'),
	('public.job_run_failures',             '-   -   -   -   -   -   -   -   -   -   -   -   *   -   -   -   -   -   -   *'),
	('public.job_health',                   '-   -   -   -   -   -   -   -   -   -   -   -   *   -   -   -   -   -   -   *'),
	('public.job_progress',                 '-   -   -   -   -   -   -   -   -   -   -   -   *   -   -   -   -   -   -   *'),
	('public.idempotent_requests',          '-   -   -   -   -   -   -   -   -   -   -   -   *   -   -   -   -   -   -   *'),
	('public.register_import',              '-   -   -   -   -   -   -   -   -   -   -   -   *   -   -   -   -   -   -   *'),
	('peer_mentor_private.migrations',      '-   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   *'),
	('peer_mentor_private.made',            '-   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   *'),
	('peer_mentor_private.ladder_changes',  '-   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   *'),
	('peer_mentor_private.outbox_workers',  '-   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   *'),
	('peer_mentor_private.portal_mentors',  '-   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   *'),
	('peer_mentor_private.mentor_reviews',  '-   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   *');

-- No caller writes, with the exceptions below.
CREATE TEMP TABLE writes (name regclass, op text, caller text, expected text);
INSERT INTO writes
SELECT r.name, o.op, c.caller, '-'
  FROM reads r JOIN pg_class k ON k.oid = r.name
 CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) o (op) CROSS JOIN callers c
 WHERE k.relkind = 'r';
-- that a view cannot be truncated, or not be written to at all, is found before any right is
INSERT INTO writes
SELECT r.name, o.op, c.caller, CASE WHEN o.op = 'TRUNCATE' THEN '42809' WHEN pg_relation_is_updatable(r.name, false) = 0 THEN '55000' ELSE '-' END
  FROM reads r JOIN pg_class k ON k.oid = r.name
 CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) o (op) CROSS JOIN callers c
 WHERE k.relkind = 'v' AND c.caller <> 'owner';
-- the storage owner keeps the directory; there it is a matter of constraints (+), not of rights
UPDATE writes SET expected = '+'
 WHERE caller = 'owner' AND (name::text LIKE 'peer_mentor_private.%' OR name IN ('public.organisations'::regclass, 'public.chapters'::regclass,
       'public.certification_types'::regclass, 'public.peer_mentors'::regclass, 'public.mentor_chapters'::regclass,
       'public.role_assignments'::regclass, 'public.coordinator_assignments'::regclass, 'public.register_import'::regclass));
-- TRUNCATE ... CASCADE would take engine-written tables along
UPDATE writes SET expected = '-'
 WHERE caller = 'owner' AND op = 'TRUNCATE' AND name IN ('public.organisations'::regclass, 'public.certification_types'::regclass, 'public.peer_mentors'::regclass);
-- an operator's edge is allowed to the owner; an UPDATE that changes nothing is no edge
UPDATE writes SET expected = 'PT409' WHERE caller = 'owner' AND op = 'UPDATE' AND name = 'public.peer_mentor_status'::regclass;
-- a spreadsheet may be copied in by a program
UPDATE writes SET expected = '1' WHERE caller = 'service' AND op <> 'TRUNCATE' AND name = 'public.register_import'::regclass;

CREATE FUNCTION pg_temp.statement_of(name regclass, op text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE op
		WHEN 'SELECT' THEN format('SELECT * FROM %s', name)
		WHEN 'INSERT' THEN format('INSERT INTO %s DEFAULT VALUES', name)
		-- the last column of a table is never generated
		WHEN 'UPDATE' THEN format('UPDATE %s SET %2$I = %2$I', name,
			(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = name AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum DESC LIMIT 1))
		WHEN 'DELETE' THEN format('DELETE FROM %s', name)
		WHEN 'TRUNCATE' THEN format('TRUNCATE %s CASCADE', name)
	END
$$;

CREATE FUNCTION pg_temp.rows_or_state(caller text, statement text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE a.answer WHEN 'ok' THEN a.n::text ELSE left(a.told, 5) END FROM pg_temp.attempt(caller, '', statement, '') a
$$;

CREATE FUNCTION pg_temp.rows_of(name regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM %s', name) INTO n;
	RETURN n;
END
$$;
SELECT isnt(pg_temp.rows_of(r.name), '0', format('%s has a row to try on', r.name)) FROM reads r;

SELECT is(pg_temp.rows_or_state(c.caller, pg_temp.statement_of(r.name, 'SELECT')),
          CASE e.expected WHEN '-' THEN '42501' WHEN '*' THEN pg_temp.rows_of(r.name) ELSE e.expected END,
          format('%-20s SELECT   %s', c.caller, r.name))
  FROM reads r CROSS JOIN regexp_split_to_table(r.expected, ' +') WITH ORDINALITY e (expected, number) JOIN callers c USING (number);

SELECT CASE w.expected WHEN '+' THEN isnt(o.outcome, '42501', d.description)
            ELSE is(o.outcome, CASE w.expected WHEN '-' THEN '42501' ELSE w.expected END, d.description) END
  FROM writes w
 CROSS JOIN LATERAL (SELECT pg_temp.rows_or_state(w.caller, pg_temp.statement_of(w.name, w.op))) o (outcome)
 CROSS JOIN LATERAL (SELECT format('%-20s %-8s %s', w.caller, w.op, w.name)) d (description);

-- On plain PostgreSQL the service role need not be past row security.
CREATE ROLE rights_service IN ROLE service_role;
CREATE TEMP TABLE plain_service AS SELECT 'plain_service'::text AS caller;
INSERT INTO callers SELECT 0, caller, 'rights_service' FROM plain_service;
SELECT is(pg_temp.rows_or_state('plain_service', pg_temp.statement_of(r.name, 'SELECT')), pg_temp.rows_of(r.name), format('%-20s SELECT   %s', caller, r.name))
  FROM reads r, plain_service WHERE split_part(regexp_replace(r.expected, ' +', ' ', 'g'), ' ', 13) = '*';
SELECT is(pg_temp.rows_or_state('plain_service', pg_temp.statement_of(w.name, w.op)), CASE w.expected WHEN '-' THEN '42501' ELSE w.expected END,
          format('%-20s %-8s %s', p.caller, w.op, w.name))
  FROM writes w, plain_service p WHERE w.caller = 'service';
DELETE FROM callers WHERE caller = 'plain_service';

-- ---- the tables above are complete

SELECT is_empty($$
	SELECT c.oid::regclass FROM pg_class c
	 WHERE c.relnamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace, 'peer_mentor'::regnamespace)
	   AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS (SELECT FROM reads r WHERE r.name = c.oid)$$,
	'every relation of ours has a row above');
SELECT is_empty($$SELECT name FROM reads WHERE cardinality(regexp_split_to_array(expected, ' +')) <> (SELECT count(*) FROM callers)$$,
	'with a column for every caller');
SELECT is_empty($$
	SELECT r.name, o, c.caller FROM reads r CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) o CROSS JOIN callers c
	 WHERE NOT EXISTS (SELECT FROM writes w WHERE (w.name, w.op, w.caller) = (r.name, o, c.caller))
	   AND NOT (c.caller = 'owner' AND EXISTS (SELECT FROM pg_class k WHERE k.oid = r.name AND k.relkind = 'v'))$$,
	'every operation has one as well');

-- ---- whose rows they are, not only how many

CREATE TEMP TABLE sees (caller text, mentors text);
INSERT INTO sees VALUES
	('nobody', NULL), ('mentor', 'm'), ('other', 'm other'), ('coordinator', 'm,m admin,m other'), ('second', 'm,m third'), ('elsewhere', 'm third'),
	('assigned', 'm'), ('ended', NULL), ('chapter_admin', 'm,m admin,m other'), ('org_admin', 'm,m admin,m other,m third'), ('far_admin', 'm far'),
	('self', 'm,m admin,m other,m third'), ('former', NULL), ('unassigned', NULL), ('ended_chapter_admin', NULL), ('ended_org_admin', NULL),
	('removed', NULL);
CREATE FUNCTION pg_temp.mentors_seen(caller text, name regclass, key text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	seen text;
BEGIN
	BEGIN
		PERFORM mock.request('authenticated', md5('u ' || caller)::uuid);
		EXECUTE format($q$SELECT string_agg(DISTINCT n, ',' ORDER BY n) FROM %s t, unnest('{m,m other,m admin,m removed,m third,m far}'::text[]) n
		                   WHERE t.%I = md5(n)::uuid$q$, name, key) INTO seen;
		RAISE SQLSTATE 'TESTX';
	EXCEPTION WHEN SQLSTATE 'TESTX' THEN
		RETURN seen;
	END;
END
$$;
SELECT is(pg_temp.mentors_seen(s.caller, k.name, k.key), s.mentors, format('%-20s sees in %s exactly: %s', s.caller, k.name, coalesce(s.mentors, 'nobody')))
  FROM sees s CROSS JOIN (
	SELECT r.name, a.attname
	  FROM reads r JOIN pg_attribute a ON a.attrelid = r.name
	   AND a.attname = CASE WHEN r.name = 'public.peer_mentors'::regclass THEN 'id'
	                        WHEN r.name IN ('public.peer_mentor_certifications'::regclass, 'public.certification_timeline'::regclass) THEN 'peer_mentor_id'
	                        ELSE 'mentor_id' END
	 WHERE split_part(r.expected, ' ', 1) = '-' AND r.expected ~ '[1-9]'
	   AND r.name <> 'public.coordinator_assignments'::regclass) k (name, key);
SELECT is_empty($$SELECT caller FROM callers c WHERE role = 'authenticated' AND NOT EXISTS (SELECT FROM sees s WHERE s.caller = c.caller)$$,
	'every signed-in caller has a row above');

-- ---- what the public sees, and from when on it does not

CREATE FUNCTION pg_temp.listed(before text) RETURNS text LANGUAGE sql AS
	$$SELECT a.n::text || a.answer FROM pg_temp.attempt('anon', before, 'SELECT * FROM public.public_mentor_listing WHERE mentor_id = {m}', '') a$$;
SELECT is(pg_temp.listed(''), '1ok', 'anon sees a mentor who is active, listed and certified');
SELECT is(pg_temp.listed(before), '0ok', 'but not after ' || before) FROM unnest(ARRAY[
	'SELECT public.pause_mentor({m})', 'SELECT public.set_listed({m}, false)', 'SELECT public.remove_mentor({m})',
	'SELECT public.suspend_certification({m}, ''course'')', 'SELECT public.record_certification({m}, ''extra'', current_date - 900, current_date - 100)',
	'UPDATE public.certification_types SET required = false WHERE organisation_id = {org}']) before;
-- between its last day and the nightly run it is the dates that count
SET LOCAL session_replication_role = replica;
UPDATE peer_mentor_certifications SET issued_at = current_date - 900, expires_at = current_date - 100 WHERE peer_mentor_id = md5('m')::uuid;
UPDATE peer_mentor_certifications SET status = 'suspended' WHERE peer_mentor_id = md5('m other')::uuid;
SET LOCAL session_replication_role = origin;
SELECT is((SELECT string_agg(n, ',' ORDER BY n) FROM unnest('{m,m other,m admin}'::text[]) n JOIN public_mentor_listing l ON l.mentor_id = md5(n)::uuid),
	'm admin', 'nor whose certification has lapsed or is suspended, whatever the status still says');

SELECT * FROM finish();
ROLLBACK;
