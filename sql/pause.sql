-- Pauses: what the rows say, return dates, a pause that a lapse interrupts.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n
  FROM unnest(ARRAY['anna', 'bert', 'cleo', 'dora', 'emil', 'finn', 'gry']) n;
SELECT test.id('anna') AS anna, test.id('bert') AS bert, test.id('cleo') AS cleo, test.id('dora') AS dora, test.id('emil') AS emil,
       test.id('finn') AS finn, test.id('gry') AS gry, test.today() AS today \gset

-- there and back; the caller's kind goes into the history
SELECT test.call(format('pause_mentor(%L, %L)', :'anna', :'today'::date + 10));
SELECT * FROM test.trace('anna');
SELECT test.call(format('pause_mentor(%L)', :'anna'));
SELECT test.call(format('set_return_date(%L, %L)', :'anna', :'today'::date + 3));
SELECT test.call(format('set_return_date(%L, %L)', :'anna', :'today'));
SELECT test.call(format('set_return_date(%L, %L)', :'anna', :'today'::date + 4));
SELECT * FROM test.trace('anna');
SELECT test.call(format('reactivate_mentor(%L)', :'anna'));
SELECT test.call(format('reactivate_mentor(%L)', :'anna'));
SELECT test.call(format('set_return_date(%L, %L)', :'anna', :'today'::date + 4));
RESET SESSION AUTHORIZATION;
SET ROLE service_role;
SELECT test.call(format('pause_mentor(mentor_id => %L, expected_return_date => %L)', :'anna', :'today'::date + 1));
SELECT test.call(format('reactivate_mentor(mentor_id => %L)', :'anna'));
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT * FROM test.trace('anna');
-- what a call returns is what the history holds
CREATE TEMP TABLE returned AS SELECT * FROM pause_mentor(:'bert');
SELECT r.mentor_id = h.mentor_id AS mentor, r.previous_status = h.previous_status AS previous, r.new_status = h.new_status AS new, r.version = h.version AS version,
       r.changed_at = h.changed_at AS changed_at
  FROM returned r JOIN peer_mentor_status_history h ON h.id = r.history_id;
-- the mentor's day is the organisation's, not the session's
SET TimeZone = 'Pacific/Kiritimati';
SELECT test.call(format('set_return_date(%L, %L)', :'bert', :'today'));
SET TimeZone = 'Etc/GMT+12';
SELECT test.call(format('set_return_date(%L, %L)', :'bert', :'today'));
SELECT test.call(format('set_return_date(%L, %L)', :'bert', :'today'::date - 1));
RESET TimeZone;
-- expected_version
SELECT test.call(format('set_return_date(%L, %L, 1)', :'bert', :'today'));
SELECT test.call(format('set_return_date(%L, %L, 2)', :'bert', :'today'));
SELECT test.call(format('reactivate_mentor(%L, 1)', :'bert'));
SELECT test.call(format('reactivate_mentor(%L, 2)', :'bert'));
SELECT test.call(format('pause_mentor(%L, NULL, 2)', :'bert'));
SELECT test.call(format('pause_mentor(%L, NULL, 3)', :'bert'));
\set VERBOSITY terse
SELECT pause_mentor(:'bert', NULL, 3);
\set VERBOSITY default

-- interrupted by a suspension, resumed with its reason and return date when the blocker is gone
SELECT test.call(format('record_certification(%L, ''course'', %L)', :'cleo', :'today'));
SELECT test.call(format('pause_mentor(%L, %L)', :'cleo', :'today'::date + 10));
SELECT test.call(format('suspend_certification(%L, ''course'')', :'cleo'));
SELECT * FROM test.trace('cleo');
SELECT test.call(format('reinstate_certification(%L, ''course'')', :'cleo'));
SELECT * FROM test.trace('cleo');
-- and once more from the resumed one
SELECT test.call(format('suspend_certification(%L, ''course'')', :'cleo'));
SELECT test.call(format('reinstate_certification(%L, ''course'')', :'cleo'));
SELECT count(*), count(resumes_pause_id), count(*) FILTER (WHERE reactivated_at IS NULL) AS live FROM pause_records WHERE mentor_id = :'cleo';
-- a clock that was set back: what ended before seems to have ended later
INSERT INTO peer_mentors (id, organisation_id, display_name) VALUES (test.id('ine'), test.id('north'), 'ine');
SELECT test.call(format('record_certification(%L, ''course'', %L)', test.id('ine'), :'today'));
SELECT test.call(format('pause_mentor(%L)', test.id('ine'))), test.call(format('reactivate_mentor(%L)', test.id('ine')));
RESET SESSION AUTHORIZATION;
SET session_replication_role = replica;
UPDATE pause_records SET paused_at = paused_at + interval '3 hours', reactivated_at = reactivated_at + interval '3 hours' WHERE mentor_id = test.id('ine');
UPDATE peer_mentor_status_history SET changed_at = changed_at + interval '3 hours' WHERE mentor_id = test.id('ine') AND version > 1;
RESET session_replication_role;
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.call(format('pause_mentor(%L, %L)', test.id('ine'), :'today'::date + 300)), test.call(format('suspend_certification(%L, ''course'')', test.id('ine'))),
       test.call(format('reinstate_certification(%L, ''course'')', test.id('ine')));
SELECT expected_return_date - test.today() AS returns FROM peer_mentor_status WHERE mentor_id = test.id('ine');

-- given up while held: the status stays, and the mentor comes back active
SELECT test.call(format('record_certification(%L, ''course'', %L)', :'dora', :'today'));
SELECT test.call(format('pause_mentor(%L, %L)', :'dora', :'today'::date + 10));
SELECT test.call(format('suspend_certification(%L, ''course'')', :'dora'));
SELECT test.call(format('reactivate_mentor(%L)', :'dora'));
SELECT test.call(format('reactivate_mentor(%L)', :'dora'));
SELECT * FROM test.trace('dora');
SELECT test.call(format('reinstate_certification(%L, ''course'')', :'dora'));
SELECT * FROM test.trace('dora');
-- an older interrupted pause is not taken up again by a later lapse
SELECT test.call(format('suspend_certification(%L, ''course'')', :'dora'));
SELECT test.call(format('reinstate_certification(%L, ''course'')', :'dora'));

-- its return date came meanwhile: active; the date itself is the day of return
SELECT test.call(format('record_certification(%L, ''course'', %L)', m, :'today')), test.call(format('pause_mentor(%L, %L)', m, :'today'::date + d)),
       test.call(format('suspend_certification(%L, ''course'')', m))
  FROM (VALUES (:'emil'::uuid, 0), (:'finn', 1)) v (m, d);
SELECT test.call(format('reinstate_certification(%L, ''course'')', m)) FROM unnest(ARRAY[:'emil', :'finn']) m;
SELECT * FROM test.trace('emil');

-- a pause without a return date is held as long as it takes
SELECT test.call(format('pause_mentor(%L)', :'gry'));
SELECT test.call(format('record_certification(%L, ''course'', %L)', :'gry', :'today'::date - 3000));
SELECT test.call(format('renew_certification(%L, ''course'')', :'gry'));
SELECT * FROM test.trace('gry');

-- the mentor, with a login: their own pause is theirs to end, a coordinator's is not
INSERT INTO peer_mentors (id, organisation_id, user_id) VALUES (test.id('hans'), test.id('north'), test.id('ola'));
INSERT INTO mentor_chapters (mentor_id, chapter_id) VALUES (test.id('hans'), test.id('n1'));
INSERT INTO role_assignments (user_id, organisation_id, chapter_id, role) VALUES (test.id('kari'), test.id('north'), test.id('n1'), 'coordinator'), (test.id('ola'), test.id('north'), test.id('n1'), 'coordinator');
CREATE FUNCTION pg_temp.as(login text, call text) RETURNS text LANGUAGE sql AS $$
	SELECT set_config('request.jwt.claims', jsonb_build_object('sub', test.id($1))::text, true);
	SELECT test.call($2);
$$;
SELECT pg_my_temp_schema()::regnamespace AS temp \gset
RESET SESSION AUTHORIZATION;
GRANT USAGE ON SCHEMA :temp TO authenticated;
SET ROLE authenticated;
SELECT pg_temp.as('ola', 'pause_mentor(test.id(''hans''))') AS own, pg_temp.as('ola', 'reactivate_mentor(test.id(''hans''))') AS back;
SELECT pg_temp.as('kari', 'pause_mentor(test.id(''hans''))') AS by_coordinator, pg_temp.as('ola', 'reactivate_mentor(test.id(''hans''))') AS not_theirs, pg_temp.as('ola', format('set_return_date(test.id(''hans''), %L)', test.today())) AS date,
       pg_temp.as('kari', 'reactivate_mentor(test.id(''hans''))') AS back, pg_temp.as('per', 'pause_mentor(test.id(''hans''))') AS stranger;
SELECT pg_temp.as('ola', format('record_certification(test.id(''hans''), ''course'', %L)', test.today())) AS nobody_certifies_themselves, pg_temp.as('kari', format('record_certification(test.id(''hans''), ''course'', %L)', test.today())) AS by_coordinator,
       pg_temp.as('kari', 'suspend_certification(test.id(''hans''), ''course'')') AS no_administrator;
SELECT pg_temp.as('ola', 'pause_mentor(test.id(''hans''))') AS own;
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.call('suspend_certification(test.id(''hans''), ''course'')'), test.call('reinstate_certification(test.id(''hans''), ''course'')');
SELECT * FROM test.trace('hans');
-- resumed, it is still theirs
RESET SESSION AUTHORIZATION;
SET ROLE authenticated;
SELECT pg_temp.as('ola', 'reactivate_mentor(test.id(''hans''))') AS back;
SET SESSION AUTHORIZATION regress_pm_owner;

-- a direct UPDATE of status and return date leaves the same trace
UPDATE peer_mentor_status SET status = 'active' WHERE mentor_id = :'gry';
UPDATE peer_mentor_status SET status = 'paused', expected_return_date = :'today'::date + 5 WHERE mentor_id = :'gry';
UPDATE peer_mentor_status SET expected_return_date = :'today'::date + 6 WHERE mentor_id = :'gry';
SELECT * FROM test.trace('gry');
SELECT test.outcome(format('UPDATE peer_mentor_status SET expected_return_date = %L WHERE mentor_id = %L', :'today'::date - 1, :'gry')) AS past,
       test.outcome(format('UPDATE peer_mentor_status SET status = ''paused'', expected_return_date = %L WHERE mentor_id = %L', :'today'::date - 1, :'anna')) AS past_pause,
       test.outcome(format('UPDATE peer_mentor_status SET expected_return_date = %L WHERE mentor_id = %L', :'today'::date + 1, :'anna')) AS not_paused;
-- many at once
UPDATE peer_mentor_status SET status = 'active' WHERE status = 'paused';
SELECT status, count(*) FROM peer_mentor_status GROUP BY 1 ORDER BY 1;
SELECT * FROM test.broken_promises();
