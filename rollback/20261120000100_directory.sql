SELECT peer_mentor_private.refuse_loss(20261120000100);

-- In reverse, so that what depends goes first; the team's own tables stay, without what was added to them.
DO $$
DECLARE
	m record;
BEGIN
	FOR m IN SELECT * FROM peer_mentor_private.made ORDER BY seq DESC LOOP
		IF m.kind NOT IN ('table', 'constraint') AND peer_mentor_private.made_table(m.table_name) THEN
			CONTINUE;
		END IF;
		CASE m.kind
			WHEN 'table' THEN EXECUTE pg_catalog.format('DROP TABLE public.%I', m.table_name);
			WHEN 'column' THEN EXECUTE pg_catalog.format('ALTER TABLE public.%I DROP COLUMN %I', m.table_name, m.name);
			WHEN 'constraint' THEN EXECUTE pg_catalog.format('ALTER TABLE public.%I DROP CONSTRAINT IF EXISTS %I', m.table_name, m.name);
			WHEN 'index' THEN EXECUTE pg_catalog.format('DROP INDEX IF EXISTS public.%I', m.name);
		END CASE;
	END LOOP;
END
$$;

DROP SCHEMA peer_mentor_private CASCADE;
NOTIFY pgrst, 'reload schema';
