SELECT peer_mentor_private.refuse_loss(20261120000610);

DROP FUNCTION IF EXISTS
	peer_mentor_private.discrepancy_kinds(), peer_mentor_private.discrepancies(timestamptz, uuid[]), peer_mentor_private.broken_references(),
	peer_mentor_private.keep_findings(uuid[], timestamptz, boolean);

DELETE FROM peer_mentor_private.migrations WHERE version = 20261120000610;
NOTIFY pgrst, 'reload schema';
