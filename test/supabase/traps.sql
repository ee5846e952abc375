-- Names that a careless statement of ours would find before those of pg_catalog, in the first schema of search_path.  Each
-- says TRAPPED when it runs, and answers wrongly.
CREATE FUNCTION trapped(what text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'TRAPPED % as %', what, current_user; END $$;
DO $make$
DECLARE
	t record;
	here text := current_schema();
BEGIN
	FOR t IN SELECT * FROM (VALUES
		('now()', 'timestamptz', '''2001-01-01'''), ('clock_timestamp()', 'timestamptz', '''2001-01-01'''),
		('gen_random_uuid()', 'uuid', 'NULL'), ('current_setting(text, boolean)', 'text', 'NULL'),
		('set_config(text, text, boolean)', 'text', 'NULL'),
		('to_jsonb(anyelement)', 'jsonb', 'NULL'), ('jsonb_build_object(text, text, text, text)', 'jsonb', 'NULL'),
		('jsonb_array_length(jsonb)', 'integer', '0'), ('jsonb_array_elements(jsonb)', 'jsonb', 'NULL'),
		('jsonb_agg(jsonb)', 'jsonb', 'NULL'), ('unnest(uuid[])', 'uuid', 'NULL'), ('count(text)', 'bigint', '0'),
		('array_remove(uuid[], uuid)', 'uuid[]', '''{}'''), ('sha256(bytea)', 'bytea', 'NULL'), ('convert_to(text, text)', 'bytea', 'NULL'),
		('encode(bytea, text)', 'text', 'NULL'), ('format(text, text)', 'text', 'NULL'), ('quote_ident(text)', 'text', 'NULL'),
		('pg_trigger_depth()', 'integer', '7'), ('to_regclass(text)', 'regclass', 'NULL'), ('timezone(text, timestamptz)', 'timestamp', 'NULL'),
		('uid()', 'uuid', 'NULL'), ('visible_mentors()', 'uuid', 'NULL')
	) v (signature, type, answer) LOOP
		EXECUTE format('CREATE FUNCTION %1$I.%2$s RETURNS %3$s LANGUAGE plpgsql AS $f$ BEGIN PERFORM %1$I.trapped(%2$L); RETURN %4$s; END $f$',
		               here, t.signature, t.type, t.answer);
	END LOOP;
	FOR t IN SELECT * FROM (VALUES
		('=', 'uuid', 'uuid', 'boolean', 'true'), ('<>', 'uuid', 'uuid', 'boolean', 'false'), ('=', 'text', 'text', 'boolean', 'true'),
		('<>', 'text', 'text', 'boolean', 'false'), ('=', 'bigint', 'bigint', 'boolean', 'true'), ('=', 'integer', 'integer', 'boolean', 'true'),
		('<', 'date', 'date', 'boolean', 'false'), ('<=', 'date', 'date', 'boolean', 'true'), ('>=', 'date', 'date', 'boolean', 'true'),
		('+', 'date', 'integer', 'date', 'NULL'), ('-', 'date', 'integer', 'date', 'NULL'), ('<', 'timestamptz', 'timestamptz', 'boolean', 'false'),
		('||', 'jsonb', 'jsonb', 'jsonb', 'NULL'), ('->>', 'jsonb', 'text', 'text', 'NULL'), ('->', 'jsonb', 'text', 'jsonb', 'NULL'),
		('-', 'jsonb', 'text', 'jsonb', 'NULL'), ('=', 'jsonb', 'jsonb', 'boolean', 'true'), ('<>', 'jsonb', 'jsonb', 'boolean', 'false'),
		('=', 'public.mentor_status', 'public.mentor_status', 'boolean', 'true'), ('=', 'text', 'public.mentor_status', 'boolean', 'true')
	) v (op, lhs, rhs, type, answer) LOOP
		EXECUTE format('CREATE FUNCTION %1$I.%2$I(%3$s, %4$s) RETURNS %5$s LANGUAGE plpgsql AS $f$ BEGIN PERFORM %1$I.trapped(%2$L); RETURN %6$s; END $f$',
		               here, 'op ' || t.op, t.lhs, t.rhs, t.type, t.answer);
		EXECUTE format('CREATE OPERATOR %1$I.%2$s (LEFTARG = %3$s, RIGHTARG = %4$s, FUNCTION = %1$I.%5$I)', here, t.op, t.lhs, t.rhs, 'op ' || t.op);
	END LOOP;
END
$make$;
CREATE DOMAIN uuid AS pg_catalog.text CHECK (false);
CREATE DOMAIN date AS pg_catalog.text CHECK (false);
CREATE DOMAIN jsonb AS pg_catalog.text CHECK (false);
CREATE TYPE mentor_transition AS (trap pg_catalog.text);
