-- Who is registered where: every path gives a status, and what is tied together belongs to one organisation.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
SELECT test.id('north') AS north, test.id('south') AS south, test.id('n1') AS n1, test.id('n2') AS n2, test.id('s1') AS s1, test.id('anna') AS anna,
       test.id('bert') AS bert, test.id('kari') AS kari, test.id('ola') AS ola, test.today() AS today \gset
CREATE FUNCTION pg_temp.chapters(name text) RETURNS text LANGUAGE sql AS $$
	SELECT (SELECT string_agg(c.name || CASE WHEN m.is_primary THEN ' primary' ELSE '' END || CASE WHEN m.until IS NOT NULL THEN ' ended' ELSE '' END, ', ' ORDER BY c.name, m.until, m.since, m.is_primary)
	          FROM mentor_chapters m JOIN chapters c ON c.id = m.chapter_id WHERE m.mentor_id = test.id($1))
	       || '; status says ' || coalesce((SELECT c.name FROM peer_mentor_status s JOIN chapters c ON c.id = s.chapter_id WHERE s.mentor_id = test.id($1)), 'none')
$$;

-- register_mentor
SELECT test.call(format('register_mentor(%L, %L, %L, %L, %L)', :'anna', :'north', ARRAY[:'n2', :'n1'], 'Anna', :'ola'));
SELECT * FROM test.trace('anna');
SELECT display_name, user_id = :'ola' AS login, listed, external_key, deleted_at FROM peer_mentors;
SELECT pg_temp.chapters('anna');
SELECT s.chapter_id = h.chapter_id AND s.chapter_id = :'n2' AS same FROM peer_mentor_status s JOIN peer_mentor_status_history h USING (mentor_id);
SELECT test.call(format('register_mentor(%L, %L, %L)', :'anna', :'north', '{}')) AS again, test.call(format('register_mentor(%L, %L, %L, NULL, %L)', :'bert', :'north', '{}', :'ola')) AS same_login,
       test.call(format('register_mentor(%L, %L, %L)', :'bert', :'north', ARRAY[:'s1'])) AS other_chapter, test.call(format('register_mentor(%L, %L, %L)', :'bert', :'north', ARRAY[:'n1', :'s1'])) AS one_other,
       test.call(format('register_mentor(%L, %L, %L)', :'bert', test.id('x'), '{}')) AS no_organisation, test.call(format('register_mentor(%L, %L, %L)', :'bert', :'north', ARRAY[:'n1', :'n1'])) AS twice;
SELECT test.call(format('register_mentor(%L, %L, %L)', :'bert', :'north', ARRAY[:'n1', NULL])) AS null_chapter, test.call(format('register_mentor(%L, %L, NULL)', :'bert', :'north')) AS null_chapters,
       test.call(format('register_mentor(%L, %L, %L)', :'bert', :'north', ARRAY[ARRAY[:'n1'], ARRAY[:'n2']])) AS two_dimensions, test.call(format('register_mentor(%L, %L, %L, NULL, %L)', :'bert', :'north', '{}', test.id('x'))) AS no_login;
SELECT count(*) FROM peer_mentors;
RESET SESSION AUTHORIZATION;
SET ROLE service_role;
SELECT test.call(format('register_mentor(%L, %L, %L)', test.id('bert'), test.id('north'), '{}'));
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT * FROM test.trace('bert');

-- a plain INSERT, one of many rows, COPY, ON CONFLICT, UPSERT of one that is there: each mentor exactly one status
INSERT INTO peer_mentors (id, organisation_id) VALUES (test.id('cleo'), :'south');
INSERT INTO peer_mentors (organisation_id, external_key) SELECT :'north', i FROM generate_series(1, 1000) i;
-- md5('south')
COPY peer_mentors (id, organisation_id) FROM stdin;
11111111-1111-4111-8111-111111111111	50fd76e3-3fe5-b961-7c5c-a99008af8904
22222222-2222-4222-8222-222222222222	50fd76e3-3fe5-b961-7c5c-a99008af8904
\.
INSERT INTO peer_mentors (id, organisation_id) VALUES (:'anna', :'north') ON CONFLICT DO NOTHING;
INSERT INTO peer_mentors (id, organisation_id) VALUES (:'anna', :'north') ON CONFLICT (id) DO UPDATE SET display_name = 'Anna A.';
WITH i AS (INSERT INTO peer_mentors (organisation_id, external_key) VALUES (:'north', 'cte') RETURNING id) SELECT count(*) FROM i;
SELECT test.outcome(format('INSERT INTO peer_mentors (organisation_id, external_key) VALUES (%L, ''1'')', :'north')) AS same_key,
       test.outcome(format('INSERT INTO peer_mentors (organisation_id, external_key) VALUES (%L, ''1'')', :'south')) AS other_organisation,
       test.outcome('INSERT INTO peer_mentors (external_key) VALUES (''x'')') AS no_organisation;
SELECT count(*) AS mentors, count(s.id) AS statuses, count(h.id) AS history, count(*) FILTER (WHERE h.reason = 'registered' AND h.actor_kind = 'system' AND h.previous_status IS NULL AND h.version = 1) AS by_trigger
  FROM peer_mentors m LEFT JOIN peer_mentor_status s ON s.mentor_id = m.id LEFT JOIN peer_mentor_status_history h ON h.mentor_id = m.id;
-- an app role that the team lets insert mentors needs no rights on the engine
RESET SESSION AUTHORIZATION;
GRANT INSERT, SELECT ON peer_mentors TO authenticated;
CREATE POLICY test ON peer_mentors TO authenticated USING (true) WITH CHECK (true);
SET ROLE authenticated;
INSERT INTO peer_mentors (id, organisation_id) VALUES (test.id('dora'), test.id('north'));
RESET ROLE;
DROP POLICY test ON peer_mentors;
REVOKE INSERT, SELECT ON peer_mentors FROM authenticated;
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT * FROM test.trace('dora');

-- chapters: the first is primary, another primary takes over, the oldest live one steps in, none is fine
INSERT INTO mentor_chapters (mentor_id, chapter_id, since) VALUES (:'bert', :'n1', :'today');
SELECT pg_temp.chapters('bert');
INSERT INTO mentor_chapters (mentor_id, chapter_id, since) VALUES (:'bert', :'n2', :'today'::date - 10);
SELECT pg_temp.chapters('bert');
UPDATE mentor_chapters SET is_primary = true WHERE mentor_id = :'bert' AND chapter_id = :'n2';
SELECT pg_temp.chapters('bert');
UPDATE mentor_chapters SET is_primary = false WHERE mentor_id = :'bert' AND chapter_id = :'n2';
SELECT pg_temp.chapters('bert');
UPDATE mentor_chapters SET until = current_date + 1 WHERE mentor_id = :'bert' AND is_primary;
SELECT pg_temp.chapters('bert');
DELETE FROM mentor_chapters WHERE mentor_id = :'bert' AND until IS NULL;
SELECT pg_temp.chapters('bert');
INSERT INTO mentor_chapters (mentor_id, chapter_id, is_primary) VALUES (:'bert', :'n1', true), (:'bert', :'n2', true);
SELECT pg_temp.chapters('bert');
-- the history keeps the primary chapter of the moment
SELECT test.call(format('pause_mentor(%L)', :'bert'));
UPDATE mentor_chapters SET is_primary = true WHERE mentor_id = :'bert' AND chapter_id = :'n1' AND until IS NULL;
SELECT test.call(format('reactivate_mentor(%L)', :'bert'));
SELECT h.version, c.name FROM peer_mentor_status_history h LEFT JOIN chapters c ON c.id = h.chapter_id WHERE mentor_id = :'bert' ORDER BY 1;
SELECT right(test.outcome(format('INSERT INTO mentor_chapters (mentor_id, chapter_id) VALUES (%L, %L)', :'bert', :'s1')), -6) AS other_organisation,
       right(test.outcome(format('UPDATE mentor_chapters SET chapter_id = %L WHERE mentor_id = %L', :'s1', :'bert')), -6) AS moved_over,
       test.outcome(format('INSERT INTO mentor_chapters (mentor_id, chapter_id) VALUES (%L, %L)', :'bert', :'n1')) AS twice,
       right(test.outcome(format('INSERT INTO mentor_chapters (mentor_id, chapter_id) VALUES (%L, %L)', test.id('x'), :'n1')), -6) AS no_mentor,
       test.outcome(format('INSERT INTO mentor_chapters (mentor_id, chapter_id, since, until) VALUES (%L, %L, ''2020-01-02'', ''2020-01-01'')', :'bert', :'n1')) AS ends_before;
-- a membership that moves to another mentor leaves the others in order
UPDATE mentor_chapters SET mentor_id = test.id('dora') WHERE mentor_id = :'bert' AND is_primary AND until IS NULL;
SELECT pg_temp.chapters('bert') AS bert, pg_temp.chapters('dora') AS dora;
UPDATE mentor_chapters SET mentor_id = :'bert' WHERE mentor_id = test.id('dora');
SELECT pg_temp.chapters('bert') AS bert, pg_temp.chapters('dora') AS dora;
-- a trigger of the team that puts every new mentor into a chapter
RESET SESSION AUTHORIZATION;
CREATE FUNCTION test.welcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.mentor_chapters (mentor_id, chapter_id) VALUES (NEW.id, test.id('n2')), (NEW.id, test.id('n1'));
	RETURN NULL;
END
$$;
CREATE TRIGGER welcome AFTER INSERT ON peer_mentors FOR EACH ROW EXECUTE FUNCTION test.welcome();
SET SESSION AUTHORIZATION regress_pm_owner;
INSERT INTO peer_mentors (id, organisation_id) VALUES (test.id('emil'), :'north');
SELECT test.call(format('register_mentor(%L, %L, %L)', test.id('finn'), :'north', '{}'));
SELECT pg_temp.chapters('emil') AS emil, pg_temp.chapters('finn') AS finn;
RESET SESSION AUTHORIZATION;
DROP TRIGGER welcome ON peer_mentors;
DROP FUNCTION test.welcome;
SET SESSION AUTHORIZATION regress_pm_owner;
-- one organisation for every pair
SELECT test.outcome(format('UPDATE peer_mentors SET organisation_id = %L WHERE id = %L', :'south', :'anna')) AS mentor, test.outcome(format('UPDATE chapters SET organisation_id = %L WHERE id = %L', :'south', :'n1')) AS chapter,
       test.outcome(format('UPDATE peer_mentors SET organisation_id = %L WHERE id = %L', :'north', :'anna')) AS same,
       test.outcome(format('INSERT INTO role_assignments (user_id, organisation_id, chapter_id, role) VALUES (%L, %L, %L, ''coordinator'')', :'kari', :'north', :'s1')) AS role;
INSERT INTO role_assignments (user_id, organisation_id, chapter_id, role) VALUES (:'kari', :'south', :'s1', 'coordinator');
SELECT right(test.outcome(format('INSERT INTO coordinator_assignments (coordinator_id, mentor_id) VALUES (%L, %L)', :'kari', :'anna')), -6) AS other, test.outcome(format('INSERT INTO coordinator_assignments (coordinator_id, mentor_id) VALUES (%L, %L)', :'kari', test.id('cleo'))) AS own,
       right(test.outcome(format('UPDATE coordinator_assignments SET mentor_id = %L', :'anna')), -6) AS moved_over;
-- a type of another organisation is as unknown as none
SELECT test.outcome(format('INSERT INTO certification_types (organisation_id, code) VALUES (%L, ''ours'')', :'south')), test.call(format('record_certification(%L, ''ours'', %L)', :'anna', :'today'));

-- organisations
SELECT z AS time_zone, test.outcome(format('INSERT INTO organisations (name, time_zone) VALUES (''x'', %L)', z)) FROM unnest(ARRAY['Europe/Oslo', 'europe/oslo', 'Oslo', '', 'UTC+25', NULL]) z;
SELECT l AS ladder, test.outcome(format('INSERT INTO organisations (name, reminder_days) VALUES (''x'', %L)', l)) FROM unnest(ARRAY['{}', '{60,30,7,-3}', '{30,30}', '{30,NULL}', '{4000}', '{-366}', '{{1},{2}}', NULL]) l;
SELECT test.outcome(format('UPDATE organisations SET time_zone = ''Nowhere'' WHERE id = %L', :'north')), test.outcome(format('UPDATE organisations SET reminder_days = ''{1,1}'' WHERE id = %L', :'north')),
       test.outcome(format('UPDATE organisations SET name = ''North'' WHERE id = %L', :'north'));

-- removed: not found anywhere, everything kept; restored: looked at again
SELECT test.call(format('record_certification(%L, ''course'', %L)', :'anna', :'today'));
UPDATE peer_mentors SET deleted_at = now() WHERE id = :'anna';
SELECT test.call(format('pause_mentor(%L)', :'anna')), test.call(format('record_certification(%L, ''police'', %L)', :'anna', :'today')), test.call(format('renew_certification(%L, ''course'')', :'anna'));
SELECT * FROM test.trace('anna');
SELECT test.backdate('anna', 'course', :'today'::date - 5) \gset
UPDATE peer_mentors SET deleted_at = NULL WHERE id = :'anna';
SELECT * FROM test.trace('anna');
UPDATE peer_mentors SET deleted_at = now() WHERE id = :'anna';
UPDATE certification_types SET required = false WHERE organisation_id = :'north' AND code = 'course';
UPDATE peer_mentors SET deleted_at = NULL WHERE id = :'anna';
SELECT * FROM test.trace('anna');
-- removed together with other changes, and removed again
UPDATE peer_mentors SET deleted_at = now(), display_name = 'gone' WHERE id = :'anna';
UPDATE peer_mentors SET deleted_at = now() WHERE id = :'anna';
SELECT test.call(format('reactivate_mentor(%L)', :'anna'));
SELECT * FROM test.broken_promises();
-- what still has mentors stays
SELECT test.outcome(format('DELETE FROM organisations WHERE id = %L', :'north')), test.outcome(format('DELETE FROM chapters WHERE id = %L', :'n1'));

-- a restored mentor's status is looked at in the name of who restores
SELECT test.reset() \gset
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n FROM unnest(ARRAY['anna', 'bert']) n;
SELECT test.call(format('record_certification(%L, ''course'', %L, %L)', id, test.today() - 90, test.today() - 10)), test.call(format('remove_mentor(%L)', id)) FROM peer_mentors ORDER BY display_name;
UPDATE certification_types SET required = false WHERE code = 'course' AND organisation_id = test.id('north');
SELECT test.call(format('restore_mentor(%L)', test.id('anna')));
UPDATE peer_mentors SET deleted_at = NULL WHERE display_name = 'bert';
SELECT * FROM test.trace('anna');
SELECT * FROM test.trace('bert');
SELECT * FROM test.broken_promises(now());
