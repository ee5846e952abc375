SELECT peer_mentor_private.refuse_loss(20261120000604);

DROP FUNCTION IF EXISTS
	peer_mentor_private.missing_protection(), peer_mentor_private.grants(), peer_mentor_private.policies(),
	peer_mentor_private.own_relations(), peer_mentor_private.triggers(), peer_mentor_private.engine_tables();

DELETE FROM peer_mentor_private.migrations WHERE version = 20261120000604;
NOTIFY pgrst, 'reload schema';
