SELECT peer_mentor_private.refuse_loss(20261120000600);

DROP FUNCTION IF EXISTS
	peer_mentor_private.guard_truncate(), peer_mentor_private.guard_row(), peer_mentor_private.guard_status(),
	peer_mentor_private.trace_status(), peer_mentor_private.touch(),
	peer_mentor_private.with_renewal_entry(uuid, jsonb, text, timestamptz, date, date, text, uuid);

DELETE FROM peer_mentor_private.migrations WHERE version = 20261120000600;
NOTIFY pgrst, 'reload schema';
