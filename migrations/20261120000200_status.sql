-- Status, history and pauses of a mentor.  Written by the engine only.

SELECT peer_mentor_private.refuse_foreign(20261120000200, ARRAY['mentor_status', 'status_reason', 'mentor_transition',
	'peer_mentor_status', 'peer_mentor_status_history', 'peer_mentor_status_log', 'pause_records']);

DO $$
BEGIN
	IF pg_catalog.to_regtype('public.mentor_status') IS NULL THEN
		CREATE TYPE public.mentor_status AS ENUM ('active', 'paused', 'expired_cert');
	END IF;
	IF pg_catalog.to_regtype('public.status_reason') IS NULL THEN
		CREATE DOMAIN public.status_reason AS text CONSTRAINT status_reason_check CHECK (VALUE IN (
			'registered', 'self_pause', 'coordinator_manual_pause', 'self_reactivation', 'coordinator_reactivation', 'pause_ended',
			'certification_expired', 'certification_suspended', 'certification_renewed', 'certification_reinstated',
			'requirement_changed', 'direct_update'));
	END IF;
	IF pg_catalog.to_regtype('public.mentor_transition') IS NULL THEN
		CREATE TYPE public.mentor_transition AS (
			mentor_id       uuid,
			previous_status public.mentor_status,
			new_status      public.mentor_status,
			version         bigint,
			changed_at      timestamptz,
			history_id      uuid
		);
	END IF;
END
$$;
COMMENT ON TYPE public.mentor_status IS 'State of a mentor: active, paused, or expired_cert while a required certification has lapsed or is suspended.';
COMMENT ON DOMAIN public.status_reason IS 'Code of why a status changed. Codes only, so that no health data can reach the history.';
COMMENT ON TYPE public.mentor_transition IS 'Result of a call that can change a status; history_id is NULL where nothing moved.';

CREATE TABLE IF NOT EXISTS public.peer_mentor_status (
	id                   uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	mentor_id            uuid NOT NULL UNIQUE REFERENCES public.peer_mentors (id) ON DELETE CASCADE,
	chapter_id           uuid,
	status               public.mentor_status NOT NULL DEFAULT 'active',
	pause_reason         public.status_reason,
	expected_return_date date,
	activated_by         uuid,
	version              bigint NOT NULL DEFAULT 1 CHECK (version > 0),
	organisation_id      uuid,
	next_expires_on      date,
	roster_name          text NOT NULL DEFAULT '',
	on_roster            boolean NOT NULL DEFAULT true,
	created_at           timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at           timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT peer_mentor_status_pause_check CHECK (status = 'paused' OR (pause_reason IS NULL AND expected_return_date IS NULL))
);
COMMENT ON TABLE public.peer_mentor_status IS
	'Present status, one row per mentor. Written by the engine; the owner may UPDATE status and expected_return_date along an operator''s edge.';
COMMENT ON COLUMN public.peer_mentor_status.chapter_id IS 'Mirror of the live primary row of mentor_chapters.';
COMMENT ON COLUMN public.peer_mentor_status.pause_reason IS 'Who paused: self_pause, coordinator_manual_pause or direct_update; NULL unless paused.';
COMMENT ON COLUMN public.peer_mentor_status.activated_by IS 'User who made the last change; NULL where no user did, or the user is gone.';
COMMENT ON COLUMN public.peer_mentor_status.version IS 'Number of history rows. Pass it back as expected_version to detect a change in between.';
COMMENT ON COLUMN public.peer_mentor_status.organisation_id IS 'Mirror of the mentor''s, for the order of the roster.';
COMMENT ON COLUMN public.peer_mentor_status.next_expires_on IS 'Mirror for the order of the roster: the nearest expires_at of the mentor''s active certifications.';
COMMENT ON COLUMN public.peer_mentor_status.roster_name IS 'Mirror for the order of the roster: the first 100 characters of display_name.';
COMMENT ON COLUMN public.peer_mentor_status.on_roster IS 'Mirror for the roster: the mentor is not removed.';
-- The two orders of coordinator_roster(), whose expression this is: expired_cert by name, others by the day on
-- which something falls due.
CREATE INDEX IF NOT EXISTS peer_mentor_status_chapter_id_status_idx
	ON public.peer_mentor_status (chapter_id, status, on_roster,
	(CASE WHEN status = 'expired_cert' THEN '0001-01-01'::date ELSE COALESCE(LEAST(expected_return_date, next_expires_on), 'infinity'::date) END),
	roster_name, mentor_id);
CREATE INDEX IF NOT EXISTS peer_mentor_status_roster_idx
	ON public.peer_mentor_status (organisation_id, status,
	(CASE WHEN status = 'expired_cert' THEN '0001-01-01'::date ELSE COALESCE(LEAST(expected_return_date, next_expires_on), 'infinity'::date) END),
	roster_name, mentor_id) WHERE on_roster;
CREATE INDEX IF NOT EXISTS peer_mentor_status_activated_by_idx ON public.peer_mentor_status (activated_by) WHERE activated_by IS NOT NULL;

CREATE TABLE IF NOT EXISTS public.peer_mentor_status_history (
	id              uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	mentor_id       uuid NOT NULL REFERENCES public.peer_mentors (id) ON DELETE CASCADE,
	previous_status public.mentor_status,
	new_status      public.mentor_status NOT NULL,
	changed_by      uuid,
	actor_kind      text NOT NULL CHECK (actor_kind IN ('mentor', 'coordinator', 'chapter_admin', 'org_admin', 'service', 'operator', 'system')),
	changed_at      timestamptz NOT NULL,
	effective_on    date NOT NULL,
	reason          public.status_reason NOT NULL,
	job_run_id      uuid,
	chapter_id      uuid,
	version         bigint NOT NULL CHECK (version > 0),
	UNIQUE (mentor_id, version)
);
COMMENT ON TABLE public.peer_mentor_status_history IS
	'Every status a mentor ever had, append-only: a gapless chain of versions. Removed only with the mentor, which is erasure.';
COMMENT ON COLUMN public.peer_mentor_status_history.previous_status IS 'NULL for the first record of a mentor.';
COMMENT ON COLUMN public.peer_mentor_status_history.changed_by IS
	'User who made the change. NULL with actor_kind system = automated; NULL with another kind = no login, or the user is gone.';
COMMENT ON COLUMN public.peer_mentor_status_history.changed_at IS 'The clock when the row was locked, never as_of.';
COMMENT ON COLUMN public.peer_mentor_status_history.effective_on IS
	'Local day of the organisation from which the status holds: for an expiry the day after the last valid day and grace.';
COMMENT ON COLUMN public.peer_mentor_status_history.job_run_id IS 'job_runs.id of the nightly run that made the change.';
COMMENT ON COLUMN public.peer_mentor_status_history.chapter_id IS 'Primary chapter at that moment.';
CREATE INDEX IF NOT EXISTS peer_mentor_status_history_mentor_id_changed_at_idx
	ON public.peer_mentor_status_history (mentor_id, changed_at DESC);
CREATE INDEX IF NOT EXISTS peer_mentor_status_history_job_run_id_idx
	ON public.peer_mentor_status_history (job_run_id) WHERE job_run_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS peer_mentor_status_history_changed_by_idx
	ON public.peer_mentor_status_history (changed_by) WHERE changed_by IS NOT NULL;

CREATE TABLE IF NOT EXISTS public.pause_records (
	id                   uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	mentor_id            uuid NOT NULL REFERENCES public.peer_mentors (id) ON DELETE CASCADE,
	status               public.mentor_status NOT NULL,
	pause_reason         public.status_reason NOT NULL,
	expected_return_date date,
	paused_at            timestamptz NOT NULL,
	reactivated_at       timestamptz,
	ended_by             text CHECK (ended_by IN ('reactivated', 'interrupted', 'cancelled', 'renewed')),
	coordinator_id       uuid,
	resumes_pause_id     uuid,
	overdue_told_on      date,
	created_at           timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at           timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT pause_records_ended_check
		CHECK ((status = 'active') = (reactivated_at IS NOT NULL) AND (status = 'active') = (ended_by IS NOT NULL))
);
COMMENT ON TABLE public.pause_records IS
	'Pauses and lapses. At most one live record per mentor, with the mentor''s status; an ended one stays, with status active.';
COMMENT ON COLUMN public.pause_records.ended_by IS
	'reactivated, interrupted (a certification lapsed during the pause, which is held), cancelled (the held pause was given up), renewed.';
COMMENT ON COLUMN public.pause_records.reactivated_at IS 'When it ended: of an interrupted pause exactly changed_at of the expiry that holds it.';
COMMENT ON COLUMN public.pause_records.coordinator_id IS 'User who last handled the pause.';
COMMENT ON COLUMN public.pause_records.resumes_pause_id IS 'The interrupted pause that this one resumes.';
COMMENT ON COLUMN public.pause_records.overdue_told_on IS 'The return date of which it was told that it passed.';
CREATE UNIQUE INDEX IF NOT EXISTS pause_records_live_key ON public.pause_records (mentor_id) WHERE status IN ('paused', 'expired_cert');
CREATE INDEX IF NOT EXISTS pause_records_return_idx
	ON public.pause_records (expected_return_date, mentor_id) WHERE status = 'paused' AND expected_return_date IS NOT NULL;
CREATE INDEX IF NOT EXISTS pause_records_untold_idx
	ON public.pause_records (expected_return_date, mentor_id)
	WHERE status = 'paused' AND expected_return_date IS NOT NULL AND overdue_told_on IS DISTINCT FROM expected_return_date;
CREATE INDEX IF NOT EXISTS pause_records_mentor_id_reactivated_at_idx ON public.pause_records (mentor_id, reactivated_at DESC);
CREATE INDEX IF NOT EXISTS pause_records_coordinator_id_idx ON public.pause_records (coordinator_id) WHERE coordinator_id IS NOT NULL;

CREATE TABLE IF NOT EXISTS peer_mentor_private.mentor_reviews (
	mentor_id    uuid PRIMARY KEY REFERENCES public.peer_mentors (id) ON DELETE CASCADE,
	reason       public.status_reason NOT NULL DEFAULT 'requirement_changed',
	effective_on date,
	noted_at     timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE peer_mentor_private.mentor_reviews IS
	'Mentors whose status the next nightly run looks at again, though none of their certifications came due: imported terms, changed rules, restored mentors.';

DO $$
BEGIN
	PERFORM peer_mentor_private.make_user_key('peer_mentor_status', 'activated_by', 'SET NULL');
	PERFORM peer_mentor_private.make_user_key('peer_mentor_status_history', 'changed_by', 'SET NULL');
	PERFORM peer_mentor_private.make_user_key('pause_records', 'coordinator_id', 'SET NULL');
	DELETE FROM peer_mentor_private.made WHERE table_name IN ('peer_mentor_status', 'peer_mentor_status_history', 'pause_records');
END
$$;

CREATE OR REPLACE VIEW public.peer_mentor_status_log WITH (security_invoker = true) AS
	SELECT h.id, h.mentor_id, h.chapter_id, h.previous_status, h.new_status, h.changed_by, h.changed_at
	  FROM public.peer_mentor_status_history h;
COMMENT ON VIEW public.peer_mentor_status_log IS 'The history in short, under the reader''s own rights.';

ALTER TABLE public.peer_mentor_status ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.peer_mentor_status_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.pause_records ENABLE ROW LEVEL SECURITY;
ALTER TABLE peer_mentor_private.mentor_reviews ENABLE ROW LEVEL SECURITY;

SELECT peer_mentor_private.record_migration(20261120000200, 'status');
NOTIFY pgrst, 'reload schema';
