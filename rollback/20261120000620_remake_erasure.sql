SELECT peer_mentor_private.refuse_loss(20261120000620);

DROP FUNCTION IF EXISTS
	peer_mentor_private.erase_deleted(), peer_mentor_private.erase_left(uuid), peer_mentor_private.erase_loose(uuid, text),
	peer_mentor_private.rows_of(uuid, text), peer_mentor_private.keep_anonymous(uuid, uuid, timestamptz),
	peer_mentor_private.mentor_spans(uuid, uuid, date);

DELETE FROM peer_mentor_private.migrations WHERE version = 20261120000620;
NOTIFY pgrst, 'reload schema';
