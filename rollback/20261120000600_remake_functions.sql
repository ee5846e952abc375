SELECT peer_mentor_private.refuse_loss(20261120000600);

DROP VIEW IF EXISTS public.job_health, public.job_progress, public.public_mentor_listing;
DROP FUNCTION IF EXISTS
	peer_mentor_private.guard_truncate(), peer_mentor_private.guard_row(), peer_mentor_private.guard_status(),
	peer_mentor_private.trace_status(), peer_mentor_private.touch(),
	peer_mentor_private.with_renewal_entry(uuid, jsonb, text, timestamptz, date, date, text, uuid),
	peer_mentor_private.check_organisation(), peer_mentor_private.note_time_zone(), peer_mentor_private.note_rules(),
	peer_mentor_private.note_ladder(), peer_mentor_private.mirror_roster(),
	peer_mentor_private.keep_organisation(), peer_mentor_private.register_inserted(), peer_mentor_private.review_restored(),
	peer_mentor_private.follow_listing(), peer_mentor_private.follow_removal(), peer_mentor_private.follow_portal_sync(),
	peer_mentor_private.check_membership(), peer_mentor_private.mirror_primary(), peer_mentor_private.check_assignment(),
	peer_mentor_private.missing_protection(), peer_mentor_private.cron_launcher_running(), peer_mentor_private.listing(), peer_mentor_private.visible_mentors(), peer_mentor_private.member_organisations(),
	peer_mentor_private.administered_organisations(), peer_mentor_private.administered_chapters(), peer_mentor_private.triggers(), peer_mentor_private.engine_tables();

DELETE FROM peer_mentor_private.migrations WHERE version = 20261120000600;
NOTIFY pgrst, 'reload schema';
