-- Guards of the engine-written tables, and what keeps the directory consistent.  Every migrate() makes them again.

DO $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT * FROM peer_mentor_private.triggers() LOOP
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER %I %s', t.trigger_name,
			pg_catalog.format(t.definition, pg_catalog.format('public.%I', t.table_name)));
		EXECUTE pg_catalog.format('ALTER TABLE public.%I ENABLE TRIGGER %I', t.table_name, t.trigger_name);
	END LOOP;
END
$$;

SELECT peer_mentor_private.record_migration(20261120000700, 'remake_triggers');
