-- Events for the people and systems behind a status, written in the transaction of the change.

SELECT peer_mentor_private.refuse_foreign(20261120000400, ARRAY['outbox_events', 'outbox_deliveries', 'undeliverable_notifications']);

CREATE TABLE IF NOT EXISTS public.outbox_events (
	id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	event_id        uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid() UNIQUE,
	channel         text NOT NULL CHECK (channel IN ('notification', 'portal_sync')),
	event_type      text NOT NULL CHECK (event_type IN ('status_changed', 'certification_expired', 'certification_renewed',
	                    'reminder_due', 'return_overdue', 'mentor_hidden', 'mentor_shown', 'mentor_removed')),
	organisation_id uuid NOT NULL,
	mentor_id       uuid NOT NULL,
	dedupe_key      text NOT NULL,
	payload         jsonb NOT NULL CHECK (pg_catalog.jsonb_typeof(payload) = 'object' AND payload ? 'schema_version'),
	created_at      timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	available_at    timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	attempts        integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
	claim_token     uuid,
	leased_until    timestamptz,
	delivered_at    timestamptz,
	dead_at         timestamptz,
	last_error      text,
	UNIQUE (channel, dedupe_key)
);
COMMENT ON TABLE public.outbox_events IS
	'Transactional outbox. mentor_id has no foreign key, so that a removal can still be told after the mentor is erased.';
COMMENT ON COLUMN public.outbox_events.dedupe_key IS 'What the event is about; the same thing is never told twice on one channel.';
COMMENT ON COLUMN public.outbox_events.payload IS 'Versioned by schema_version; no names, no health data.';
CREATE INDEX IF NOT EXISTS outbox_events_undelivered_idx
	ON public.outbox_events (channel, id) WHERE delivered_at IS NULL AND dead_at IS NULL;
CREATE INDEX IF NOT EXISTS outbox_events_delivered_at_idx ON public.outbox_events (delivered_at) WHERE delivered_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS outbox_events_mentor_id_idx ON public.outbox_events (mentor_id, id);

CREATE TABLE IF NOT EXISTS public.outbox_deliveries (
	event_id     bigint NOT NULL REFERENCES public.outbox_events (id) ON DELETE CASCADE,
	recipient    uuid NOT NULL,
	role         text NOT NULL,
	delivered_at timestamptz,
	last_error   text,
	PRIMARY KEY (event_id, recipient)
);
COMMENT ON TABLE public.outbox_deliveries IS 'One row per recipient of an event, so that a retry never reaches anybody twice.';

CREATE TABLE IF NOT EXISTS public.undeliverable_notifications (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	event_id    bigint NOT NULL REFERENCES public.outbox_events (id) ON DELETE CASCADE,
	mentor_id   uuid NOT NULL,
	reason      text NOT NULL,
	created_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	resolved_at timestamptz,
	UNIQUE (event_id)
);
COMMENT ON TABLE public.undeliverable_notifications IS 'Notifications that nobody could be found for.';
CREATE INDEX IF NOT EXISTS undeliverable_notifications_open_idx
	ON public.undeliverable_notifications (mentor_id) WHERE resolved_at IS NULL;

ALTER TABLE public.outbox_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.outbox_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.undeliverable_notifications ENABLE ROW LEVEL SECURITY;

SELECT peer_mentor_private.record_migration(20261120000400, 'outbox');
NOTIFY pgrst, 'reload schema';
