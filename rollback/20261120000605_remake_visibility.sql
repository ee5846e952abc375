SELECT peer_mentor_private.refuse_loss(20261120000605);

DROP VIEW IF EXISTS public.job_health, public.job_progress, public.public_mentor_listing;
DROP FUNCTION IF EXISTS
	peer_mentor_private.cron_launcher_running(), peer_mentor_private.listing(),
	peer_mentor_private.visible_mentors(), peer_mentor_private.member_organisations(),
	peer_mentor_private.administered_organisations(), peer_mentor_private.administered_chapters();

DELETE FROM peer_mentor_private.migrations WHERE version = 20261120000605;
NOTIFY pgrst, 'reload schema';
