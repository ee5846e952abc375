SELECT peer_mentor_private.refuse_loss(20261120000500);

DROP TABLE IF EXISTS public.job_run_failures, public.job_runs, public.status_discrepancies, public.report_snapshots,
	public.erased_spans, public.erased_transitions,
	public.idempotent_requests, public.register_import;

DELETE FROM peer_mentor_private.migrations WHERE version = 20261120000500;
NOTIFY pgrst, 'reload schema';
