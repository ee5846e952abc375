-- The roster: whom it shows to whom, in which order, page by page.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
SELECT test.today() AS today \gset
INSERT INTO chapters (id, organisation_id, name) VALUES (test.id('n3'), test.id('north'), 'n3');
INSERT INTO role_assignments (user_id, organisation_id, chapter_id, role) VALUES
	(test.id('kari'), test.id('north'), test.id('n1'), 'coordinator'), (test.id('kari'), test.id('north'), test.id('n1'), 'chapter_admin'),
	(test.id('kari'), test.id('north'), test.id('n2'), 'coordinator'), (test.id('ola'), test.id('north'), NULL, 'org_admin');
INSERT INTO peer_mentors (id, organisation_id, display_name)
SELECT test.id(n), test.id('north'), n FROM unnest('{anna,bert,cleo,dora,emil,finn,gry,hans,ida}'::text[]) n UNION ALL SELECT test.id('stig'), test.id('south'), 'stig';
-- anna in two chapters of kari's, emil in one of hers and one of others, hans in none, ida in another, stig in another organisation
INSERT INTO mentor_chapters (mentor_id, chapter_id, is_primary, since)
SELECT test.id(m), test.id(c), p, :'today' FROM (VALUES ('anna', 'n1', true), ('anna', 'n2', false), ('bert', 'n1', true), ('cleo', 'n2', true), ('dora', 'n1', true), ('emil', 'n3', true),
	('emil', 'n2', false), ('finn', 'n1', true), ('gry', 'n2', true), ('ida', 'n3', true), ('stig', 's1', true)) v (m, c, p);
INSERT INTO coordinator_assignments (coordinator_id, mentor_id) VALUES (test.id('per'), test.id('hans')), (test.id('per'), test.id('stig'));
CREATE FUNCTION pg_temp.certify(mentor text, type text, expires int) RETURNS text LANGUAGE sql AS
	$$SELECT test.call(format('record_certification(test.id(%L), %L, %L, %L)', mentor, type, test.today() - 400, test.today() + expires))$$;
SELECT pg_temp.certify(m, t, d) FROM (VALUES ('anna', 'course', 90), ('anna', 'police', 30), ('bert', 'course', 20), ('cleo', 'course', -5), ('cleo', 'police', 100), ('dora', 'course', 20),
	('emil', 'course', 400), ('emil', 'extra', 7), ('finn', 'course', 50), ('stig', 'course', 3)) v (m, t, d);
SELECT test.call(format('pause_mentor(test.id(%L), test.today() + %s)', m, d)) FROM (VALUES ('dora', 2), ('finn', 40)) v (m, d);
SELECT test.call('pause_mentor(test.id(''gry''))'), test.call('suspend_certification(test.id(''stig''), ''course'')');
-- dora's return date has passed
RESET SESSION AUTHORIZATION;
SET session_replication_role = replica;
UPDATE peer_mentor_status SET expected_return_date = :'today'::date - 3 WHERE mentor_id = test.id('dora');
UPDATE pause_records SET expected_return_date = :'today'::date - 3 WHERE mentor_id = test.id('dora');
INSERT INTO outbox_events (channel, event_type, organisation_id, mentor_id, dedupe_key, payload) SELECT 'notification', 'reminder_due', test.id('north'), test.id('bert'), n, '{"schema_version": 1}' FROM unnest('{a,b,c}'::text[]) n;
INSERT INTO undeliverable_notifications (event_id, mentor_id, reason, resolved_at) SELECT id, mentor_id, 'nobody', CASE dedupe_key WHEN 'c' THEN now() END FROM outbox_events WHERE dedupe_key IN ('a', 'b', 'c');
INSERT INTO status_discrepancies (kind, mentor_id, found, expected, resolved_at) VALUES ('status_differs', test.id('finn'), '{}', '{}', NULL), ('chapter_differs', test.id('finn'), '{}', '{}', now());
RESET session_replication_role;

CREATE FUNCTION pg_temp.roster(who text, rest text DEFAULT '') RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('request.jwt.claims', jsonb_build_object('sub', test.id(who))::text, true);
	RETURN QUERY EXECUTE 'SELECT * FROM public.coordinator_roster(' || rest || ')';
END
$$;
CREATE FUNCTION pg_temp.names(who text, rest text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	names text;
	state text;
	detail text;
BEGIN
	PERFORM set_config('request.jwt.claims', jsonb_build_object('sub', test.id(who))::text, true);
	EXECUTE format('SELECT string_agg(r.display_name, '' '' ORDER BY r.i) FROM (SELECT q.display_name, row_number() OVER () AS i FROM public.coordinator_roster(%s) q) r', rest) INTO names;
	RETURN coalesce(names, '-');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
	RETURN test.error_of(state, detail, NULL);
END
$$;
CREATE FUNCTION pg_temp.walk(who text, size int, rest text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	pages text := '';
	page text;
	at text;
BEGIN
	PERFORM set_config('request.jwt.claims', jsonb_build_object('sub', test.id(who))::text, true);
	LOOP
		EXECUTE format('SELECT string_agg(r.display_name, '' '' ORDER BY r.i), max(r.cursor) FILTER (WHERE r.i = r.n)
		                  FROM (SELECT q.display_name, q.cursor, row_number() OVER () AS i, count(*) OVER () AS n FROM public.coordinator_roster(%s, $1%s) q) r', size, rest)
		   INTO page, at USING at;
		EXIT WHEN page IS NULL;
		pages := pages || '[' || page || ']';
	END LOOP;
	RETURN pages;
END
$$;
SELECT pg_my_temp_schema()::regnamespace AS temp \gset
GRANT USAGE ON SCHEMA :temp TO authenticated, service_role, anon;
SET ROLE authenticated;
-- who sees whom, each once: expired first, then by the day on which something falls due, then by name
SELECT who, pg_temp.names(who) FROM unnest('{kari,ola,per}'::text[]) who;
SELECT q.display_name, c.name AS primary_chapter, q.chapters = ARRAY(SELECT md5(n)::uuid FROM unnest(CASE q.display_name WHEN 'anna' THEN '{n1,n2}' WHEN 'emil' THEN '{n3,n2}' ELSE ARRAY[c.name] END) n) AS chapters,
       q.status, q.version, q.pause_reason, now() - q.paused_at < interval '1 hour' AS paused, q.expected_return_date - :'today'::date AS returns, q.overdue, q.next_expiring_type, q.next_expires_at - :'today'::date = q.days_left AS days,
       q.days_left, (SELECT string_agg(l.name, ' ' ORDER BY l.name) FROM unnest('{kari,ola,per}'::text[]) l (name) WHERE md5(l.name)::uuid = ANY (q.coordinators)) AS coordinators, q.undelivered, q.discrepancies
  FROM pg_temp.roster('kari') q (mentor_id uuid, display_name text, primary_chapter uuid, chapters uuid[], status mentor_status, version bigint, pause_reason text,
	paused_at timestamptz, expected_return_date date, overdue boolean, next_expiring_type text, next_expires_at date, days_left integer,
	coordinators uuid[], undelivered bigint, discrepancies bigint, cursor text)
  LEFT JOIN (VALUES (md5('n1')::uuid, 'n1'), (md5('n2')::uuid, 'n2'), (md5('n3')::uuid, 'n3')) c (id, name) ON c.id = q.primary_chapter;
-- page by page
SELECT who, n, pg_temp.walk(who, n) FROM unnest('{kari,ola,per}'::text[]) who, unnest('{1,3,50}'::int[]) n;
-- filters
SELECT f, pg_temp.names('kari', f) AS kari, pg_temp.names('ola', f) AS ola, pg_temp.names('per', f) AS per FROM unnest(ARRAY['statuses => ''{paused}''', 'statuses => ''{expired_cert,active,active}''', 'chapter_id => test.id(''n1'')', 'chapter_id => test.id(''n2'')',
	'chapter_id => test.id(''n3'')', 'chapter_id => test.id(''s1'')', 'chapter_id => test.id(''nobody'')', 'expiring_within_days => 20', 'expiring_within_days => 0', 'overdue_only => true', 'overdue_only => true, statuses => ''{active}''', 'search => ''R''', 'search => ''%''',
	'search => ''''', 'search => ''a'', statuses => ''{active}'', expiring_within_days => 60', '1, statuses => ''{paused}''']) f;
SELECT pg_temp.walk('ola', 1, ', search => ''r''') AS searched, pg_temp.walk('ola', 2, ', statuses => ''{paused}''') AS paused, pg_temp.walk('kari', 1, ', chapter_id => test.id(''n3'')') AS elsewhere;
-- bad arguments
SELECT f, pg_temp.names('kari', f) FROM unnest(ARRAY['NULL', '0', '-1', '501', 'after => ''''', 'after => ''x''', 'after => ''AAAA''', 'after => ''!''', 'after => repeat(''A'', 2000)', 'after => ''AYAAAAAAAAAAAAAAAAAAAAAAAAAA_w''',
	'after => ''AYAAAAAAAAAAAAAAAAAAAAAAAAAAAA''', 'statuses => ''{}''', 'statuses => ''{NULL}''', 'statuses => ''{active,NULL}''', 'statuses => ''{retired}''', 'expiring_within_days => -1', 'expiring_within_days => 36501', 'overdue_only => NULL',
	'search => repeat(''x'', 201)', 'chapter_id => ''x''', 'statuses => NULL, chapter_id => NULL, expiring_within_days => NULL, search => NULL, after => NULL']) f;
SELECT test.outcome(s) FROM unnest(ARRAY['SELECT peer_mentor.coordinator_roster(50, NULL, ''{retired}'', NULL, NULL, false, NULL)', 'SELECT peer_mentor.coordinator_roster(50, NULL, ''{NULL}'', NULL, NULL, false, NULL)']) s;
-- a cursor is a place in an order, nothing else: a forged one shows nobody whom one does not see
SELECT pg_temp.names('per', format('50, %L', translate(rtrim(encode('\x0180000000000000000000000000000000000000'::bytea || '\x00', 'base64'), '='), '+/', '-_'))) AS from_the_start;
-- somebody without a role or an assignment, the service, the owner, nobody
SELECT pg_temp.names('stranger') AS no_login;
RESET ROLE;
INSERT INTO auth.users VALUES (test.id('stranger'));
UPDATE coordinator_assignments SET ended_at = now() WHERE coordinator_id = test.id('per') AND mentor_id = test.id('hans');
SET ROLE authenticated;
SELECT pg_temp.names('stranger') AS no_role, pg_temp.names('per') AS assignment_ended;
SET ROLE service_role;
SELECT pg_temp.names('kari') AS service;
SET ROLE anon;
SELECT pg_temp.names('kari') AS anon;
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.outcome('SELECT coordinator_roster()') AS owner;

-- the order follows whatever moves it, on every path
CREATE FUNCTION pg_temp.differing() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS $$
	SELECT m.display_name FROM public.peer_mentors m JOIN public.peer_mentor_status s ON s.mentor_id = m.id
	 WHERE (s.organisation_id, s.roster_name, s.on_roster, s.next_expires_on) IS DISTINCT FROM
	       (m.organisation_id, left(coalesce(m.display_name, ''), 100), m.deleted_at IS NULL,
	        (SELECT min(c.expires_at) FROM public.peer_mentor_certifications c WHERE c.peer_mentor_id = m.id AND c.status = 'active'))
$$;
CREATE FUNCTION pg_temp.mirrored(what text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'SELECT ' || what;
	IF EXISTS (SELECT FROM pg_temp.differing()) THEN
		RETURN 'mirror of ' || (SELECT string_agg(coalesce(d, 'nobody'), ' ') FROM pg_temp.differing() d);
	END IF;
	RETURN what;
END
$$;
SELECT * FROM pg_temp.differing();
SELECT pg_temp.mirrored(s) FROM unnest(ARRAY['renew_certification(test.id(''cleo''), ''course'', test.today())', 'suspend_certification(test.id(''anna''), ''police'')', 'reinstate_certification(test.id(''anna''), ''police'')',
	'correct_certification(test.id(''bert''), ''course'', test.today() - 400, test.today() + 300)', 'reactivate_mentor(test.id(''dora''))', 'remove_mentor(test.id(''finn''))', 'set_return_date(test.id(''gry''), test.today() + 1)',
	'register_mentor(test.id(''jon''), test.id(''north''), ARRAY[test.id(''n1'')], repeat(''jon '', 100))']) s;
UPDATE peer_mentors SET display_name = 'Åse' WHERE id = test.id('ida');
UPDATE peer_mentors SET display_name = NULL WHERE id = test.id('hans');
INSERT INTO register_import (mentor_key, chapter, certification_type, issued_on, expires_on) VALUES ('lars', 'n1', 'course', to_char(:'today'::date - 9, 'YYYY-MM-DD'), to_char(:'today'::date + 1, 'YYYY-MM-DD'));
SELECT * FROM peer_mentor.import_register(test.id('north'));
UPDATE peer_mentors SET display_name = 'lars' WHERE external_key = 'lars';
-- the nightly run: of emil an optional certification lapses, nothing else; lars moves
CALL peer_mentor.run_nightly((:'today'::date + 8)::timestamptz);
SELECT * FROM pg_temp.differing();
RESET SESSION AUTHORIZATION;
SET ROLE authenticated;
SELECT left(pg_temp.names('ola'), 120) AS now, pg_temp.names('kari', 'search => ''jon jon jon'', statuses => ''{active}''') = rtrim(repeat('jon ', 100)) || ' ' AS long_name;
RESET ROLE;
UPDATE peer_mentors SET display_name = repeat('x', 300) || 'needle' WHERE id = test.id('bert');
SET ROLE authenticated;
SELECT pg_temp.names('kari', 'search => ''NEEDLE''') LIKE 'xxx%needle' AS past_what_the_order_knows;
RESET ROLE;
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT pg_temp.mirrored('restore_mentor(test.id(''finn''))');
-- what was loaded past the triggers is put right by migrate()
RESET SESSION AUTHORIZATION;
SET session_replication_role = replica;
UPDATE peer_mentor_status SET organisation_id = NULL, roster_name = '', next_expires_on = NULL, on_roster = false;
RESET session_replication_role;
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT count(*) FROM peer_mentor.migrate();
SELECT * FROM pg_temp.differing();
SELECT test.outcome(s) FROM unnest(ARRAY['SELECT peer_mentor.mirror_roster(NULL)', 'SELECT peer_mentor.mirror_roster(ARRAY[NULL::uuid])', 'UPDATE peer_mentor_status SET next_expires_on = ''2001-01-01''', 'UPDATE peer_mentor_status SET roster_name = ''x''']) s;
