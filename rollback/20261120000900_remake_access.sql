SELECT peer_mentor_private.refuse_loss(20261120000900);

-- Nobody gets back what was revoked: the objects go with the migrations that made them.

DELETE FROM peer_mentor_private.migrations WHERE version = 20261120000900;
NOTIFY pgrst, 'reload schema';
