-- Reminders: which rung, when, and never twice.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
SELECT test.today() AS today \gset
CREATE FUNCTION pg_temp.at(days int) RETURNS timestamptz LANGUAGE sql AS $$SELECT test.today()::timestamp AT TIME ZONE 'UTC' + make_interval(days => days, hours => 3)$$;
-- what was sent since the last look: mentor, type, days to its end, rung
CREATE TEMP TABLE looked (id bigint);
INSERT INTO looked VALUES (0);
CREATE FUNCTION pg_temp.sent() RETURNS SETOF text LANGUAGE sql AS $$
	WITH fresh AS (SELECT e.* FROM outbox_events e, looked l WHERE e.id > l.id AND e.event_type = 'reminder_due'),
	     seen AS (UPDATE looked SET id = greatest(id, (SELECT max(id) FROM outbox_events)))
	SELECT format('%s %s: rung %s, %s days left', m.display_name, f.payload ->> 'certification_type', f.payload ->> 'rung', f.payload ->> 'days_left')
	  FROM fresh f JOIN peer_mentors m ON m.id = f.mentor_id ORDER BY 1
$$;
CREATE FUNCTION pg_temp.ladder(name text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s: ends in %s, sent %s, to come %s, next %s', r.certification_type, r.expiry_date - test.today(), r.reminders_sent, r.rungs_pending, CASE WHEN r.next_on < '1900-01-01' THEN 'at once' ELSE 'in ' || r.next_on - test.today() END), '; ' ORDER BY r.certification_type COLLATE "C")
	  FROM cert_expiry_reminders r WHERE r.mentor_id = test.id(name)
$$;
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n FROM unnest(ARRAY['anna', 'bert', 'cleo', 'dora', 'emil']) n;
SELECT test.call(format('record_certification(%L, %L, %L, %L)', test.id(n), t, test.today() - 10, test.today() + d))
  FROM (VALUES ('anna', 'course', 61), ('anna', 'extra', 8), ('bert', 'course', 20), ('cleo', 'course', -5), ('dora', 'course', 0)) v (n, t, d);

-- every rung on its day; late ones once, the nearest; nothing of what has ended
CALL peer_mentor.run_nightly(pg_temp.at(0));
SELECT * FROM pg_temp.sent();
SELECT n AS name, pg_temp.ladder(n) FROM unnest(ARRAY['anna', 'bert', 'cleo', 'dora', 'emil']) n;
SELECT last_reminder_at IS NOT NULL AS told, count(*) FROM cert_expiry_reminders GROUP BY 1 ORDER BY 1;
CALL peer_mentor.run_nightly(pg_temp.at(0));
SELECT * FROM pg_temp.sent();
CALL peer_mentor.run_nightly(pg_temp.at(1));
SELECT * FROM pg_temp.sent();
CALL peer_mentor.run_nightly(pg_temp.at(13));
SELECT * FROM pg_temp.sent();
-- an earlier moment sends nothing again
CALL peer_mentor.run_nightly(pg_temp.at(1));
SELECT * FROM pg_temp.sent();
-- missed nights: the nearest rung only
CALL peer_mentor.run_nightly(pg_temp.at(55));
SELECT * FROM pg_temp.sent();
SELECT pg_temp.ladder('anna');
SELECT payload - 'mentor_id' - 'organisation_id' - 'expires_at' - 'job_run_id' AS payload, payload ->> 'expires_at' = to_char(:'today'::date + 61, 'YYYY-MM-DD') AS day, (payload ->> 'job_run_id')::uuid IN (SELECT id FROM job_runs) AS run, dedupe_key = format('reminder_due:%s:course:%s:7', test.id('anna'), to_char(:'today'::date + 61, 'YYYY-MM-DD')) AS key
  FROM outbox_events WHERE event_type = 'reminder_due' ORDER BY id DESC LIMIT 1;

-- a renewal arms the ladder anew, a correction back to a date that was told does not tell it again
SELECT test.call(format('renew_certification(%L, ''course'', NULL, %L)', test.id('anna'), test.today() + 100));
SELECT pg_temp.ladder('anna');
CALL peer_mentor.run_nightly(pg_temp.at(55));
SELECT * FROM pg_temp.sent();
SELECT test.call(format('correct_certification(%L, ''course'', %L, %L)', test.id('anna'), test.today() - 10, test.today() + 61));
CALL peer_mentor.run_nightly(pg_temp.at(55));
SELECT * FROM pg_temp.sent();

-- a suspension cancels, a reinstatement arms again what was not sent
SELECT test.call(format('record_certification(%L, %L, %L, %L)', test.id('emil'), 'course', test.today() - 10, test.today() + 70));
CALL peer_mentor.run_nightly(pg_temp.at(12));
SELECT * FROM pg_temp.sent();
SELECT test.call(format('suspend_certification(%L, ''course'')', test.id('emil')));
SELECT pg_temp.ladder('emil');
CALL peer_mentor.run_nightly(pg_temp.at(45));
SELECT * FROM pg_temp.sent();
SELECT test.call(format('reinstate_certification(%L, ''course'')', test.id('emil')));
CALL peer_mentor.run_nightly(pg_temp.at(45));
SELECT * FROM pg_temp.sent();
SELECT pg_temp.ladder('emil');

-- a changed ladder never reaches back
UPDATE organisations SET reminder_days = '{65,50,30,20,10,-3}' WHERE name = 'north';
SELECT count(*) AS noted FROM peer_mentor_private.ladder_changes;
CALL peer_mentor.run_nightly(pg_temp.at(52));
SELECT * FROM pg_temp.sent();
SELECT count(*) AS noted FROM peer_mentor_private.ladder_changes;
SELECT pg_temp.ladder('emil');
CALL peer_mentor.run_nightly(pg_temp.at(60));
SELECT * FROM pg_temp.sent();
-- rungs after the end; one of them missed
CALL peer_mentor.run_nightly(pg_temp.at(74));
SELECT * FROM pg_temp.sent();
SELECT pg_temp.ladder('emil');
-- no ladder, no reminder; given one, what is past stays untold
SELECT test.reset() \gset
UPDATE looked SET id = 0;
UPDATE organisations SET reminder_days = '{}' WHERE name = 'north';
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n FROM unnest(ARRAY['anna', 'bert']) n;
SELECT test.call(format('record_certification(%L, ''course'', %L, %L)', test.id('anna'), test.today() - 10, test.today() + 20));
CALL peer_mentor.run_nightly(pg_temp.at(0));
UPDATE organisations SET reminder_days = '{60,30,15}' WHERE name = 'north';
CALL peer_mentor.run_nightly(pg_temp.at(1));
SELECT * FROM pg_temp.sent();
-- the removed are left out, and found again
UPDATE peer_mentors SET deleted_at = now() WHERE display_name = 'anna';
CALL peer_mentor.run_nightly(pg_temp.at(6));
SELECT * FROM pg_temp.sent();
UPDATE peer_mentors SET deleted_at = NULL WHERE display_name = 'anna';
CALL peer_mentor.run_nightly(pg_temp.at(6));
SELECT * FROM pg_temp.sent();
-- a ladder that changed meanwhile
UPDATE peer_mentors SET deleted_at = now() WHERE display_name = 'anna';
UPDATE organisations SET reminder_days = '{60,30,15,12,9}' WHERE name = 'north';
CALL peer_mentor.run_nightly(pg_temp.at(6));
SELECT test.call(format('restore_mentor(%L)', test.id('anna')));
CALL peer_mentor.run_nightly(pg_temp.at(8));
SELECT * FROM pg_temp.sent();
UPDATE peer_mentors SET deleted_at = now() WHERE display_name = 'anna';
UPDATE organisations SET reminder_days = '{60,30,15,12,10}' WHERE name = 'north';
CALL peer_mentor.run_nightly(pg_temp.at(8));
UPDATE peer_mentors SET deleted_at = NULL WHERE display_name = 'anna';
CALL peer_mentor.run_nightly(pg_temp.at(10));
SELECT * FROM pg_temp.sent();
-- a register of long ago mails nobody
INSERT INTO register_import (mentor_key, certification_type, issued_on, expires_on) SELECT n, 'course', '2000-01-01', to_char(test.today() - d, 'YYYY-MM-DD') FROM (VALUES ('old', 3000), ('late', 1)) v (n, d);
UPDATE organisations SET reminder_days = '{60,30,-1,-30}' WHERE name = 'north';
SELECT imported FROM peer_mentor.import_register(test.id('north'));
UPDATE peer_mentors SET display_name = external_key WHERE external_key IS NOT NULL;
CALL peer_mentor.run_nightly(pg_temp.at(0));
SELECT * FROM pg_temp.sent();
CALL peer_mentor.run_nightly(pg_temp.at(35));
SELECT * FROM pg_temp.sent();
-- the organisation's own day
SELECT test.reset() \gset
UPDATE looked SET id = 0;
UPDATE organisations SET time_zone = 'Pacific/Kiritimati', reminder_days = '{5}' WHERE name = 'north';
INSERT INTO peer_mentors (id, organisation_id, display_name) VALUES (test.id('anna'), test.id('north'), 'anna');
SELECT test.call(format('record_certification(%L, ''course'', %L, %L)', test.id('anna'), test.today() - 10, test.today() + 20));
CALL peer_mentor.run_nightly((to_char(test.today() + 14, 'YYYY-MM-DD') || ' 09:59+00')::timestamptz);
SELECT * FROM pg_temp.sent();
CALL peer_mentor.run_nightly((to_char(test.today() + 14, 'YYYY-MM-DD') || ' 10:00+00')::timestamptz);
SELECT * FROM pg_temp.sent();
SELECT * FROM test.broken_promises();
