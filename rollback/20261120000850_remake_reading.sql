SELECT peer_mentor_private.refuse_loss(20261120000850);

DROP FUNCTION IF EXISTS public.coordinator_roster(integer, text, public.mentor_status[], uuid, integer, boolean, text);
DROP FUNCTION IF EXISTS public.status_report(uuid, date, date);
DROP FUNCTION IF EXISTS public.freeze_report(uuid, date, date);
DROP FUNCTION IF EXISTS public.frozen_report(uuid);
DROP FUNCTION IF EXISTS peer_mentor_private.report_rows(uuid, date, date), peer_mentor_private.status_moves(uuid, uuid[], date, date),
	peer_mentor_private.status_days(uuid, uuid[], date, date), peer_mentor_private.certified_days(uuid, uuid[], date, date),
	peer_mentor_private.primary_chapters(uuid, uuid[]), peer_mentor_private.certification_terms(uuid);

DELETE FROM peer_mentor_private.migrations WHERE version = 20261120000850;
NOTIFY pgrst, 'reload schema';
