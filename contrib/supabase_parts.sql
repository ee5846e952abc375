-- The parts of Supabase that peer_mentor relies on, for plain PostgreSQL.  Run it once in the database, as
-- its owner; making the roles needs CREATEROLE, or a superuser who makes them first.  It changes nothing
-- that is there already.
--
--   psql -d mydb -f supabase_parts.sql

DO $$
DECLARE
	r text;
BEGIN
	FOREACH r IN ARRAY ARRAY['anon', 'authenticated', 'service_role'] LOOP
		IF pg_catalog.to_regrole(r) IS NULL THEN
			BEGIN
				EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', r);
			EXCEPTION WHEN duplicate_object OR unique_violation THEN
				NULL; -- somebody was faster
			END;
		END IF;
	END LOOP;

	IF pg_catalog.to_regnamespace('auth') IS NULL THEN
		CREATE SCHEMA auth;
		COMMENT ON SCHEMA auth IS 'Logins. Stands in for Supabase''s schema of the same name.';
	END IF;
	GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role;

	IF pg_catalog.to_regclass('auth.users') IS NULL THEN
		CREATE TABLE auth.users (id uuid PRIMARY KEY);
		COMMENT ON TABLE auth.users IS 'One row per login; keep it in step with whatever issues the tokens.';
		ALTER TABLE auth.users ENABLE ROW LEVEL SECURITY;
	END IF;

	IF pg_catalog.to_regprocedure('auth.uid()') IS NULL THEN
		CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
			AS $f$ SELECT (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $f$;
		COMMENT ON FUNCTION auth.uid() IS 'The login that the verified token of this request names; NULL outside a request.';
	END IF;
	IF pg_catalog.to_regprocedure('auth.role()') IS NULL THEN
		CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
			AS $f$ SELECT nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role' $f$;
		COMMENT ON FUNCTION auth.role() IS 'The role that the verified token of this request names.';
	END IF;
	IF pg_catalog.to_regprocedure('auth.jwt()') IS NULL THEN
		CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
			AS $f$ SELECT nullif(current_setting('request.jwt.claims', true), '')::jsonb $f$;
		COMMENT ON FUNCTION auth.jwt() IS 'The verified claims of this request.';
	END IF;
END
$$;
