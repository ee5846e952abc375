-- Certifications: terms and their renewal, windows, grace, suspension, what a mentor's status makes of it.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
INSERT INTO certification_types (organisation_id, code, valid_for, renewal_mode, renewal_window_days, grace_days, required)
SELECT test.id('north'), v.* FROM (VALUES
	('expiry', interval '1 year', 'from_expiry', NULL::int, 0, false), ('completion', '1 year', 'from_completion', NULL, 0, false),
	('fixed', '1 year', 'fixed_day', NULL, 0, false), ('monthly', '1 month', 'fixed_day', NULL, 0, false), ('drifting', '1 month', 'from_expiry', NULL, 0, false),
	('mixed', '1 month 10 days', 'from_expiry', NULL, 0, false), ('window', '1 year', 'from_expiry', 30, 0, false), ('always', '1 year', 'from_expiry', 0, 0, false),
	('grace', '1 year', 'from_expiry', NULL, 3, true)) v;
-- Records and renews once per day of completion; the last valid days that come of it.
CREATE FUNCTION pg_temp.terms(type text, issued_at date, VARIADIC completions date[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	m uuid := gen_random_uuid();
	c date;
	told text;
	r text;
BEGIN
	INSERT INTO peer_mentors (id, organisation_id) VALUES (m, test.id('north'));
	PERFORM record_certification(m, type, issued_at);
	told := (SELECT to_char(expires_at, 'YYYY-MM-DD') FROM peer_mentor_certifications WHERE peer_mentor_id = m);
	FOREACH c IN ARRAY completions LOOP
		r := test.outcome(format('SELECT renew_certification(%L, %L, %L)', m, type, c));
		told := told || ', ' || CASE WHEN r = 'ok' THEN (SELECT to_char(expires_at, 'YYYY-MM-DD') FROM peer_mentor_certifications WHERE peer_mentor_id = m) ELSE r END;
	END LOOP;
	RETURN told;
END
$$;
-- in time, on the last valid day, a day late
SELECT t AS mode, pg_temp.terms(t, '2020-01-10', '2020-12-01') AS in_time, pg_temp.terms(t, '2020-01-10', '2021-01-10') AS last_day,
       pg_temp.terms(t, '2020-01-10', '2021-01-11') AS day_late, pg_temp.terms(t, '2020-01-10', '2023-05-05') AS years_late
  FROM unnest(ARRAY['expiry', 'completion', 'fixed']) t;
-- month ends: a fixed day comes back, a running one drifts
SELECT pg_temp.terms('monthly', '2019-12-31', '2020-01-31', '2020-02-20', '2020-03-20', '2020-04-20');
SELECT pg_temp.terms('drifting', '2019-12-31', '2020-01-31', '2020-02-20', '2020-03-20', '2020-04-20');
SELECT pg_temp.terms('mixed', '2020-01-31', '2020-03-01');
-- the day of issue comes back, though the first term was cut off, and so does one that was given
SELECT pg_temp.terms('monthly', '2026-01-31', '2026-02-20', '2026-03-20', '2026-04-20'), pg_temp.terms('fixed', '2024-02-29', '2025-02-01', '2026-02-01', '2027-02-01');
-- leap days
SELECT t AS mode, pg_temp.terms(t, '2020-02-29', '2021-02-01', '2022-02-01', '2023-02-01', '2024-02-01') FROM unnest(ARRAY['expiry', 'completion', 'fixed']) t;
SELECT t AS mode, pg_temp.terms(t, '2019-02-28', '2020-02-01', '2021-02-01') FROM unnest(ARRAY['expiry', 'fixed']) t;
SELECT pg_temp.terms('monthly', '2020-01-29', '2020-02-29', '2020-03-29'), pg_temp.terms('monthly', '2021-01-29', '2021-02-28', '2021-03-28');
-- the window opens that many days before the last valid day, and stays open
SELECT pg_temp.terms('window', '2020-01-10', '2020-12-10') AS before, pg_temp.terms('window', '2020-01-10', '2020-12-11') AS opens,
       pg_temp.terms('window', '2020-01-10', '2021-03-01') AS late, pg_temp.terms('always', '2020-01-10', '2021-01-09', '2021-01-10') AS zero_days;

-- arguments
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n
  FROM unnest(ARRAY['anna', 'bert', 'cleo', 'dora', 'emil', 'finn', 'gry', 'hans']) n;
SELECT test.id('anna') AS anna, test.id('bert') AS bert, test.id('cleo') AS cleo, test.id('dora') AS dora, test.id('emil') AS emil,
       test.id('finn') AS finn, test.id('gry') AS gry, test.id('hans') AS hans, test.today() AS today \gset
SELECT test.call(format('record_certification(%L, ''expiry'', ''2020-01-10'', ''2020-06-30'')', :'anna'));
SELECT test.call(format('record_certification(%L, ''expiry'', ''2020-01-10'')', :'anna')) AS again,
       test.call(format('record_certification(%L, ''fixed'', ''2020-01-10'', ''2020-01-09'')', :'anna')) AS ends_before,
       test.call(format('record_certification(%L, ''fixed'', ''2020-01-10'', ''2020-01-10'')', :'anna')) AS one_day;
SELECT test.call(format('renew_certification(%L, ''expiry'', ''2020-06-30'', expected_expires_at => ''2020-06-29'')', :'anna')) AS other_expiry,
       test.call(format('renew_certification(%L, ''expiry'', ''2020-06-30'', ''2020-06-29'')', :'anna')) AS ends_earlier,
       test.call(format('renew_certification(%L, ''expiry'', ''2020-07-30'', ''2020-07-29'')', :'anna')) AS ends_before_completion,
       test.call(format('renew_certification(%L, ''police'')', :'anna')) AS not_held,
       test.call(format('renew_certification(%L, ''dancing'')', :'anna')) AS no_type;
SELECT test.call(format('renew_certification(%L, ''expiry'', ''2020-06-30'', ''2020-12-31'', ''2020-06-30'')', :'anna'));
-- a given last day becomes the anchor
SELECT test.call(format('renew_certification(%L, ''fixed'', ''2020-01-10'', ''2021-02-28'')', :'anna')), test.call(format('renew_certification(%L, ''fixed'', ''2021-01-10'')', :'anna'));
SELECT * FROM test.certifications('anna');
SELECT jsonb_path_query(renewal_history, '$[*]') - '{at}'::text[] AS entry FROM peer_mentor_certifications WHERE peer_mentor_id = :'anna' AND certification_type = 'expiry';
SELECT certification_type, to_char(expiry_date, 'YYYY-MM-DD') AS expiry_date FROM cert_expiry_reminders WHERE mentor_id = :'anna' ORDER BY 1;
SELECT event_type, payload - 'mentor_id' - 'organisation_id' AS payload FROM outbox_events WHERE mentor_id = :'anna' ORDER BY id;
-- none of them was required
SELECT * FROM test.trace('anna');

-- the last valid day and the days of grace count; the day after is due
SELECT g AS days_ago, test.call(format('record_certification(%L, ''grace'', %L, %L)', m, :'today'::date - 300, :'today'::date - g))
  FROM (VALUES (:'bert'::uuid, 0), (:'cleo', 3), (:'dora', 4)) v (m, g);
SELECT * FROM test.trace('dora');
SELECT certification_type, status, test.today() - expires_at AS days_ago FROM peer_mentor_certifications WHERE certification_type = 'grace' ORDER BY 3;
-- a renewal in the days of grace counts from completion
SELECT test.call(format('renew_certification(%L, ''grace'')', :'cleo'));
SELECT expires_at = (test.today() + interval '1 year')::date AS from_completion FROM peer_mentor_certifications WHERE peer_mentor_id = :'cleo';
-- a renewal that leaves it lapsed does not bring the mentor back, one that does not does
SELECT test.call(format('renew_certification(%L, ''grace'', %L, %L)', :'dora', :'today'::date - 20, :'today'::date - 4)) AS still_due,
       test.call(format('renew_certification(%L, ''grace'', %L, %L)', :'dora', :'today'::date - 20, :'today'::date - 3)) AS in_grace;

-- two blockers: both have to go
SELECT test.call(format('record_certification(%L, %L, %L, %L)', :'emil', t, :'today'::date - 300, :'today'::date - d)) FROM (VALUES ('course', 10), ('police', 20)) v (t, d);
SELECT test.call(format('renew_certification(%L, ''course'')', :'emil')) AS one, test.call(format('suspend_certification(%L, ''course'')', :'emil')) AS suspended,
       test.call(format('renew_certification(%L, ''police'')', :'emil')) AS other, test.call(format('reinstate_certification(%L, ''course'')', :'emil')) AS both;
-- the optional one never blocks
SELECT test.call(format('record_certification(%L, ''extra'', ''2010-01-01'')', :'emil')), test.call(format('suspend_certification(%L, ''extra'')', :'emil'));
SELECT * FROM test.trace('emil');
SELECT * FROM test.certifications('emil') t WHERE t LIKE 'extra%';

-- whom changed rules had freed already is not freed by what is written next: recorded, renewed, corrected, suspended, reinstated
INSERT INTO certification_types (organisation_id, code) VALUES (test.id('north'), 'gone');
INSERT INTO peer_mentors (id, organisation_id) SELECT test.id('r' || n), test.id('north') FROM generate_series(1, 7) n;
SELECT test.call(format('record_certification(%L, ''course'', %L)', test.id('r' || n), :'today')) FROM generate_series(2, 5) n;
SELECT test.call(format('record_certification(%L, ''extra'', %L)', test.id('r' || n), :'today')) FROM generate_series(4, 5) n;
SELECT test.call(format('suspend_certification(%L, ''extra'')', test.id('r5')));
SELECT test.call(format('record_certification(%L, ''gone'', ''2020-01-01'')', test.id('r' || n))) FROM generate_series(1, 7) n;
SELECT test.call(format('record_certification(%L, ''police'', ''2020-01-01'')', test.id('r7')));
SELECT test.outcome(format('SELECT put_certification_type(%L, ''gone'', required => false)', test.id('north')));
SELECT test.call(format('record_certification(%L, ''extra'', %L)', test.id('r1'), :'today')), test.call(format('renew_certification(%L, ''course'')', test.id('r2'))),
       test.call(format('correct_certification(%L, ''course'', %L, %L)', test.id('r3'), :'today', :'today')), test.call(format('suspend_certification(%L, ''extra'')', test.id('r4'))), test.call(format('reinstate_certification(%L, ''extra'')', test.id('r5'))),
       test.call(format('renew_certification(%L, ''gone'')', test.id('r6'))), test.call(format('renew_certification(%L, ''police'')', test.id('r7')));
SELECT n, h.reason FROM generate_series(1, 7) n JOIN peer_mentor_status_history h ON h.mentor_id = test.id('r' || n) WHERE h.previous_status = 'expired_cert' ORDER BY n;
-- suspended: no renewal, no second suspension; lapsed meanwhile, its reinstatement does not bring the mentor back
SELECT test.call(format('record_certification(%L, ''course'', %L)', :'finn', :'today'));
SELECT test.call(format('suspend_certification(%L, ''course'')', :'finn')), test.call(format('suspend_certification(%L, ''course'')', :'finn')),
       test.call(format('renew_certification(%L, ''course'')', :'finn')), test.call(format('record_certification(%L, ''course'', %L)', :'finn', :'today'));
RESET SESSION AUTHORIZATION;
SET session_replication_role = replica;
UPDATE peer_mentor_certifications SET issued_at = test.today() - 400, expires_at = test.today() - 1 WHERE peer_mentor_id = :'finn';
RESET session_replication_role;
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.call(format('reinstate_certification(%L, ''course'')', :'finn')), test.call(format('reinstate_certification(%L, ''course'')', :'finn')),
       test.call(format('renew_certification(%L, ''course'')', :'finn'));
SELECT status FROM peer_mentor_certifications WHERE peer_mentor_id = :'finn';
SELECT * FROM test.trace('finn');

-- a renewal re-arms the reminders, another event does not
SELECT test.call(format('record_certification(%L, ''course'', %L)', :'gry', :'today'::date - 700));
RESET SESSION AUTHORIZATION;
SET session_replication_role = replica;
UPDATE cert_expiry_reminders SET reminders_sent = '{60,30}', last_reminder_at = now();
RESET session_replication_role;
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.call(format('suspend_certification(%L, ''course'')', :'gry')), test.call(format('reinstate_certification(%L, ''course'')', :'gry'));
SELECT reminders_sent, last_reminder_at IS NULL AS never FROM cert_expiry_reminders WHERE mentor_id = :'gry';
SELECT test.call(format('renew_certification(%L, ''course'')', :'gry'));
SELECT r.reminders_sent, r.last_reminder_at IS NULL AS never, r.expiry_date = c.expires_at AS armed
  FROM cert_expiry_reminders r JOIN peer_mentor_certifications c ON c.peer_mentor_id = r.mentor_id AND c.certification_type = r.certification_type WHERE r.mentor_id = :'gry';

-- from 500 entries on the oldest move; the timeline shows all of them in order, each once
SELECT test.call(format('record_certification(%L, ''extra'', %L)', :'hans', :'today'));
SET client_min_messages = error;
DO $$
BEGIN
	FOR i IN 1 .. 260 LOOP
		PERFORM suspend_certification(test.id('hans'), 'extra'), reinstate_certification(test.id('hans'), 'extra');
	END LOOP;
END
$$;
RESET client_min_messages;
SELECT jsonb_array_length(renewal_history) AS kept, (SELECT count(*) FROM certification_renewal_events) AS moved,
       jsonb_array_length(renewal_history) + (SELECT count(*) FROM certification_renewal_events) AS together FROM peer_mentor_certifications WHERE peer_mentor_id = :'hans';
SELECT count(*), min(position), max(position), count(DISTINCT position), bool_and(event = CASE WHEN position = 1 THEN 'issued' WHEN position % 2 = 0 THEN 'suspended' ELSE 'reinstated' END) AS in_order,
       bool_and(at >= before) AS ascending
  FROM (SELECT *, lag(at, 1, at) OVER (ORDER BY position) AS before FROM certification_timeline WHERE peer_mentor_id = :'hans') t;
-- what holders still hold cannot be removed
SELECT test.outcome('DELETE FROM certification_types WHERE code = ''course''');
SELECT * FROM test.broken_promises(now());
