SELECT peer_mentor_private.refuse_loss(20261120000602);

DROP FUNCTION IF EXISTS
	peer_mentor_private.check_organisation(), peer_mentor_private.note_time_zone(), peer_mentor_private.note_rules(),
	peer_mentor_private.note_ladder(), peer_mentor_private.mirror_roster(), peer_mentor_private.keep_organisation(),
	peer_mentor_private.register_inserted(), peer_mentor_private.review_restored(), peer_mentor_private.follow_listing(),
	peer_mentor_private.follow_removal(), peer_mentor_private.follow_portal_sync(), peer_mentor_private.check_membership(),
	peer_mentor_private.mirror_primary(), peer_mentor_private.check_assignment(), peer_mentor_private.link_own_login();

DELETE FROM peer_mentor_private.migrations WHERE version = 20261120000602;
NOTIFY pgrst, 'reload schema';
