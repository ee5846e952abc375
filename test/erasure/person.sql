-- One mentor with a row in every table there is, some of them written as only a running system would.  Run by a
-- superuser.  Id, login, key and name are like no others.
\set QUIET on
\o /dev/null
SET client_min_messages = error;
\set id 'aaaaaaaa-0000-4000-8000-00000000beef'
\set login 'bbbbbbbb-0000-4000-8000-00000000beef'
INSERT INTO auth.users (id) VALUES (:'login');
INSERT INTO public.register_import (batch, mentor_key, chapter, certification_type, issued_on, expires_on)
VALUES ('sheet', ' Unmistakable Key ', 'Chapter 3', 'basic', to_char(current_date - 500, 'YYYY-MM-DD'), to_char(current_date + 300, 'YYYY-MM-DD'));
INSERT INTO public.peer_mentors (id, organisation_id, user_id, external_key, display_name)
VALUES (:'id', md5('organisation 1')::uuid, :'login', 'Unmistakable Key', 'Unmistakable Name');
SELECT * FROM peer_mentor.import_register(md5('organisation 1')::uuid, 'sheet');
SELECT public.set_mentor_chapters(:'id', ARRAY[md5('chapter 3')::uuid, md5('chapter 6')::uuid]);
-- left waiting, under the key and under the id
INSERT INTO public.register_import (batch, mentor_key, issued_on) VALUES ('later', 'Unmistakable Key', 'x'), (NULL, :'id', 'x');
SELECT public.grant_role(md5('user 33')::uuid, md5('organisation 1')::uuid, 'coordinator', md5('chapter 3')::uuid), public.assign_coordinator(:'id', md5('user 33')::uuid);
SELECT public.suspend_certification(:'id', 'basic'), public.reinstate_certification(:'id', 'basic') FROM generate_series(1, 260);
-- the mentor's own calls
SET request.jwt.claims = '{"sub": "bbbbbbbb-0000-4000-8000-00000000beef", "role": "authenticated"}';
SET ROLE authenticated;
SELECT public.pause_mentor(:'id', current_date + 30, idempotency_key => 'for Unmistakable Name'), public.reactivate_mentor(:'id', idempotency_key => 'again');
SELECT public.pause_mentor(:'id');
RESET ROLE;
RESET request.jwt.claims;
SELECT public.suspend_certification(:'id', 'basic'), public.record_certification(:'id', 'advanced', current_date - 900, current_date - 100, 'key');
SELECT public.reinstate_certification(:'id', 'basic'), public.renew_certification(:'id', 'advanced');
SELECT public.claim_events('notification', 1000, '1 hour') FROM generate_series(1, 3);
SET session_replication_role = replica;
INSERT INTO public.undeliverable_notifications (event_id, mentor_id, reason) SELECT e.id, e.mentor_id, 'no_recipient' FROM public.outbox_events e WHERE e.mentor_id = :'id' LIMIT 1 ON CONFLICT DO NOTHING;
INSERT INTO public.job_run_failures (job_run_id, step, mentor_id, sqlstate, message) SELECT id, 'expire', :'id', 'P0001', 'Unmistakable Name is poisoned' FROM public.job_runs LIMIT 1;
INSERT INTO public.job_run_failures (job_run_id, step, sqlstate, message) SELECT id, 'expire', 'P0001', 'mentor "' || :'id' || '" is poisoned' FROM public.job_runs LIMIT 1;
INSERT INTO public.status_discrepancies (kind, mentor_id, found, expected) VALUES ('pause_lost', :'id', '1', '2');
INSERT INTO public.status_discrepancies (kind, about, found, expected) VALUES ('reference_broken', 'x ' || :'id', jsonb_build_object('mentor_id', :'id'), '2');
INSERT INTO peer_mentor_private.mentor_reviews (mentor_id) VALUES (:'id');
UPDATE public.job_runs SET counts = jsonb_set(counts, '{reconcile,up_to}', to_jsonb(:'id'::text)), error = 'mentor "' || :'id' || '" is poisoned';
INSERT INTO public.report_snapshots (organisation_id, from_day, to_day, actor_kind, report, checksum) SELECT md5('organisation 1')::uuid, current_date - 99, current_date, 'operator', '{"mentors": 17}', 'x';
-- what began today began a year ago
UPDATE public.peer_mentor_status_history SET effective_on = effective_on - 100 WHERE mentor_id = :'id' AND version > 1;
