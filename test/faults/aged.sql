-- What only time makes, for the purge to remove: delivered events, finished runs, resolved failures;
-- and findings about the status of mentors whom nothing is wrong with, for the reconciliation to resolve.  Run by a superuser
-- after world.sql, past the guards.  Not of status changes, which promises.sql counts.
SET session_replication_role = replica;
UPDATE public.outbox_events SET delivered_at = now() - interval '100 days' WHERE channel = 'notification' AND event_type <> 'status_changed';
INSERT INTO public.job_runs (job_name, as_of, status, started_at, finished_at, worker_pid, worker_started)
SELECT 'nightly', t, 'succeeded', t, t, 1, t FROM (SELECT now() - make_interval(days => 100 + n) FROM generate_series(1, 40) n) a (t);
INSERT INTO public.job_run_failures (job_run_id, step, sqlstate, message, resolved_at)
SELECT r.id, 'expire', 'XX000', 'of long ago', r.finished_at FROM public.job_runs r WHERE r.worker_pid = 1 LIMIT 20;
INSERT INTO public.status_discrepancies (kind, mentor_id, found, expected)
SELECT 'status_differs', m.id, '{}', '{}' FROM public.peer_mentors m WHERE m.display_name LIKE 'returns %';
