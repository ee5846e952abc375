-- Outbox: claims, leases, retries, dead letters, replay, recipients, and what the portal is told.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
INSERT INTO auth.users SELECT test.id(n) FROM unnest(ARRAY['anna', 'bert', 'lise', 'nils', 'olga']) n;
RESET SESSION AUTHORIZATION;
-- What time alone would do.
CREATE FUNCTION test.pass_time(what text) RETURNS void LANGUAGE sql SECURITY DEFINER SET session_replication_role = replica AS $$
	UPDATE public.outbox_events SET leased_until = CASE WHEN $1 = 'lease' THEN clock_timestamp() - interval '1 second' ELSE leased_until END,
		available_at = CASE WHEN $1 = 'backoff' THEN clock_timestamp() - interval '1 second' ELSE available_at END
	 WHERE delivered_at IS NULL AND dead_at IS NULL AND (CASE $1 WHEN 'lease' THEN leased_until ELSE available_at END) > clock_timestamp() - interval '1 second'
$$;
SET SESSION AUTHORIZATION regress_pm_owner;
INSERT INTO peer_mentors (id, organisation_id, user_id, display_name)
	SELECT test.id(n), test.id('north'), CASE WHEN n IN ('anna', 'bert') THEN test.id(n) END, n FROM unnest(ARRAY['anna', 'bert', 'cleo', 'dora']) n;
INSERT INTO mentor_chapters (mentor_id, chapter_id) SELECT test.id(m), test.id(c)
  FROM (VALUES ('anna', 'n1'), ('anna', 'n2'), ('bert', 'n1'), ('cleo', 'n2'), ('dora', 'n2')) v (m, c);
CREATE FUNCTION pg_temp.name(id uuid) RETURNS text LANGUAGE sql AS $$
	SELECT n FROM unnest(ARRAY['anna', 'bert', 'cleo', 'dora', 'emil', 'finn', 'gry', 'hans', 'kari', 'ola', 'per', 'lise', 'nils', 'olga']) n WHERE test.id(n) = id
$$;
CREATE FUNCTION pg_temp.told(recipients jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(format('%s as %s', pg_temp.name((r ->> 'recipient')::uuid), r ->> 'role'), ', ' ORDER BY 1), '-') FROM (
		SELECT r FROM jsonb_array_elements(recipients) r ORDER BY pg_temp.name((r ->> 'recipient')::uuid)) s
$$;
-- What was claimed is kept in the table claimed, so that its tokens can be used.
CREATE TEMP TABLE claimed (n serial, worker text, id bigint, event_id uuid, mentor text, event_type text, claim_token uuid, told text, attempts int, payload jsonb);
CREATE FUNCTION pg_temp.claim(worker text, channel text, batch int DEFAULT 100) RETURNS SETOF text LANGUAGE sql AS $$
	WITH c AS (INSERT INTO claimed (worker, id, event_id, mentor, event_type, claim_token, told, attempts, payload)
	           SELECT $1, e.id, e.event_id, pg_temp.name(e.mentor_id), e.event_type, e.claim_token, pg_temp.told(e.recipients), e.attempts, e.payload
	             FROM claim_events($2, $3) e ORDER BY e.id RETURNING *)
	SELECT format('%s %s, attempt %s: %s', c.mentor, concat_ws(' ', c.event_type, c.payload ->> 'new_status'), c.attempts, c.told) FROM c
$$;
CREATE FUNCTION pg_temp.last(worker text, mentor text) RETURNS claimed LANGUAGE sql AS
	$$SELECT c FROM claimed c WHERE c.worker = $1 AND c.mentor = $2 ORDER BY n DESC LIMIT 1$$;
CREATE FUNCTION pg_temp.complete(worker text, mentor text, recipient text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	c claimed := pg_temp.last(worker, mentor);
	state text;
	detail text;
BEGIN
	RETURN 'finished ' || complete_event(c.id, c.claim_token, test.id(recipient));
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
	RETURN test.error_of(state, detail, '');
END
$$;
CREATE FUNCTION pg_temp.fail(worker text, mentor text, permanent boolean DEFAULT false, recipient text DEFAULT NULL, retry_after interval DEFAULT NULL)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	c claimed := pg_temp.last(worker, mentor);
	state text;
	detail text;
BEGIN
	RETURN 'again ' || fail_event(c.id, c.claim_token, 'HTTP 503', permanent, test.id(recipient), retry_after);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
	RETURN test.error_of(state, detail, '');
END
$$;
CREATE FUNCTION pg_temp.events(channel text DEFAULT 'notification') RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s %s: %s, %s attempts%s', coalesce(pg_temp.name(e.mentor_id), '?'), concat_ws(' ', e.event_type, e.payload ->> 'new_status'),
	              CASE WHEN e.dead_at IS NOT NULL THEN 'dead' WHEN e.delivered_at IS NOT NULL THEN 'delivered'
	                   WHEN e.leased_until > clock_timestamp() THEN 'leased' WHEN e.available_at > clock_timestamp() THEN 'later' ELSE 'waits' END,
	              e.attempts, ', ' || e.last_error)
	  FROM outbox_events e WHERE e.channel = $1 ORDER BY e.id
$$;

-- ---- recipients, as they are when the event is claimed

SELECT grant_role(test.id('kari'), test.id('north'), 'coordinator', test.id('n1')) IS NOT NULL AS granted;
SELECT grant_role(test.id('kari'), test.id('north'), 'coordinator', test.id('n2')) IS NOT NULL AS granted;
SELECT grant_role(test.id('ola'), test.id('north'), 'coordinator', test.id('n2')) IS NOT NULL AS granted;
SELECT assign_coordinator(test.id('anna'), test.id('ola')) IS NOT NULL AS assigned;
SELECT test.call(format('pause_mentor(%L)', test.id(m))) FROM unnest(ARRAY['anna', 'bert', 'cleo']) m;
SELECT pg_temp.claim('w', 'notification');
SELECT pg_temp.complete('w', m) FROM unnest(ARRAY['anna', 'bert', 'cleo']) m;
SELECT pg_temp.claim('w', 'notification');
-- never the actor, and the mentor of changes that others made
CREATE FUNCTION pg_temp.as(login text, call text) RETURNS text LANGUAGE sql AS $$
	SELECT set_config('request.jwt.claims', jsonb_build_object('sub', test.id($1))::text, true);
	SELECT test.call($2);
$$;
SELECT pg_my_temp_schema()::regnamespace AS temp \gset
RESET SESSION AUTHORIZATION;
GRANT USAGE ON SCHEMA :temp TO authenticated, service_role;
SET ROLE authenticated;
SELECT pg_temp.as('anna', 'reactivate_mentor(test.id(''anna''))') AS not_theirs, pg_temp.as('kari', 'reactivate_mentor(test.id(''anna''))') AS by_kari,
       pg_temp.as('ola', 'reactivate_mentor(test.id(''cleo''))') AS by_ola;
SELECT pg_temp.as('anna', 'pause_mentor(test.id(''anna''))') AS by_anna;
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT pg_temp.claim('w', 'notification');
SELECT pg_temp.complete('w', m) FROM unnest(ARRAY['anna', 'cleo']) m;
-- the only coordinator did it: they know, so nobody else need be told; one that left is not told, and the admins are where none is left
SELECT end_role(test.id('kari'), test.id('north'), 'coordinator', test.id('n2')), grant_role(test.id('lise'), test.id('north'), 'chapter_admin', test.id('n2')) IS NOT NULL,
       grant_role(test.id('olga'), test.id('north'), 'org_admin') IS NOT NULL;
RESET SESSION AUTHORIZATION;
SET ROLE authenticated;
SELECT pg_temp.as('ola', 'pause_mentor(test.id(''dora''))') AS by_ola;
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT pg_temp.claim('w', 'notification');
SELECT pg_temp.complete('w', 'anna');
SELECT * FROM pg_temp.events() OFFSET 6;
SELECT end_role(test.id('ola'), test.id('north'), 'coordinator', test.id('n2'));
SELECT test.call('reactivate_mentor(test.id(''dora''))'), test.call('pause_mentor(test.id(''cleo''))');
SELECT pg_temp.claim('w', 'notification');
SELECT pg_temp.complete('w', m) FROM unnest(ARRAY['cleo', 'dora']) m;
SELECT end_role(test.id('lise'), test.id('north'), 'chapter_admin', test.id('n2'));
SELECT test.call('pause_mentor(test.id(''dora''))');
SELECT pg_temp.claim('w', 'notification');
SELECT pg_temp.complete('w', 'dora');
-- who coordinates themselves is told as the mentor, and does not look after themselves
SELECT grant_role(test.id('bert'), test.id('north'), 'coordinator', test.id('n1')) IS NOT NULL, end_role(test.id('kari'), test.id('north'), 'coordinator', test.id('n1'));
SELECT test.call('reactivate_mentor(test.id(''bert''))');
SELECT pg_temp.claim('w', 'notification');
SELECT pg_temp.complete('w', 'bert');
-- nobody: finished, kept as undeliverable; told after all when replayed
SELECT end_role(test.id('olga'), test.id('north'), 'org_admin'), end_role(test.id('bert'), test.id('north'), 'coordinator', test.id('n1'));
SELECT test.call('reactivate_mentor(test.id(''dora''))'), test.call('pause_mentor(test.id(''bert''))');
SELECT pg_temp.claim('w', 'notification');
SELECT pg_temp.complete('w', 'bert');
SELECT * FROM pg_temp.events() OFFSET 11;
SELECT pg_temp.name(mentor_id), reason, resolved_at IS NOT NULL AS resolved FROM undeliverable_notifications;
SELECT open_undeliverable, dead_letters, oldest_undelivered_notification FROM job_health;
SELECT grant_role(test.id('olga'), test.id('north'), 'org_admin') IS NOT NULL, replay_events('notification');
SELECT pg_temp.claim('w', 'notification');
SELECT pg_temp.complete('w', 'dora');
SELECT pg_temp.name(mentor_id), resolved_at IS NOT NULL AS resolved FROM undeliverable_notifications;
-- dealt with, it is replayed no more
SELECT end_role(test.id('olga'), test.id('north'), 'org_admin'), test.call('pause_mentor(test.id(''dora''))'), test.call('reactivate_mentor(test.id(''dora''))');
SELECT pg_temp.claim('w', 'notification');
SELECT resolve_undeliverable(id) FROM undeliverable_notifications WHERE resolved_at IS NULL ORDER BY id LIMIT 1;
SELECT replay_events('notification'), grant_role(test.id('olga'), test.id('north'), 'org_admin') IS NOT NULL;
SELECT pg_temp.claim('w', 'notification');
SELECT pg_temp.complete('w', 'dora');
-- what is delivered is purged after its time, what nobody has dealt with is not
SELECT end_role(test.id('olga'), test.id('north'), 'org_admin'), test.call('pause_mentor(test.id(''dora''))');
SELECT pg_temp.claim('w', 'notification');
SET peer_mentor.keep_delivered_events = 1;
CALL peer_mentor.run_nightly(now() + interval '3 days');
RESET peer_mentor.keep_delivered_events;
SELECT * FROM pg_temp.events();
SELECT pg_temp.name(mentor_id), resolved_at IS NOT NULL AS resolved FROM undeliverable_notifications;
SELECT grant_role(test.id('olga'), test.id('north'), 'org_admin') IS NOT NULL, replay_events('notification'), test.call('reactivate_mentor(test.id(''dora''))');
SELECT pg_temp.claim('w', 'notification');
SELECT pg_temp.complete('w', 'dora');
SELECT pg_temp.claim('w', 'notification');
SELECT pg_temp.complete('w', 'dora');
-- a mentor who is removed meanwhile is nobody's news
SELECT test.call('pause_mentor(test.id(''dora''))'), test.call('remove_mentor(test.id(''dora''))');
SELECT pg_temp.claim('w', 'notification');
SELECT * FROM pg_temp.events() OFFSET 2;
SELECT count(*) FROM undeliverable_notifications WHERE resolved_at IS NULL;

-- ---- leases, attempts, order

TRUNCATE claimed;
SELECT test.call(c) FROM unnest(ARRAY['reactivate_mentor(test.id(''anna''))', 'pause_mentor(test.id(''anna''))', 'reactivate_mentor(test.id(''bert''))', 'reactivate_mentor(test.id(''cleo''))']) c;
-- of each mentor the first, and nothing that another has
SELECT pg_temp.claim('one', 'notification', 2);
SELECT pg_temp.claim('two', 'notification', 2);
SELECT pg_temp.claim('two', 'notification');
SELECT pg_temp.complete('one', 'anna');
SELECT pg_temp.claim('two', 'notification');
-- again changes nothing; another's token, or none, is refused
SELECT pg_temp.complete('one', 'anna');
UPDATE claimed SET claim_token = gen_random_uuid() WHERE worker = 'one' AND mentor = 'bert';
SELECT pg_temp.complete('one', 'bert'), pg_temp.fail('one', 'bert'), pg_temp.fail('one', 'anna') AS delivered;
-- a lease that ran out passes on, and counts
SELECT test.pass_time('lease');
SELECT pg_temp.claim('three', 'notification');
SELECT pg_temp.complete('two', 'anna'), pg_temp.fail('two', 'cleo'), pg_temp.complete('three', 'cleo');
-- one that ran out and passed to nobody may still be completed
SELECT test.pass_time('lease');
SELECT pg_temp.complete('three', 'bert');
-- a failure comes back later, and holds the next one of that mentor back meanwhile
SELECT pg_temp.fail('three', 'anna');
SELECT test.call('reactivate_mentor(test.id(''anna''))');
SELECT pg_temp.claim('four', 'notification');
SELECT * FROM pg_temp.events() OFFSET 3;
SELECT test.pass_time('backoff');
SELECT pg_temp.claim('four', 'notification');
-- when it is tried again: the n-th time after 1, 4, 16, ... minutes, give or take a quarter, or when the other side says
DO $$
DECLARE
	e record;
	minutes numeric;
BEGIN
	FOR i IN 3 .. 7 LOOP
		PERFORM pg_temp.fail('four', 'anna');
		SELECT extract(epoch FROM available_at - clock_timestamp()) / 60 INTO minutes FROM outbox_events WHERE delivered_at IS NULL ORDER BY id LIMIT 1;
		IF minutes / least(4 ^ (i - 1), 360) NOT BETWEEN 0.74 AND 1.26 THEN
			RAISE 'attempt % is tried again after % minutes', i, minutes;
		END IF;
		PERFORM test.pass_time('backoff'), pg_temp.claim('four', 'notification');
	END LOOP;
END
$$;
-- the eighth time it is given up, and holds nobody back any more
SELECT pg_temp.fail('four', 'anna');
SELECT * FROM pg_temp.events() OFFSET 4;
SELECT dead_letters, oldest_undelivered_notification IS NOT NULL AS waits FROM job_health;
SELECT pg_temp.claim('five', 'notification');
SELECT pg_temp.fail('five', 'anna', retry_after => '2 hours');
SELECT date_trunc('hour', available_at - clock_timestamp() + interval '1 minute') AS after FROM outbox_events WHERE delivered_at IS NULL AND dead_at IS NULL;
SELECT test.pass_time('backoff');
SELECT pg_temp.claim('five', 'notification');
SELECT pg_temp.fail('five', 'anna', permanent => true);
-- and so is one whose workers died eight times
SELECT test.call('pause_mentor(test.id(''anna''))');
DO $$
BEGIN
	FOR i IN 1 .. 8 LOOP
		PERFORM pg_temp.claim('dying', 'notification');
		PERFORM test.pass_time('lease');
	END LOOP;
END
$$;
SELECT pg_temp.claim('six', 'notification');
SELECT * FROM pg_temp.events() OFFSET 4;
-- replay takes up what was given up, in order
SELECT replay_events('notification'), replay_events('portal_sync'), replay_events('notification') AS again;
SELECT pg_temp.claim('seven', 'notification');
SELECT pg_temp.complete('seven', 'anna');
SELECT pg_temp.claim('seven', 'notification');
SELECT pg_temp.complete('seven', 'anna');
SELECT pg_temp.claim('seven', 'notification');
SELECT pg_temp.complete('seven', 'anna');
-- and where it is said whose or since when, what was delivered as well
SELECT replay_events('notification') AS not_all, replay_events('notification', test.id('cleo')) AS of_cleo, replay_events('notification', since => now() + interval '1 hour') AS future;
SELECT pg_temp.claim('eight', 'notification');

-- ---- deliveries: one for each recipient, and none twice

SELECT test.reset() \gset
TRUNCATE claimed;
INSERT INTO auth.users SELECT test.id(n) FROM unnest(ARRAY['anna', 'lise', 'nils']) n;
INSERT INTO peer_mentors (id, organisation_id, user_id, display_name) VALUES (test.id('anna'), test.id('north'), test.id('anna'), 'anna');
INSERT INTO mentor_chapters (mentor_id, chapter_id) VALUES (test.id('anna'), test.id('n1'));
INSERT INTO role_assignments (user_id, organisation_id, chapter_id, role) SELECT test.id(n), test.id('north'), test.id('n1'), 'coordinator' FROM unnest(ARRAY['kari', 'ola', 'per']) n;
CREATE FUNCTION pg_temp.deliveries() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s: %s%s', pg_temp.name(d.recipient), CASE WHEN d.delivered_at IS NOT NULL THEN 'delivered' WHEN d.dead_at IS NOT NULL THEN 'dead' ELSE 'waits' END, ', ' || d.last_error)
	  FROM outbox_deliveries d JOIN (SELECT max(id) AS id FROM outbox_events) e ON e.id = d.event_id ORDER BY pg_temp.name(d.recipient)
$$;
SELECT test.call('pause_mentor(test.id(''anna''))');
SELECT pg_temp.claim('w', 'notification');
-- one reached, one later, one never; the lease stays until each was tried
SELECT pg_temp.complete('w', 'anna', 'kari'), pg_temp.fail('w', 'anna', recipient => 'ola'), pg_temp.fail('w', 'anna', true, 'per'), pg_temp.complete('w', 'anna', 'kari') AS again;
SELECT pg_temp.complete('w', 'anna', 'lise') AS no_recipient, pg_temp.fail('w', 'anna', recipient => 'lise') AS no_recipient_either, pg_temp.fail('w', 'anna', recipient => 'kari') AS delivered;
SELECT * FROM pg_temp.deliveries();
SELECT * FROM pg_temp.events();
SELECT pg_temp.complete('w', 'anna', 'anna');
SELECT * FROM pg_temp.events();
SELECT pg_temp.complete('w', 'anna', 'ola') AS too_late;
-- at the next attempt one left, and one is new
SELECT end_role(test.id('ola'), test.id('north'), 'coordinator', test.id('n1')), grant_role(test.id('nils'), test.id('north'), 'coordinator', test.id('n1')) IS NOT NULL;
SELECT test.pass_time('backoff');
SELECT pg_temp.claim('w', 'notification');
SELECT pg_temp.complete('w', 'anna', 'nils');
SELECT * FROM pg_temp.deliveries();
SELECT * FROM pg_temp.events();
-- a dead letter is replayed to whom it did not reach
SELECT replay_events('notification');
SELECT pg_temp.claim('w', 'notification');
-- whoever left, left: nothing is left to do
SELECT end_role(test.id('per'), test.id('north'), 'coordinator', test.id('n1')), test.pass_time('lease');
SELECT pg_temp.claim('w', 'notification');
SELECT * FROM pg_temp.deliveries();
SELECT * FROM pg_temp.events();
-- what was delivered is replayed to all who are to be told now
SELECT replay_events('notification', since => now() - interval '1 hour');
SELECT pg_temp.claim('w', 'notification');
SELECT pg_temp.fail('w', 'anna');
SELECT * FROM pg_temp.deliveries();
SELECT test.pass_time('backoff');
SELECT pg_temp.claim('w', 'notification');
SELECT pg_temp.complete('w', 'anna');
SELECT * FROM pg_temp.deliveries();
-- a login that is deleted is neither told nor kept as the one who did it
RESET SESSION AUTHORIZATION;
SET ROLE authenticated;
SELECT pg_temp.as('kari', format('record_certification(test.id(''anna''), ''course'', %L, %L)', test.today() - 9, test.today())), pg_temp.as('kari', 'renew_certification(test.id(''anna''), ''course'')');
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT event_type, pg_temp.name(actor_id) AS actor, payload - 'mentor_id' - 'organisation_id' - 'expires_at' AS payload FROM outbox_events ORDER BY id DESC LIMIT 1;
SELECT pg_temp.claim('w', 'notification');
DELETE FROM auth.users WHERE id = test.id('kari');
SELECT event_type, actor_id FROM outbox_events ORDER BY id DESC LIMIT 1;
SELECT test.pass_time('lease');
SELECT pg_temp.claim('w', 'notification');

-- ---- the portal follows the listing

SELECT test.reset() \gset
TRUNCATE claimed;
CREATE FUNCTION pg_temp.at(days int) RETURNS timestamptz LANGUAGE sql AS $$SELECT test.today()::timestamp AT TIME ZONE 'UTC' + make_interval(days => days, hours => 3)$$;
-- What the portal was told since it was asked last, and about whom it is wrong.
CREATE TEMP TABLE looked (id bigint);
INSERT INTO looked VALUES (0);
CREATE FUNCTION pg_temp.portal() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	news text;
	wrong text;
BEGIN
	SELECT string_agg(format('%s %s in %s', pg_temp.name(e.mentor_id), replace(e.event_type, 'mentor_', ''), (e.payload ->> 'effective_on')::date - test.today()), ', ' ORDER BY pg_temp.name(e.mentor_id), e.id)
	  INTO news FROM outbox_events e, looked l WHERE e.id > l.id AND e.channel = 'portal_sync';
	SELECT 'wrong about ' || string_agg(pg_temp.name(coalesce(p.mentor_id, l.mentor_id)), ' ' ORDER BY pg_temp.name(coalesce(p.mentor_id, l.mentor_id)))
	  INTO wrong FROM (SELECT l.* FROM public_mentor_listing l JOIN peer_mentors m ON m.id = l.mentor_id AND m.organisation_id = test.id('north')) l
	  FULL JOIN (SELECT * FROM peer_mentor_private.portal_mentors WHERE state = 'shown') p ON p.mentor_id = l.mentor_id
	 WHERE p.mentor_id IS NULL OR l.mentor_id IS NULL;
	UPDATE looked SET id = greatest(id, (SELECT max(e.id) FROM outbox_events e));
	RETURN concat_ws('; ', coalesce(news, '-'), wrong);
END
$$;
UPDATE organisations SET portal_sync = 'queue' WHERE id = test.id('north');
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n FROM unnest(ARRAY['anna', 'bert', 'cleo']) n;
INSERT INTO peer_mentors (id, organisation_id, display_name) VALUES (test.id('emil'), test.id('south'), 'emil');
SELECT test.call(format('record_certification(%L, ''course'', %L)', test.id(n), test.today())) FROM unnest(ARRAY['anna', 'emil']) n;
SELECT pg_temp.portal();
SELECT c AS call, test.call(c), pg_temp.portal() FROM unnest(ARRAY['record_certification(test.id(''bert''), ''extra'', test.today())', 'pause_mentor(test.id(''cleo''))', 'pause_mentor(test.id(''anna''))', 'suspend_certification(test.id(''anna''), ''course'')',
	'reinstate_certification(test.id(''anna''), ''course'')', 'reactivate_mentor(test.id(''anna''))', 'record_certification(test.id(''bert''), ''course'', test.today())', 'record_certification(test.id(''bert''), ''police'', test.today())',
	'suspend_certification(test.id(''bert''), ''police'')', 'reinstate_certification(test.id(''bert''), ''police'')', 'record_certification(test.id(''cleo''), ''course'', test.today())', 'reactivate_mentor(test.id(''cleo''))',
	'correct_certification(test.id(''cleo''), ''course'', test.today() - 9, test.today() - 1)', 'correct_certification(test.id(''cleo''), ''course'', test.today() - 9, test.today() + 1)',
	'remove_mentor(test.id(''cleo''))', 'restore_mentor(test.id(''cleo''))']) c;
SELECT set_listed(test.id('anna'), false), pg_temp.portal();
SELECT set_listed(test.id('anna'), false), pg_temp.portal();
SELECT set_listed(test.id('anna'), true), pg_temp.portal();
UPDATE peer_mentors SET listed = NOT listed WHERE id IN (test.id('anna'), test.id('emil'));
SELECT pg_temp.portal();
UPDATE peer_mentors SET listed = true, deleted_at = CASE WHEN display_name = 'bert' THEN now() END WHERE organisation_id = test.id('north');
SELECT pg_temp.portal();
-- gone for good, and told once
DELETE FROM peer_mentors WHERE id IN (test.id('bert'), test.id('cleo'));
SELECT pg_temp.portal();
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n FROM unnest(ARRAY['finn', 'gry']) n;
DELETE FROM peer_mentors WHERE id = test.id('gry');
SELECT pg_temp.portal();
-- a direct UPDATE of the status; the night of the expiry, from the day after the last valid one; the renewal
UPDATE peer_mentor_status SET status = 'paused' WHERE mentor_id = test.id('anna');
UPDATE peer_mentor_status SET status = 'active' WHERE mentor_id = test.id('anna');
SELECT pg_temp.portal();
SELECT test.call(format('correct_certification(%L, ''course'', %L, %L)', test.id('anna'), test.today() - 9, test.today())), pg_temp.portal();
CALL peer_mentor.run_nightly(pg_temp.at(3));
SELECT pg_temp.portal();
CALL peer_mentor.run_nightly(pg_temp.at(4));
SELECT pg_temp.portal();
SELECT test.call(format('renew_certification(%L, ''course'')', test.id('anna'))), pg_temp.portal();
-- rules that change
UPDATE certification_types SET required = false WHERE code = 'course';
CALL peer_mentor.run_nightly();
SELECT pg_temp.portal();
UPDATE certification_types SET required = true WHERE code = 'course';
CALL peer_mentor.run_nightly();
SELECT pg_temp.portal();
-- a register
INSERT INTO register_import (mentor_key, certification_type, issued_on, expires_on) VALUES (test.id('dora'), 'course', '2020-01-01', to_char(test.today() + 9, 'YYYY-MM-DD')), (test.id('hans'), 'course', '2020-01-01', '2021-01-01'),
	(test.id('finn'), 'course', '2020-01-01', to_char(test.today() + 9, 'YYYY-MM-DD'));
SELECT imported FROM peer_mentor.import_register(test.id('north'));
SELECT pg_temp.portal();
SELECT test.call('record_certification(test.id(''hans''), ''police'', test.today())'), pg_temp.portal();
SELECT * FROM test.broken_promises();

-- off writes none, queue keeps, on delivers: in order, and of each mentor the newest only
SELECT count(*) AS waiting, count(DISTINCT mentor_id) AS mentors FROM outbox_events WHERE channel = 'portal_sync' AND delivered_at IS NULL;
SELECT pg_temp.claim('p', 'portal_sync');
SELECT oldest_undelivered_portal_sync FROM job_health;
SELECT update_organisation(test.id('north'), portal_sync => 'on');
SELECT * FROM pg_temp.events('portal_sync') e WHERE e NOT LIKE '%superseded' ORDER BY 1;
SELECT oldest_undelivered_portal_sync IS NOT NULL AS waits FROM job_health;
SELECT pg_temp.claim('p', 'portal_sync', 2);
SELECT recipients, payload - 'mentor_id' - 'organisation_id' - 'effective_on' - 'job_run_id' AS payload FROM claim_events('portal_sync') LIMIT 1;
SELECT count(complete_event(id, claim_token)) FROM outbox_events WHERE claim_token IS NOT NULL AND delivered_at IS NULL;
-- each in its turn while it is on; one that failed keeps the next one waiting
SELECT test.call('pause_mentor(test.id(''dora''))'), test.call('reactivate_mentor(test.id(''dora''))'), test.call('pause_mentor(test.id(''anna''))');
SELECT pg_temp.claim('p', 'portal_sync');
SELECT pg_temp.fail('p', 'dora'), pg_temp.complete('p', 'anna');
SELECT pg_temp.claim('p', 'portal_sync');
SELECT test.pass_time('backoff');
SELECT pg_temp.claim('p', 'portal_sync');
SELECT pg_temp.complete('p', 'dora');
SELECT pg_temp.claim('p', 'portal_sync');
SELECT pg_temp.complete('p', 'dora');
-- there and back again while it queues is nothing; of an odd number the last; a removal always
SELECT update_organisation(test.id('north'), portal_sync => 'queue');
SELECT test.call(c) FROM unnest(ARRAY['pause_mentor(test.id(''dora''))', 'reactivate_mentor(test.id(''dora''))', 'reactivate_mentor(test.id(''anna''))', 'pause_mentor(test.id(''anna''))', 'reactivate_mentor(test.id(''anna''))',
	'pause_mentor(test.id(''finn''))', 'reactivate_mentor(test.id(''finn''))', 'remove_mentor(test.id(''finn''))']) c;
SELECT pg_temp.claim('p', 'portal_sync');
SELECT update_organisation(test.id('north'), portal_sync => 'on');
SELECT pg_temp.claim('p', 'portal_sync');
SELECT pg_temp.complete('p', m) FROM unnest(ARRAY['anna', 'finn']) m;
-- off, and what it missed when it is on again
SELECT pg_temp.portal() \g /dev/null
SELECT update_organisation(test.id('north'), portal_sync => 'off');
SELECT test.call('pause_mentor(test.id(''dora''))'), test.call('restore_mentor(test.id(''finn''))'), set_listed(test.id('anna'), false);
SELECT set_listed(test.id('anna'), true), pg_temp.portal();
SELECT update_organisation(test.id('north'), portal_sync => 'on');
SELECT pg_temp.portal();
SELECT pg_temp.claim('p', 'portal_sync');
SELECT count(complete_event(id, claim_token)) FROM outbox_events WHERE claim_token IS NOT NULL AND delivered_at IS NULL;
-- a portal that lost what it knew
SELECT replay_events('portal_sync', test.id('dora'));
SELECT pg_temp.claim('p', 'portal_sync');
-- what a worker has at hand meanwhile is the portal's newest word, and stays the last one: it is sent again after the others,
-- and these not before its lease is over
SELECT pg_temp.complete('p', 'dora');
SELECT set_listed(test.id('dora'), false);
SELECT pg_temp.claim('p', 'portal_sync');
SELECT replay_events('portal_sync', test.id('dora')) > 0 AS some;
SELECT pg_temp.claim('q', 'portal_sync');
SELECT pg_temp.complete('p', 'dora');
RESET SESSION AUTHORIZATION;
SELECT test.pass_time('lease');
SELECT test.pass_time('backoff');
SET SESSION AUTHORIZATION regress_pm_owner;
DO $$
BEGIN
	WHILE EXISTS (SELECT FROM pg_temp.claim('q', 'portal_sync')) LOOP
		PERFORM pg_temp.complete('q', 'dora');
	END LOOP;
END
$$;
SELECT string_agg(event_type, ' ' ORDER BY n) FROM claimed WHERE worker = 'q';
SELECT replay_events('portal_sync', test.id('dora')) > 0 AS some;
SELECT pg_temp.claim('p', 'portal_sync');
CALL peer_mentor.run_nightly();
SELECT pg_temp.portal();
SELECT count(*) FROM status_discrepancies;

-- ---- what every function refuses, and from whom

SELECT id AS leased, claim_token AS token FROM outbox_events WHERE leased_until IS NOT NULL LIMIT 1 \gset
SELECT replace(replace(c, :'token', 'its token'), :'leased', 'leased') AS call, test.outcome('SELECT ' || c) FROM unnest(ARRAY[
	'claim_events(NULL)', 'claim_events(''mail'')', 'claim_events('''')', 'claim_events(''notification'', NULL)', 'claim_events(''notification'', 0)', 'claim_events(''notification'', -1)', 'claim_events(''notification'', 1001)',
	'claim_events(''notification'', 1, NULL)', 'claim_events(''notification'', 1, ''0'')', 'claim_events(''notification'', 1, ''-1 minute'')', 'claim_events(''notification'', 1, ''1 day 1 second'')', 'claim_events(''notification'', 1, ''1 month'')',
	'claim_events(''notification'', 1000, ''1 day'')',
	'complete_event(NULL, gen_random_uuid())', 'complete_event(1, NULL)', 'complete_event(-1, gen_random_uuid())', format('complete_event(%s, gen_random_uuid())', :'leased'), format('complete_event(%s, %L, gen_random_uuid())', :'leased', :'token'),
	'fail_event(NULL, gen_random_uuid(), ''x'')', 'fail_event(1, NULL, ''x'')', 'fail_event(-1, gen_random_uuid(), ''x'')', format('fail_event(%s, %L, NULL)', :'leased', :'token'), format('fail_event(%s, %L, '''')', :'leased', :'token'),
	format('fail_event(%s, %L, ''x'', NULL)', :'leased', :'token'), format('fail_event(%s, %L, ''x'', false, gen_random_uuid())', :'leased', :'token'), format('fail_event(%s, %L, ''x'', false, NULL, ''-1 second'')', :'leased', :'token'),
	format('fail_event(%s, %L, ''x'', false, NULL, ''31 days'')', :'leased', :'token'), format('fail_event(%s, %L, repeat(''ø'', 300), false, NULL, ''0'')', :'leased', :'token'),
	'replay_events(NULL)', 'replay_events(''mail'')', 'replay_events(''notification'', NULL, ''infinity'')', 'replay_events(''notification'', test.id(''nobody''))']) c;
SELECT octet_length(last_error) FROM outbox_events WHERE id = :leased;
RESET SESSION AUTHORIZATION;
SET ROLE authenticated;
SELECT c AS call, test.outcome('SELECT public.' || c), test.outcome('SELECT peer_mentor.' || c) FROM unnest(ARRAY['claim_events(''notification'')', 'complete_event(1, gen_random_uuid())', 'fail_event(1, gen_random_uuid(), ''x'')', 'replay_events(''portal_sync'')']) c;
SET ROLE service_role;
SELECT c AS call, test.outcome('SELECT public.' || c), test.outcome('SELECT peer_mentor.' || c) FROM unnest(ARRAY['claim_events(''notification'')', 'complete_event(1, gen_random_uuid())', 'fail_event(1, gen_random_uuid(), ''x'')', 'replay_events(''portal_sync'', test.id(''nobody''))']) c;
RESET ROLE;
GRANT EXECUTE ON FUNCTION public.claim_events(text, integer, interval), peer_mentor.claim_events(text, integer, interval) TO authenticated;
SET ROLE authenticated;
SET request.jwt.claims = '{"role": "service_role", "sub": "00000000-0000-0000-0000-000000000000"}';
SELECT test.outcome('SELECT claim_events(''notification'')') AS claims_prove_nothing;
RESET ROLE;
RESET request.jwt.claims;
REVOKE EXECUTE ON FUNCTION public.claim_events(text, integer, interval), peer_mentor.claim_events(text, integer, interval) FROM authenticated;
DROP FUNCTION test.pass_time(text);
