-- What the nightly run and the other operators' functions keep: runs, failures, findings, reports, imports.

SELECT peer_mentor_private.refuse_foreign(20261120000500, ARRAY['job_runs', 'job_run_failures', 'status_discrepancies',
	'report_snapshots', 'erased_spans', 'erased_transitions', 'idempotent_requests', 'register_import', 'job_health', 'job_progress']);

CREATE TABLE IF NOT EXISTS public.job_runs (
	id              uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	job_name        text NOT NULL,
	as_of           timestamptz NOT NULL,
	status          text NOT NULL CHECK (status IN ('running', 'succeeded', 'failed', 'interrupted', 'skipped')),
	started_at      timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	heartbeat_at    timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	finished_at     timestamptz,
	worker_pid      integer NOT NULL,
	worker_started  timestamptz NOT NULL,
	step            text,
	step_started_at timestamptz,
	counts          jsonb NOT NULL DEFAULT '{}',
	error           text,
	CONSTRAINT job_runs_finished_check CHECK ((status = 'running') = (finished_at IS NULL))
);
COMMENT ON TABLE public.job_runs IS 'Runs of the nightly job. The running one is a lease: it is kept by heartbeats and taken over when its worker is gone.';
COMMENT ON COLUMN public.job_runs.id IS 'The job_run_id that history rows carry.';
COMMENT ON COLUMN public.job_runs.as_of IS 'Moment for which the run decided.';
COMMENT ON COLUMN public.job_runs.heartbeat_at IS 'Written as the last statement of every batch.';
COMMENT ON COLUMN public.job_runs.worker_started IS 'Start of the backend worker_pid; the two together name one process.';
COMMENT ON COLUMN public.job_runs.step_started_at IS 'When the present step first committed something.';
COMMENT ON COLUMN public.job_runs.counts IS 'Per step: done, and total where it is known; the present step''s counts are visible while it runs.';
CREATE UNIQUE INDEX IF NOT EXISTS job_runs_running_key ON public.job_runs (job_name) WHERE status = 'running';
CREATE INDEX IF NOT EXISTS job_runs_job_name_started_at_idx ON public.job_runs (job_name, started_at DESC);
CREATE INDEX IF NOT EXISTS job_runs_finished_at_idx ON public.job_runs (finished_at);

CREATE TABLE IF NOT EXISTS public.job_run_failures (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	job_run_id  uuid NOT NULL REFERENCES public.job_runs (id) ON DELETE CASCADE,
	step        text NOT NULL,
	mentor_id   uuid REFERENCES public.peer_mentors (id) ON DELETE CASCADE,
	sqlstate    text NOT NULL,
	message     text NOT NULL,
	attempts    integer NOT NULL DEFAULT 1,
	resolved_at timestamptz
);
COMMENT ON TABLE public.job_run_failures IS 'Mentors a run could not process. Retried by every run until resolved.';
CREATE INDEX IF NOT EXISTS job_run_failures_job_run_id_idx ON public.job_run_failures (job_run_id);
CREATE INDEX IF NOT EXISTS job_run_failures_mentor_id_idx ON public.job_run_failures (mentor_id);
CREATE INDEX IF NOT EXISTS job_run_failures_resolved_at_idx ON public.job_run_failures (resolved_at);
CREATE UNIQUE INDEX IF NOT EXISTS job_run_failures_open_key ON public.job_run_failures (mentor_id, step) WHERE resolved_at IS NULL;

CREATE TABLE IF NOT EXISTS public.status_discrepancies (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind        text NOT NULL,
	mentor_id   uuid REFERENCES public.peer_mentors (id) ON DELETE CASCADE,
	about       text NOT NULL DEFAULT '',
	found       jsonb NOT NULL,
	expected    jsonb NOT NULL,
	found_at    timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	resolved_at timestamptz,
	outcome     text
);
COMMENT ON TABLE public.status_discrepancies IS
	'Findings of the reconciliation: what is, and what should be. One open finding of a kind about one thing of a mentor.';
COMMENT ON COLUMN public.status_discrepancies.kind IS 'One of peer_mentor_private.discrepancy_kinds(), which says what each means.';
COMMENT ON COLUMN public.status_discrepancies.mentor_id IS 'NULL where the finding is about no mentor that is there.';
COMMENT ON COLUMN public.status_discrepancies.about IS 'Which of several things of the mentor: a certification type, a version, a table, a reference; empty where there is one only.';
COMMENT ON COLUMN public.status_discrepancies.outcome IS 'What the last repair said: repaired, refused or failed, and why; NULL where none was tried.';
CREATE INDEX IF NOT EXISTS status_discrepancies_mentor_id_idx ON public.status_discrepancies (mentor_id);
CREATE UNIQUE INDEX IF NOT EXISTS status_discrepancies_open_key
	ON public.status_discrepancies (mentor_id, kind, about) NULLS NOT DISTINCT WHERE resolved_at IS NULL;
CREATE INDEX IF NOT EXISTS status_discrepancies_resolved_at_idx ON public.status_discrepancies (resolved_at);

CREATE TABLE IF NOT EXISTS public.report_snapshots (
	id              uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	organisation_id uuid NOT NULL REFERENCES public.organisations (id),
	from_day        date NOT NULL,
	to_day          date NOT NULL,
	number          integer NOT NULL DEFAULT 1 CHECK (number > 0),
	frozen_at       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	frozen_by       uuid,
	actor_kind      text NOT NULL CHECK (actor_kind IN ('org_admin', 'service', 'operator')),
	report          jsonb NOT NULL CHECK (pg_catalog.jsonb_typeof(report) = 'object'),
	checksum        text NOT NULL,
	UNIQUE (organisation_id, from_day, to_day, number),
	CHECK (to_day >= from_day)
);
COMMENT ON TABLE public.report_snapshots IS 'Reports as they were handed in. A number once reported stays what it was, whatever is corrected or erased later.';
COMMENT ON COLUMN public.report_snapshots.number IS 'Counts the reports of the same period: freezing again keeps the ones before.';
COMMENT ON COLUMN public.report_snapshots.frozen_by IS 'User who froze it; NULL where no login did, or the user is gone.';
COMMENT ON COLUMN public.report_snapshots.report IS
	'{"schema_version": 1, "organisation_id": uuid, "time_zone": text, "from_day": date, "to_day": date, "rows": [rows of status_report()]}; numbers only, nobody''s name.';
COMMENT ON COLUMN public.report_snapshots.checksum IS 'SHA-256 of report as text, in hex.';
CREATE INDEX IF NOT EXISTS report_snapshots_frozen_by_idx ON public.report_snapshots (frozen_by) WHERE frozen_by IS NOT NULL;

CREATE TABLE IF NOT EXISTS public.erased_spans (
	id              uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	organisation_id uuid NOT NULL REFERENCES public.organisations (id),
	chapter_id      uuid,
	status          public.mentor_status NOT NULL,
	certified       boolean NOT NULL,
	from_day        date NOT NULL,
	to_day          date NOT NULL CHECK (to_day >= from_day),
	mentors         integer NOT NULL DEFAULT 1 CHECK (mentors > 0),
	CONSTRAINT erased_spans_key UNIQUE NULLS NOT DISTINCT (organisation_id, chapter_id, status, certified, from_day, to_day)
);
COMMENT ON TABLE public.erased_spans IS
	'What erased mentors were, without who: so many mentors were, from from_day to to_day (both inclusive), at the end of each day, in this chapter with this status. status_report() adds them to what the history says. Read by reports, not by app users: rows written together are those of one mentor.';
COMMENT ON COLUMN public.erased_spans.chapter_id IS 'Primary chapter of those days; NULL for none.';
COMMENT ON COLUMN public.erased_spans.certified IS 'Active with a valid required certification on those days; false for the other statuses.';
CREATE INDEX IF NOT EXISTS erased_spans_organisation_id_idx ON public.erased_spans (organisation_id, to_day);

CREATE TABLE IF NOT EXISTS public.erased_transitions (
	id              uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	organisation_id uuid NOT NULL REFERENCES public.organisations (id),
	chapter_id      uuid,
	reason          public.status_reason NOT NULL,
	new_status      public.mentor_status NOT NULL,
	effective_on    date NOT NULL,
	transitions     integer NOT NULL DEFAULT 1 CHECK (transitions > 0),
	CONSTRAINT erased_transitions_key UNIQUE NULLS NOT DISTINCT (organisation_id, chapter_id, reason, new_status, effective_on)
);
COMMENT ON TABLE public.erased_transitions IS
	'How often erased mentors changed for this reason, into this status, with effect from this day. A report adds transitions to the history rows it counts.';
COMMENT ON COLUMN public.erased_transitions.chapter_id IS 'Primary chapter at the end of effective_on; NULL for none.';
CREATE INDEX IF NOT EXISTS erased_transitions_organisation_id_idx ON public.erased_transitions (organisation_id, effective_on);

CREATE TABLE IF NOT EXISTS public.idempotent_requests (
	caller         text NOT NULL,
	key            text NOT NULL CHECK (pg_catalog.length(key) BETWEEN 1 AND 200),
	function       text NOT NULL,
	arguments_hash text NOT NULL,
	result         jsonb NOT NULL,
	created_at     timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	caller_id      uuid,
	PRIMARY KEY (caller, key)
);
COMMENT ON TABLE public.idempotent_requests IS 'First results of calls that carried an idempotency key, kept 30 days.';
COMMENT ON COLUMN public.idempotent_requests.caller IS 'User id of the caller, or the name of the role for service and operator.';
COMMENT ON COLUMN public.idempotent_requests.caller_id IS 'The caller where it is a user, who takes the row along.';
CREATE INDEX IF NOT EXISTS idempotent_requests_created_at_idx ON public.idempotent_requests (created_at);
CREATE INDEX IF NOT EXISTS idempotent_requests_caller_id_idx ON public.idempotent_requests (caller_id) WHERE caller_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS idempotent_requests_mentor_id_idx ON public.idempotent_requests ((result ->> 'mentor_id'));
DO $$
BEGIN
	PERFORM peer_mentor_private.make_user_key('idempotent_requests', 'caller_id', 'CASCADE');
	DELETE FROM peer_mentor_private.made WHERE table_name = 'idempotent_requests';
END
$$;

CREATE TABLE IF NOT EXISTS public.register_import (
	id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	batch              text,
	mentor_key         text,
	chapter            text,
	certification_type text,
	issued_on          text,
	expires_on         text,
	status             text,
	error              text,
	imported_at        timestamptz
);
COMMENT ON TABLE public.register_import IS
	'Where a spreadsheet is copied to before peer_mentor.import_register(). All text, so that the copy never fails on content. A row is one term of one certification.';
COMMENT ON COLUMN public.register_import.status IS 'active (default) or suspended.';
COMMENT ON COLUMN public.register_import.error IS 'Why the row was not imported; it is tried again by the next import.';
CREATE INDEX IF NOT EXISTS register_import_mentor_key_idx ON public.register_import (pg_catalog.btrim(mentor_key, E' \t\r\n'));
CREATE INDEX IF NOT EXISTS register_import_waiting_idx ON public.register_import (batch, id) WHERE imported_at IS NULL;

DO $$
BEGIN
	PERFORM peer_mentor_private.make_user_key('report_snapshots', 'frozen_by', 'SET NULL');
	DELETE FROM peer_mentor_private.made WHERE table_name = 'report_snapshots';
END
$$;

ALTER TABLE public.job_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.job_run_failures ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.status_discrepancies ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.report_snapshots ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.erased_spans ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.erased_transitions ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.idempotent_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.register_import ENABLE ROW LEVEL SECURITY;

SELECT peer_mentor_private.record_migration(20261120000500, 'running');
NOTIFY pgrst, 'reload schema';
