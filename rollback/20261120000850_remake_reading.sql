SELECT peer_mentor_private.refuse_loss(20261120000850);

DROP FUNCTION IF EXISTS public.coordinator_roster(integer, text, public.mentor_status[], uuid, integer, boolean, text);

DELETE FROM peer_mentor_private.migrations WHERE version = 20261120000850;
NOTIFY pgrst, 'reload schema';
