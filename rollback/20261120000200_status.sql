SELECT peer_mentor_private.refuse_loss(20261120000200);

DROP VIEW IF EXISTS public.peer_mentor_status_log;
DROP TABLE IF EXISTS peer_mentor_private.mentor_reviews, public.pause_records, public.peer_mentor_status_history, public.peer_mentor_status;
DROP TYPE IF EXISTS public.mentor_transition;
DROP DOMAIN IF EXISTS public.status_reason;
DROP TYPE IF EXISTS public.mentor_status;

DELETE FROM peer_mentor_private.migrations WHERE version = 20261120000200;
NOTIFY pgrst, 'reload schema';
