SELECT peer_mentor_private.refuse_loss(20261120000400);

DROP TABLE IF EXISTS public.undeliverable_notifications, public.outbox_deliveries, public.outbox_events, peer_mentor_private.portal_mentors;

DELETE FROM peer_mentor_private.migrations WHERE version = 20261120000400;
NOTIFY pgrst, 'reload schema';
