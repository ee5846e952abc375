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
	actor_id        uuid,
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
COMMENT ON COLUMN public.outbox_events.actor_id IS
	'User who did what a certification event tells, and is not told of it; of a change of status the history knows. NULL where no user did, or the user is gone.';
COMMENT ON COLUMN public.outbox_events.dedupe_key IS 'What the event is about; the same thing is never told twice on one channel.';
COMMENT ON COLUMN public.outbox_events.payload IS 'Versioned by schema_version; no names, no health data.';
COMMENT ON COLUMN public.outbox_events.available_at IS 'Not claimed before: after a failure the moment of the next attempt.';
COMMENT ON COLUMN public.outbox_events.attempts IS 'How often it was claimed since it was written or replayed; a worker that died counts.';
COMMENT ON COLUMN public.outbox_events.claim_token IS 'Of the latest claim; complete_event() and fail_event() ask for it.';
COMMENT ON COLUMN public.outbox_events.leased_until IS 'Nobody else claims it before; NULL while nobody works on it.';
COMMENT ON COLUMN public.outbox_events.delivered_at IS
	'When nothing was left to deliver; last_error then says why nothing was delivered: superseded, undeliverable, nobody_to_tell.';
COMMENT ON COLUMN public.outbox_events.dead_at IS 'When it was given up, after 8 attempts or a permanent failure; replay_events() takes it up again.';
-- The claim goes through these in the order of available_at; leased ones stay where they are, so that a claim touches no index.
CREATE INDEX IF NOT EXISTS outbox_events_notification_idx
	ON public.outbox_events (available_at, id) WHERE channel = 'notification' AND delivered_at IS NULL AND dead_at IS NULL;
-- By organisation, since those that only queue are passed over.
CREATE INDEX IF NOT EXISTS outbox_events_portal_sync_idx
	ON public.outbox_events (organisation_id, available_at, id) WHERE channel = 'portal_sync' AND delivered_at IS NULL AND dead_at IS NULL;
-- The first one waiting of a mentor is found past those that were delivered.
CREATE INDEX IF NOT EXISTS outbox_events_waiting_idx
	ON public.outbox_events (mentor_id, channel, id) WHERE delivered_at IS NULL AND dead_at IS NULL;
CREATE INDEX IF NOT EXISTS outbox_events_delivered_at_idx ON public.outbox_events (delivered_at) WHERE delivered_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS outbox_events_removed_idx ON public.outbox_events (delivered_at) WHERE event_type = 'mentor_removed';
CREATE INDEX IF NOT EXISTS outbox_events_dead_at_idx ON public.outbox_events (dead_at) WHERE dead_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS outbox_events_mentor_id_idx ON public.outbox_events (mentor_id, id);
CREATE INDEX IF NOT EXISTS outbox_events_actor_id_idx ON public.outbox_events (actor_id) WHERE actor_id IS NOT NULL;

CREATE TABLE IF NOT EXISTS public.outbox_deliveries (
	event_id     bigint NOT NULL REFERENCES public.outbox_events (id) ON DELETE CASCADE,
	recipient    uuid NOT NULL,
	role         text NOT NULL,
	delivered_at timestamptz,
	dead_at      timestamptz,
	failed_in    integer,
	retry_at     timestamptz,
	last_error   text,
	PRIMARY KEY (event_id, recipient)
);
COMMENT ON TABLE public.outbox_deliveries IS
	'One row per recipient of an event, so that a retry never reaches anybody twice. Written when the event is claimed, and again at a retry for those it did not reach.';
COMMENT ON COLUMN public.outbox_deliveries.recipient IS 'User id.';
CREATE INDEX IF NOT EXISTS outbox_deliveries_recipient_idx ON public.outbox_deliveries (recipient);
COMMENT ON COLUMN public.outbox_deliveries.role IS 'As what they are told: mentor, coordinator, chapter_admin or org_admin.';
COMMENT ON COLUMN public.outbox_deliveries.dead_at IS 'When this delivery failed for good; the others of the event go on.';
COMMENT ON COLUMN public.outbox_deliveries.failed_in IS 'Attempt of the event in which this delivery last failed.';
COMMENT ON COLUMN public.outbox_deliveries.retry_at IS 'When the other side wants to be tried again, where it said so in that attempt.';

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
COMMENT ON COLUMN public.undeliverable_notifications.reason IS 'Code: no_recipient.';
CREATE INDEX IF NOT EXISTS undeliverable_notifications_open_idx
	ON public.undeliverable_notifications (mentor_id) WHERE resolved_at IS NULL;

-- No foreign key to the mentor: it would take the row away before the trigger that tells of the removal.
CREATE TABLE IF NOT EXISTS peer_mentor_private.portal_mentors (
	mentor_id       uuid PRIMARY KEY,
	organisation_id uuid NOT NULL REFERENCES public.organisations (id) ON DELETE CASCADE,
	state           text NOT NULL CHECK (state IN ('shown', 'hidden', 'removed'))
);
COMMENT ON TABLE peer_mentor_private.portal_mentors IS
	'What the newest portal event of a mentor says, so that none is written twice; mentors the portal never heard of have no row.';
CREATE INDEX IF NOT EXISTS portal_mentors_organisation_id_idx ON peer_mentor_private.portal_mentors (organisation_id);
ALTER TABLE peer_mentor_private.portal_mentors ENABLE ROW LEVEL SECURITY;

CREATE TABLE IF NOT EXISTS peer_mentor_private.outbox_workers (
	channel     text PRIMARY KEY,
	waits_since timestamptz NOT NULL
);
COMMENT ON TABLE peer_mentor_private.outbox_workers IS
	'When a worker of this channel last got less than it asked for, give or take a minute, and so may be waiting to be notified.';
ALTER TABLE peer_mentor_private.outbox_workers ENABLE ROW LEVEL SECURITY;

DO $$
BEGIN
	PERFORM peer_mentor_private.make_user_key('outbox_events', 'actor_id', 'SET NULL');
	PERFORM peer_mentor_private.make_user_key('outbox_deliveries', 'recipient', 'CASCADE');
	DELETE FROM peer_mentor_private.made WHERE table_name IN ('outbox_events', 'outbox_deliveries');
END
$$;

ALTER TABLE public.outbox_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.outbox_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.undeliverable_notifications ENABLE ROW LEVEL SECURITY;

SELECT peer_mentor_private.record_migration(20261120000400, 'outbox');
NOTIFY pgrst, 'reload schema';
