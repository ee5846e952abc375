-- Reports: numbers per chapter and status, frozen ones; status_on; the public listing.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
SELECT test.today() AS today \gset
INSERT INTO role_assignments (user_id, organisation_id, chapter_id, role) VALUES (test.id('kari'), test.id('north'), test.id('n1'), 'chapter_admin'), (test.id('kari'), test.id('north'), test.id('n2'), 'coordinator'),
	(test.id('ola'), test.id('north'), NULL, 'org_admin');
-- an import of years ago: each term is a day that can be counted on
INSERT INTO register_import (mentor_key, chapter, certification_type, issued_on, expires_on) VALUES
	('anna', 'n1', 'course', '2020-01-01', '2020-12-31'), ('bert', 'n1', 'course', '2020-02-01', '2020-02-10'), ('bert', 'n1', 'course', '2020-02-21', '2021-02-20'), ('cleo', 'n2', 'course', '2020-02-10', '2020-03-09'), ('dora', '', 'extra', '2020-02-15', '2022-01-01');
SELECT * FROM peer_mentor.import_register(test.id('north'));
CALL peer_mentor.run_nightly('2020-03-20 12:00+00');
UPDATE peer_mentors SET display_name = external_key;
SELECT m.external_key, h.version, h.new_status, h.reason, h.effective_on::text FROM peer_mentor_status_history h JOIN peer_mentors m ON m.id = h.mentor_id ORDER BY 1, 2;
-- February 2020 had 29 days
SELECT chapter, status, mentors, mentor_days AS days, certified_mentors AS certified, uncertified_mentors AS un, certified_days, uncertified_days AS un_days, transitions FROM status_report(test.id('north'), '2020-02-01', '2020-02-29');
SELECT chapter, status, mentors, mentor_days AS days, certified_mentors AS certified, uncertified_mentors AS un, certified_days, uncertified_days AS un_days, transitions FROM status_report(test.id('north'), '2020-03-10', '2020-03-10');
SELECT count(*), sum(mentors), sum(mentor_days) FROM status_report(test.id('north'), '2019-01-01', '2019-12-31');
SELECT count(*), sum(mentors) FROM status_report(test.id('south'), '2020-01-01', '2020-12-31');
-- the edges of a day
SELECT d, mentor_status_on(m.id, d::date) FROM peer_mentors m, unnest('{2020-02-09,2020-02-10,2020-03-09,2020-03-10,2099-01-01}'::text[]) d WHERE external_key = 'cleo';
-- days of grace count as certified
SELECT put_certification_type(test.id('north'), 'course', grace_days => 5);
SELECT chapter, status, mentor_days AS days, certified_days, uncertified_days AS un_days FROM status_report(test.id('north'), '2020-02-01', '2020-02-29') WHERE chapter = 'n1' AND status = 'active';
SELECT put_certification_type(test.id('north'), 'course', grace_days => 0);
-- what is not required certifies nobody
SELECT put_certification_type(test.id('north'), 'course', required => false);
SELECT sum(certified_days) FROM status_report(test.id('north'), '2020-02-01', '2020-02-29');
SELECT put_certification_type(test.id('north'), 'course', required => true);

-- kept as it is, whatever happens then
SELECT freeze_report(test.id('north'), '2020-02-01', '2020-02-29') AS first \gset
CREATE TEMP TABLE handed_in AS SELECT * FROM frozen_report(:'first');
SELECT count(*) AS rows_that_differ FROM (TABLE handed_in EXCEPT ALL SELECT * FROM status_report(test.id('north'), '2020-02-01', '2020-02-29')) d;
SELECT organisation_id = test.id('north') AS north, from_day::text, to_day::text, number, frozen_by, actor_kind, report - 'rows' - 'organisation_id' AS report, length(checksum) FROM report_snapshots;
SELECT correct_certification(id, 'course', '2020-02-05', '2020-12-31') IS NOT NULL AS corrected, (remove_mentor(id)).mentor_id = id AS removed FROM peer_mentors WHERE external_key = 'anna';
DELETE FROM peer_mentors WHERE external_key = 'bert';
SELECT chapter, status, mentor_days AS days, certified_days, uncertified_days AS un_days FROM status_report(test.id('north'), '2020-02-01', '2020-02-29') WHERE chapter = 'n1';
SELECT count(*) AS rows_that_differ FROM (TABLE handed_in EXCEPT ALL SELECT * FROM frozen_report(:'first')) d;
SELECT freeze_report(test.id('north'), '2020-02-01', '2020-02-29') AS second \gset
SELECT number, id IN (:'first', :'second') AS known FROM report_snapshots ORDER BY number;
-- a removed mentor counts up to the day before
SELECT sum(mentors) AS present FROM status_report(test.id('north'), :'today', :'today') WHERE chapter = 'n1';
SELECT sum(mentors) AS present FROM status_report(test.id('north'), :'today'::date - 1, :'today'::date - 1) WHERE chapter = 'n1';
-- nobody writes it
SELECT s, test.outcome(s) FROM unnest(ARRAY['UPDATE report_snapshots SET report = ''{}''', 'DELETE FROM report_snapshots', 'TRUNCATE report_snapshots', 'INSERT INTO report_snapshots (organisation_id, from_day, to_day, actor_kind, report, checksum) SELECT id, now(), now(), ''service'', ''{}'', '''' FROM organisations']) s;

-- who gets which chapters
CREATE FUNCTION pg_temp.chapters(who text, call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	seen text;
	state text;
	detail text;
BEGIN
	PERFORM set_config('request.jwt.claims', jsonb_build_object('sub', test.id(who))::text, true);
	EXECUTE format('SELECT string_agg(DISTINCT coalesce(q.chapter, ''none''), '' '') FROM public.%s q', call) INTO seen;
	RETURN coalesce(seen, '-');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
	RETURN test.error_of(state, detail, NULL);
END
$$;
SELECT pg_my_temp_schema()::regnamespace AS temp \gset
RESET SESSION AUTHORIZATION;
GRANT USAGE ON SCHEMA :temp TO authenticated, service_role, anon;
SET ROLE authenticated;
SELECT who, pg_temp.chapters(who, 'status_report(test.id(''north''), ''2020-02-01'', ''2020-02-29'')') AS north, pg_temp.chapters(who, 'status_report(test.id(''south''), ''2020-02-01'', ''2020-02-29'')') AS south,
       pg_temp.chapters(who, 'status_report(test.id(''nobody''), ''2020-02-01'', ''2020-02-29'')') AS nowhere, pg_temp.chapters(who, format('frozen_report(%L)', :'first')) AS frozen FROM unnest('{kari,ola,per}'::text[]) who;
SELECT who, test.outcome('SELECT freeze_report(test.id(''north''), ''2020-01-01'', ''2020-01-31'')') FROM unnest('{kari,ola,per}'::text[]) who, set_config('request.jwt.claims', jsonb_build_object('sub', test.id(who))::text, false) c WHERE c <> '';
RESET ROLE;
SELECT number, actor_kind, frozen_by = test.id('ola') AS ola FROM report_snapshots WHERE from_day = '2020-01-01';
-- the login gone, the report stays
DELETE FROM auth.users WHERE id = test.id('ola');
SELECT number, actor_kind, frozen_by FROM report_snapshots WHERE from_day = '2020-01-01';
SET ROLE service_role;
SELECT pg_temp.chapters('kari', 'status_report(test.id(''north''), ''2020-02-01'', ''2020-02-29'')') AS service, pg_temp.chapters('kari', format('frozen_report(%L)', :'first')) AS frozen;
SET ROLE anon;
SELECT pg_temp.chapters('kari', 'status_report(test.id(''north''), ''2020-02-01'', ''2020-02-29'')') AS anon;
SET SESSION AUTHORIZATION regress_pm_owner;
-- bad arguments
SELECT s, test.outcome('SELECT * FROM ' || s) FROM unnest(ARRAY['status_report(NULL, ''2020-01-01'', ''2020-01-31'')', 'status_report(test.id(''north''), NULL, ''2020-01-31'')', 'status_report(test.id(''north''), ''2020-01-01'', NULL)', 'status_report(test.id(''nobody''), ''2020-01-01'', ''2020-01-31'')',
	'status_report(test.id(''north''), ''2020-01-02'', ''2020-01-01'')', 'status_report(test.id(''north''), ''-infinity'', ''2020-01-01'')', 'status_report(test.id(''north''), ''2020-01-02'', ''infinity'')', 'status_report(test.id(''north''), ''1899-12-31'', ''2020-01-01'')', 'status_report(test.id(''north''), ''2020-01-01'', ''3000-01-01'')',
	'status_report(test.id(''north''), ''1900-01-01'', ''2999-12-31'')', 'freeze_report(NULL, ''2020-01-01'', ''2020-01-31'')', 'freeze_report(test.id(''north''), NULL, ''2020-01-31'')', 'freeze_report(test.id(''north''), ''2020-01-01'', NULL)', 'freeze_report(test.id(''nobody''), ''2020-01-01'', ''2020-01-31'')',
	'freeze_report(test.id(''north''), ''2020-01-02'', ''2020-01-01'')', 'freeze_report(test.id(''north''), ''2020-01-02'', ''infinity'')', 'frozen_report(NULL)', 'frozen_report(test.id(''nobody''))']) s;

-- a primary chapter that is changed by hand is remembered for the days before
SELECT test.reset() \gset
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n FROM unnest('{emil,finn}'::text[]) n;
INSERT INTO mentor_chapters (mentor_id, chapter_id, is_primary, since) SELECT test.id(m), test.id(c), p, :'today'::date - 10 FROM (VALUES ('emil', 'n1', true), ('emil', 'n2', false), ('finn', 'n1', true), ('finn', 'n2', false)) v (m, c, p);
UPDATE mentor_chapters SET is_primary = true WHERE mentor_id = test.id('emil') AND chapter_id = test.id('n2');
UPDATE mentor_chapters SET until = :'today' WHERE mentor_id = test.id('finn') AND chapter_id = test.id('n1');
SELECT m.display_name, c.name, is_primary, since - :'today'::date AS since, until - :'today'::date AS until FROM mentor_chapters x JOIN peer_mentors m ON m.id = x.mentor_id JOIN chapters c ON c.id = x.chapter_id ORDER BY 1, 4, 2;
SELECT s.mentor_id = test.id('emil') AS emil, c.name FROM peer_mentor_status s JOIN chapters c ON c.id = s.chapter_id ORDER BY 1;
SELECT p.day - :'today'::date AS day, string_agg(format('%s in %s', m.display_name, c.name), ', ' ORDER BY m.display_name) FROM peer_mentor_private.primary_chapters(test.id('north'), NULL) x JOIN peer_mentors m ON m.id = x.mentor_id JOIN chapters c ON c.id = x.chapter_id
  JOIN (VALUES (:'today'::date - 99), (:'today'::date - 10), (:'today'::date - 1), (:'today'::date)) p (day) ON x.days @> p.day GROUP BY 1 ORDER BY 1;

-- the public listing: grace days, the organisation's day, several chapters and types
SELECT test.reset() \gset
UPDATE organisations SET time_zone = 'Pacific/Kiritimati' WHERE id = test.id('north');
UPDATE organisations SET time_zone = 'Etc/GMT+12' WHERE id = test.id('south');
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n FROM unnest('{anna,bert,cleo,dora,emil,finn,gry}'::text[]) n UNION ALL SELECT test.id(n), test.id('south'), n FROM unnest('{stig,sara}'::text[]) n;
INSERT INTO mentor_chapters (mentor_id, chapter_id, is_primary) VALUES (test.id('anna'), test.id('n2'), true), (test.id('anna'), test.id('n1'), false), (test.id('bert'), test.id('n1'), true);
SELECT put_certification_type(test.id('north'), 'graced', grace_days => 3);
SELECT (now() AT TIME ZONE 'Pacific/Kiritimati')::date AS early, (now() AT TIME ZONE 'Etc/GMT+12')::date AS late \gset
SELECT m, t, test.call(format('record_certification(test.id(%L), %L, %L, %L)', m, t, d - 300, d)) FROM (VALUES ('anna', 'course', :'early'::date), ('bert', 'course', :'early'::date + 100), ('bert', 'extra', :'early'::date - 9),
	('cleo', 'extra', :'early'::date + 9), ('dora', 'graced', :'early'::date - 3), ('emil', 'course', :'early'::date + 9), ('emil', 'police', :'early'::date + 9), ('finn', 'course', :'early'::date + 9), ('stig', 'course', :'late'::date), ('sara', 'course', :'late'::date - 1)) v (m, t, d);
SELECT suspend_certification(test.id('emil'), 'police') IS NOT NULL AS suspended, set_listed(test.id('finn'), false) IS NOT NULL AS unlisted;
RESET SESSION AUTHORIZATION;
SET ROLE anon;
SELECT l.display_name, l.chapter, l.mentor_id = test.id(l.display_name) AS id FROM public_mentor_listing l ORDER BY 1;
SELECT test.outcome('SELECT * FROM peer_mentors') AS nothing_else, test.outcome('SELECT * FROM peer_mentor_private.status_days(NULL, NULL, NULL, NULL)') AS nor_this;
RESET ROLE;
-- the day after the last one, and the grace, before any run has been: the dates decide
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.backdate('anna', 'course', :'early'::date - 1), test.backdate('dora', 'graced', :'early'::date - 4) \gset
SELECT l.display_name, s.status FROM public_mentor_listing l JOIN peer_mentor_status s USING (mentor_id) ORDER BY 1;
SELECT display_name, status FROM peer_mentor_status s JOIN peer_mentors m ON m.id = s.mentor_id WHERE display_name IN ('anna', 'dora') ORDER BY 1;
SELECT reloptions, pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'public_mentor_listing'::regclass;
SELECT prosecdef, proargnames FROM pg_proc WHERE oid = 'peer_mentor_private.listing'::regproc;
