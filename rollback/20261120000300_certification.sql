SELECT peer_mentor_private.refuse_loss(20261120000300);

DROP VIEW IF EXISTS public.certification_timeline;
DROP TABLE IF EXISTS peer_mentor_private.ladder_changes, public.cert_expiry_reminders, public.certification_renewal_events, public.peer_mentor_certifications,
	public.certification_types;

DELETE FROM peer_mentor_private.migrations WHERE version = 20261120000300;
NOTIFY pgrst, 'reload schema';
