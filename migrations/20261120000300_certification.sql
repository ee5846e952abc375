-- Certification types, the certifications of a mentor, their renewals and reminders.

SELECT peer_mentor_private.refuse_foreign(20261120000300, ARRAY['certification_types', 'peer_mentor_certifications',
	'certification_renewal_events', 'certification_timeline', 'cert_expiry_reminders']);

CREATE TABLE IF NOT EXISTS public.certification_types (
	organisation_id     uuid NOT NULL REFERENCES public.organisations (id),
	code                text NOT NULL CHECK (code <> ''),
	name                text,
	valid_for           interval NOT NULL DEFAULT '2 years',
	renewal_mode        text NOT NULL DEFAULT 'from_expiry' CHECK (renewal_mode IN ('from_expiry', 'from_completion', 'fixed_day')),
	renewal_window_days integer CHECK (renewal_window_days BETWEEN 0 AND 36500),
	grace_days          integer NOT NULL DEFAULT 0 CHECK (grace_days BETWEEN 0 AND 3650),
	required            boolean NOT NULL DEFAULT true,
	rules_changed_at    timestamptz,
	PRIMARY KEY (organisation_id, code),
	CONSTRAINT certification_types_valid_for_check
		CHECK (valid_for >= interval '1 day' AND valid_for <= interval '100 years' AND valid_for = pg_catalog.date_trunc('day', valid_for)
		       AND pg_catalog.date_part('year', valid_for) >= 0 AND pg_catalog.date_part('month', valid_for) >= 0
		       AND pg_catalog.date_part('day', valid_for) >= 0)
);
COMMENT ON TABLE public.certification_types IS 'Kinds of certification of an organisation and their rules.';
COMMENT ON COLUMN public.certification_types.valid_for IS 'Length of one term, in whole days.';
COMMENT ON COLUMN public.certification_types.renewal_mode IS
	'from_expiry: the new term starts when the old one ends, from completion when overdue; from_completion; fixed_day: whole periods from the day of issue, or from the last expiry that was given, so a month end does not drift.';
COMMENT ON COLUMN public.certification_types.renewal_window_days IS 'Days before the last valid day from which a renewal is accepted; NULL = at any time.';
COMMENT ON COLUMN public.certification_types.grace_days IS 'Days after the last valid day that still count as valid.';
COMMENT ON COLUMN public.certification_types.required IS 'Does a lapsed or suspended certification of this kind keep its holder from being active?';
COMMENT ON COLUMN public.certification_types.rules_changed_at IS 'Set when grace_days or required change; the nightly run applies the change to all holders and clears it.';
CREATE INDEX IF NOT EXISTS certification_types_rules_changed_at_idx
	ON public.certification_types (rules_changed_at) WHERE rules_changed_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS public.peer_mentor_certifications (
	id                 uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	peer_mentor_id     uuid NOT NULL REFERENCES public.peer_mentors (id) ON DELETE CASCADE,
	organisation_id    uuid NOT NULL,
	certification_type text NOT NULL,
	issued_at          date NOT NULL,
	expires_at         date NOT NULL,
	anchor_on          date NOT NULL,
	status             text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'expired', 'suspended')),
	renewal_history    jsonb NOT NULL DEFAULT '[]',
	created_at         timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at         timestamptz NOT NULL DEFAULT pg_catalog.now(),
	UNIQUE (peer_mentor_id, certification_type),
	FOREIGN KEY (organisation_id, certification_type) REFERENCES public.certification_types (organisation_id, code),
	CONSTRAINT peer_mentor_certifications_dates_check CHECK (expires_at >= issued_at),
	CONSTRAINT peer_mentor_certifications_renewal_history_check CHECK (
		pg_catalog.jsonb_typeof(renewal_history) = 'array'
		AND pg_catalog.jsonb_array_length(renewal_history) <= 500
		AND pg_catalog.jsonb_array_length(renewal_history) = pg_catalog.jsonb_array_length(
			pg_catalog.jsonb_path_query_array(renewal_history, 'strict $[*] ? (
				@.schema_version == 1
				&& (@.event == "issued" || @.event == "renewed" || @.event == "expired" || @.event == "suspended"
				    || @.event == "reinstated" || @.event == "corrected" || @.event == "restored")
				&& @.at.type() == "string" && @.issued_at.type() == "string" && @.expires_at.type() == "string"
				&& (@.actor_kind == "mentor" || @.actor_kind == "coordinator" || @.actor_kind == "chapter_admin"
				    || @.actor_kind == "org_admin" || @.actor_kind == "service" || @.actor_kind == "operator"
				    || @.actor_kind == "system")
				&& (@.job_run_id.type() == "string" || @.job_run_id.type() == "null"))')))
);
COMMENT ON TABLE public.peer_mentor_certifications IS
	'Certifications held. A required one that has lapsed or is suspended blocks its holder; decisions use the dates, not only the stored status.';
COMMENT ON COLUMN public.peer_mentor_certifications.issued_at IS 'Day on which the present term was issued.';
COMMENT ON COLUMN public.peer_mentor_certifications.expires_at IS 'Last valid day, in the time zone of the organisation. Due from the day after it and the days of grace.';
COMMENT ON COLUMN public.peer_mentor_certifications.anchor_on IS 'Day to which renewal mode fixed_day adds whole periods: the last expires_at that was given or imported, else the day of issue.';
COMMENT ON COLUMN public.peer_mentor_certifications.renewal_history IS
	'Array of entries, oldest first, at most 500: {"schema_version": 1, "event": issued | renewed | expired | suspended | reinstated | corrected | restored, "at": timestamp, "issued_at": date, "expires_at": date, "actor_kind": text, "job_run_id": uuid or null}. At 500 the oldest move to certification_renewal_events.';
CREATE INDEX IF NOT EXISTS peer_mentor_certifications_due_idx
	ON public.peer_mentor_certifications (expires_at, peer_mentor_id) WHERE status = 'active';
CREATE INDEX IF NOT EXISTS peer_mentor_certifications_expired_idx
	ON public.peer_mentor_certifications (expires_at, peer_mentor_id) WHERE status = 'expired';
CREATE INDEX IF NOT EXISTS peer_mentor_certifications_organisation_id_type_idx
	ON public.peer_mentor_certifications (organisation_id, certification_type, peer_mentor_id);

CREATE TABLE IF NOT EXISTS public.certification_renewal_events (
	id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	certification_id uuid NOT NULL REFERENCES public.peer_mentor_certifications (id) ON DELETE CASCADE,
	schema_version   integer NOT NULL,
	event            text NOT NULL,
	at               timestamptz NOT NULL,
	issued_at        date NOT NULL,
	expires_at       date NOT NULL,
	actor_kind       text NOT NULL,
	job_run_id       uuid
);
COMMENT ON TABLE public.certification_renewal_events IS 'Entries of renewal_history that no longer fitted the 500 of the certification itself, in their order.';
CREATE INDEX IF NOT EXISTS certification_renewal_events_certification_id_idx
	ON public.certification_renewal_events (certification_id, id);

CREATE OR REPLACE VIEW public.certification_timeline WITH (security_invoker = true) AS
	SELECT c.id AS certification_id, c.peer_mentor_id, c.certification_type, e.event, e.at, e.issued_at, e.expires_at,
	       e.actor_kind, e.job_run_id, pg_catalog.row_number() OVER (PARTITION BY c.peer_mentor_id, c.id ORDER BY e.part, e.position) AS position
	  FROM public.peer_mentor_certifications c
	 CROSS JOIN LATERAL (
		SELECT 1 AS part, r.id AS position, r.event, r.at, r.issued_at, r.expires_at, r.actor_kind, r.job_run_id
		  FROM public.certification_renewal_events r
		 WHERE r.certification_id = c.id
		UNION ALL
		SELECT 2, j.position, j.entry ->> 'event', (j.entry ->> 'at')::timestamptz, (j.entry ->> 'issued_at')::date,
		       (j.entry ->> 'expires_at')::date, j.entry ->> 'actor_kind', (j.entry ->> 'job_run_id')::uuid
		  FROM pg_catalog.jsonb_array_elements(c.renewal_history) WITH ORDINALITY AS j (entry, position)
	 ) e;
COMMENT ON VIEW public.certification_timeline IS 'Everything that happened to a certification, moved entries and present ones as one, under the reader''s own rights.';

CREATE TABLE IF NOT EXISTS public.cert_expiry_reminders (
	id                 uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	mentor_id          uuid NOT NULL REFERENCES public.peer_mentors (id) ON DELETE CASCADE,
	certification_type text NOT NULL,
	expiry_date        date NOT NULL,
	reminders_sent     integer[] NOT NULL DEFAULT '{}',
	rungs_pending      integer[],
	next_on            date,
	last_reminder_at   timestamptz,
	created_at         timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at         timestamptz NOT NULL DEFAULT pg_catalog.now(),
	UNIQUE (mentor_id, certification_type)
);
COMMENT ON TABLE public.cert_expiry_reminders IS 'Reminders sent for the present expiry date of a certification. A renewal re-arms the ladder.';
COMMENT ON COLUMN public.cert_expiry_reminders.reminders_sent IS 'Rungs of organisations.reminder_days that were sent for this expiry date.';
COMMENT ON COLUMN public.cert_expiry_reminders.rungs_pending IS 'Rungs still to come; NULL before the nightly run first looked at this expiry date.';
COMMENT ON COLUMN public.cert_expiry_reminders.next_on IS 'Day on which the nightly run looks again; NULL where nothing is to come, as while the certification is suspended.';
CREATE INDEX IF NOT EXISTS cert_expiry_reminders_expiry_date_idx ON public.cert_expiry_reminders (expiry_date);
CREATE INDEX IF NOT EXISTS cert_expiry_reminders_next_on_idx
	ON public.cert_expiry_reminders (next_on, mentor_id) WHERE next_on IS NOT NULL;

CREATE TABLE IF NOT EXISTS peer_mentor_private.ladder_changes (
	organisation_id uuid PRIMARY KEY REFERENCES public.organisations (id) ON DELETE CASCADE,
	changed_at      timestamptz NOT NULL
);
COMMENT ON TABLE peer_mentor_private.ladder_changes IS
	'Organisations whose reminder ladder changed; the next nightly run looks at all their reminders and forgets this.';
ALTER TABLE peer_mentor_private.ladder_changes ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.certification_types ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.peer_mentor_certifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.certification_renewal_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.cert_expiry_reminders ENABLE ROW LEVEL SECURITY;

SELECT peer_mentor_private.record_migration(20261120000300, 'certification');
NOTIFY pgrst, 'reload schema';
