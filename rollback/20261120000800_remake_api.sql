SELECT peer_mentor_private.refuse_loss(20261120000800);

DROP FUNCTION IF EXISTS public.pause_mentor(uuid, date, bigint, text);
DROP FUNCTION IF EXISTS public.reactivate_mentor(uuid, bigint, text);
DROP FUNCTION IF EXISTS public.set_return_date(uuid, date, bigint);
DROP FUNCTION IF EXISTS public.register_mentor(uuid, uuid, uuid[], text, uuid, text);
DROP FUNCTION IF EXISTS public.record_certification(uuid, text, date, date, text);
DROP FUNCTION IF EXISTS public.renew_certification(uuid, text, date, date, date, text);
DROP FUNCTION IF EXISTS public.suspend_certification(uuid, text);
DROP FUNCTION IF EXISTS public.reinstate_certification(uuid, text);

DELETE FROM peer_mentor_private.migrations WHERE version = 20261120000800;
NOTIFY pgrst, 'reload schema';
