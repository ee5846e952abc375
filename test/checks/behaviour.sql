-- Does a populated database (populate.sql) behave as it should?  Run as its storage owner; prints one line per step.
-- Everything but the nightly run is rolled back.
\set QUIET on
\set VERBOSITY sqlstate
\set ON_ERROR_STOP off
\pset format unaligned
\pset tuples_only on
\set mentor '(SELECT s.mentor_id FROM public.peer_mentor_status s JOIN public.peer_mentors m ON m.id = s.mentor_id WHERE s.status = ''active'' AND m.deleted_at IS NULL AND m.external_key IS NULL AND EXISTS (SELECT FROM public.peer_mentor_certifications c WHERE c.peer_mentor_id = m.id AND c.expires_at > current_date + 3) ORDER BY m.id LIMIT 1)'
BEGIN;
SELECT 'owner pauses', (public.pause_mentor(:mentor, current_date + 5)).new_status;
ROLLBACK;
BEGIN;
SELECT id AS chosen FROM (SELECT :mentor AS id) x \gset
SET LOCAL ROLE service_role;
SELECT 'service pauses', (public.pause_mentor(:'chosen', current_date + 5, idempotency_key => 'behaviour')).new_status;
SELECT 'service again, same key', (public.pause_mentor(:'chosen', current_date + 5, idempotency_key => 'behaviour')).new_status;
SELECT 'service reactivates', (public.reactivate_mentor(:'chosen')).new_status;
SELECT 'service suspends', (public.suspend_certification(:'chosen', 'basic')).new_status;
SELECT 'service reinstates', (public.reinstate_certification(:'chosen', 'basic')).new_status;
SELECT 'service reads the history', count(*) FROM public.peer_mentor_status_history h WHERE h.mentor_id = :'chosen' AND h.actor_kind = 'service';
ROLLBACK;
\echo service may not write a status:
BEGIN;
SET LOCAL ROLE service_role;
UPDATE public.peer_mentor_status SET status = 'paused';
ROLLBACK;
\echo nobody writes history, pauses, certifications:
INSERT INTO public.peer_mentor_status_history SELECT * FROM public.peer_mentor_status_history LIMIT 1;
UPDATE public.peer_mentor_status_history SET changed_at = now();
DELETE FROM public.pause_records;
TRUNCATE public.peer_mentor_certifications CASCADE;
DELETE FROM public.outbox_events;
\echo a lapsed mentor may not be made active, nobody may go where they are:
UPDATE public.peer_mentor_status SET status = 'active' WHERE status = 'expired_cert';
SELECT public.reactivate_mentor(:mentor);
\echo app users have nothing:
BEGIN;
SET LOCAL ROLE authenticated;
SELECT public.pause_mentor(md5('mentor 1')::uuid);
ROLLBACK;
BEGIN;
SET LOCAL ROLE anon;
SELECT count(*) FROM public.peer_mentors;
ROLLBACK;
\echo an unknown time zone:
INSERT INTO public.organisations (name, time_zone) VALUES ('Nowhere', 'Nowhere/Nowhere');
BEGIN;
INSERT INTO public.peer_mentors (id, organisation_id) VALUES (md5('new')::uuid, md5('organisation 1')::uuid);
SELECT 'a new mentor is', status, version FROM public.peer_mentor_status WHERE mentor_id = md5('new')::uuid;
ROLLBACK;
BEGIN;
UPDATE public.peer_mentor_status SET status = 'paused' WHERE mentor_id = :mentor;
SELECT 'a direct update leaves', h.reason, h.actor_kind FROM public.peer_mentor_status_history h ORDER BY h.changed_at DESC LIMIT 1;
ROLLBACK;
BEGIN;
SELECT id AS gone FROM (SELECT :mentor AS id) x \gset
DELETE FROM public.peer_mentors WHERE id = :'gone';
SELECT 'an erased mentor leaves', count(*) FROM public.peer_mentor_status_history WHERE mentor_id = :'gone';
DELETE FROM auth.users WHERE id = md5('user 31')::uuid;
ROLLBACK;
CALL peer_mentor.run_nightly(as_of => now() + interval '40 days', batch_size => 9);
SELECT 'run', status, (SELECT sum((s.value ->> 'moved')::bigint) FROM jsonb_each(counts) s) FROM public.job_runs ORDER BY started_at DESC LIMIT 1;
SELECT 'statuses', status, count(*) FROM public.peer_mentor_status GROUP BY status ORDER BY status;
SELECT 'failures', count(*) FROM public.job_run_failures WHERE resolved_at IS NULL;
SELECT 'unprotected', peer_mentor_private.missing_protection();
