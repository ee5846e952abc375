#!/bin/sh
# versions: all
# Nobody comes to more rights than they have through the engine: not the storage owner who plants code on the way of a
# superuser's calls, before or after a superuser restored a dump, nor anybody who gets hold of the extension's objects.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server
checks=$PM_ROOT/test/checks
pm_start plain

as() { # role command...
	(
		export PGUSER="$1"
		shift
		"$@"
	)
}

# only the first line of an error matters
refusal() { # role database SQL
	as "$1" pm_psql "$2" -v VERBOSITY=sqlstate -o /dev/null -c 'SET client_min_messages = error' -c "$3" 2>&1 | sed -n 's/.*ERROR: *//p' | head -n 1
}

# keeper owns database and storage and has no other right; operator is a stranger with some of the server's
pm_psql postgres -c 'CREATE ROLE keeper LOGIN' -c 'CREATE ROLE anon' -c 'CREATE ROLE authenticated' -c 'CREATE ROLE service_role BYPASSRLS' \
	-c 'CREATE ROLE stranger LOGIN' -c 'CREATE ROLE manager LOGIN CREATEROLE CREATEDB BYPASSRLS IN ROLE keeper' || exit 1
powers() {
	pm_value postgres "SELECT string_agg(rolname || ' ' || concat_ws(' ', CASE WHEN rolsuper THEN 'superuser' END, CASE WHEN rolcreaterole THEN 'createrole' END,
		CASE WHEN rolcreatedb THEN 'createdb' END, CASE WHEN rolreplication THEN 'replication' END, CASE WHEN rolbypassrls THEN 'bypassrls' END), ', ' ORDER BY rolname)
		FROM pg_roles WHERE rolname !~ '^pg_'"
	pm_value postgres "SELECT string_agg(roleid::regrole || ' to ' || member::regrole, ', ' ORDER BY 1) FROM pg_auth_members WHERE roleid::regrole::text !~ '^pg_'"
}
before=$(powers)

populated() { # database
	pm_psql postgres -c "CREATE DATABASE $1 OWNER keeper" || exit 1
	as keeper pm_psql "$1" -f "$PM_ROOT/contrib/supabase_parts.sql" -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' \
		-f "$checks/populate.sql" -c "INSERT INTO register_import (batch, mentor_key, chapter, certification_type, issued_on, expires_on)
			SELECT 'evil', 'evil ' || n, 'evil', 'evil', '2020-01-01', '2021-01-01' FROM generate_series(1, 5) n" || exit 1
}

# ---- the engine's own objects

check_objects() { # database
	database=$1
	while read -r sql; do
		refused=$(refusal keeper $database "$sql")
		is "$database: the owner cannot: $sql" "$([ -n "$refused" ] && echo refused)" refused
	done <<-'EOF'
		CREATE FUNCTION peer_mentor.evil() RETURNS integer LANGUAGE sql AS 'SELECT 1'
		CREATE TABLE peer_mentor.evil (n integer)
		CREATE TYPE peer_mentor.evil AS ENUM ('x')
		CREATE OPERATOR peer_mentor.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = pg_catalog.uuid_eq)
		CREATE OR REPLACE FUNCTION peer_mentor.engine_writes() RETURNS boolean LANGUAGE sql AS 'SELECT true'
		CREATE OR REPLACE PROCEDURE peer_mentor.run_nightly(as_of timestamptz, batch_size integer) LANGUAGE sql AS ''
		DROP FUNCTION peer_mentor.refuse_write(text, text)
		ALTER FUNCTION peer_mentor.engine_writes() SECURITY DEFINER
		ALTER FUNCTION peer_mentor.engine_writes() SET search_path = evil
		ALTER FUNCTION peer_mentor.engine_writes() OWNER TO keeper
		ALTER FUNCTION peer_mentor.engine_writes() RENAME TO harmless
		ALTER PROCEDURE peer_mentor.run_nightly(timestamptz, integer) SECURITY DEFINER
		ALTER SCHEMA peer_mentor RENAME TO harmless
		ALTER SCHEMA peer_mentor OWNER TO keeper
		DROP SCHEMA peer_mentor CASCADE
		ALTER EXTENSION peer_mentor SET SCHEMA public
		CREATE FUNCTION public.lie() RETURNS boolean AS '$libdir/peer_mentor', 'peer_mentor_engine_writes' LANGUAGE C
		UPDATE pg_proc SET prosecdef = true WHERE proname = 'run_nightly'
	EOF
}

# ---- who may call what

check_rights() { # database
	database=$1
	is "$database: nothing for PUBLIC" "$(pm_value $database "
		SELECT string_agg(p.oid::regprocedure::text, ', ') FROM pg_proc p LEFT JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a ON true
		 WHERE p.pronamespace IN ('peer_mentor'::regnamespace, 'peer_mentor_private'::regnamespace) AND a.grantee = 0")" ''
	executable() { # role condition
		pm_value $database "
			SELECT string_agg(p.proname, ' ' ORDER BY p.proname) FROM pg_proc p
			 WHERE p.pronamespace = 'peer_mentor'::regnamespace AND has_function_privilege('$1', p.oid, 'EXECUTE') AND $2"
	}
	guards="p.proname NOT IN ('engine_writes', 'refuse_write', 'check_direct_update')"
	wrapped="NOT EXISTS (SELECT FROM pg_proc w WHERE w.pronamespace = 'public'::regnamespace AND w.proname = p.proname)"
	# what changes nothing and is asked by views and public functions
	reference="p.proname NOT IN ('status_transitions', 'status_diagram', 'cron_launcher_running', 'require_visible')"
	is "$database: a stranger may execute nothing" "$(executable stranger true)" ''
	is "$database: anon nothing but what the guards ask" "$(executable anon "$guards")" ''
	for role in authenticated service_role; do
		is "$database: $role besides that only what has a public function" "$(executable $role "$guards AND $wrapped AND $reference")" ''
	done
	for role in stranger service_role authenticated anon; do
		for call in 'CALL peer_mentor.run_nightly()' 'SELECT peer_mentor.migrate()' 'SELECT peer_mentor.grant_access()' \
			"SELECT peer_mentor.import_register(md5('organisation 1')::uuid)" \
			"SELECT peer_mentor.trace_direct_update(md5('mentor 21')::uuid, 'active', 'paused', 1, 2, NULL)"; do
			is "$database: $role cannot: $call" "$(pm_psql $database -v VERBOSITY=sqlstate -c "SET SESSION AUTHORIZATION $role" \
				-c "SELECT set_config('request.jwt.claims', '{\"role\": \"service_role\", \"sub\": \"$(pm_value $database "SELECT md5('user 1')::uuid")\"}', false)" \
				-c "$call" 2>&1 | sed -n 's/.*ERROR: *//p')" 42501
		done
	done
}

# ---- traps on the way of those who may more

powerful_calls() { # name database
	for caller in postgres manager keeper; do
		as $caller "$PM_BIN/psql" -X -d "$2" -f "$checks/engine_calls.sql" >/dev/null 2>&1
	done
	for down in 'target => 5' 'target => 0' 'target => 0, force => true'; do
		"$PM_BIN/psql" -X -d "$2" -c "SELECT peer_mentor.migrate($down)" >/dev/null 2>&1
	done
	is "$1: nobody has more rights than before" "$(powers)" "$before"
	is "$1: no code of the owner ran with more than the owner's" \
		"$(pm_value "$2" "SELECT who, session, by_what, count(*) FROM evil.seen WHERE who <> 'keeper' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")" ''
	is "$1: though the traps were sprung" "$(pm_value "$2" "
		SELECT count(*) > 100, bool_or(session = 'postgres'), bool_or(session = 'manager'), bool_or(by_what LIKE 'deferred%'), bool_or(by_what LIKE '%trigger of peer_mentor_status')
		  FROM evil.seen")" 't|t|t|t|t'
	is "$1: no call crashed the server" "$(grep -c 'was terminated by signal' "$(pm_log plain)")" 0
	pm_psql postgres -c 'ALTER ROLE keeper NOSUPERUSER' -c 'ALTER ROLE keeper RESET search_path'
}

# ---- as installed, and as restored by a superuser

populated here
"$PM_BIN/pg_dump" -Fc -d here -f "$PM_RUN/clean"
check_objects here
check_rights here
is 'a stranger cannot pass on what they have not' "$(as stranger pm_psql here -c 'GRANT CREATE ON SCHEMA peer_mentor TO stranger' 2>/dev/null
	pm_value here "SELECT has_schema_privilege('stranger', 'peer_mentor', 'CREATE')")" f

# A function of the module's catalogue entry is all that C code needs to be called, by a trigger for instance.
is 'the engine is no trigger function' "$(pm_value here "
	SELECT count(*) FROM pg_proc WHERE pronamespace = 'peer_mentor'::regnamespace AND (prorettype = 'trigger'::regtype OR prosecdef)")" 0
as keeper pm_psql here -o /dev/null -f "$checks/evil.sql" || exit 1
powerful_calls 'as installed' here

# the traps come after the restore, when everything the superuser made is theirs
pm_psql postgres -c 'CREATE DATABASE restored OWNER keeper'
is 'restore without an error' "$("$PM_BIN/pg_restore" -d restored "$PM_RUN/clean" 2>&1)" ''
is 'the engine belongs to the superuser now' "$(pm_value restored "SELECT extowner::regrole FROM pg_extension WHERE extname = 'peer_mentor'")" postgres
check_objects restored
check_rights restored
as keeper pm_psql restored -o /dev/null -f "$checks/evil.sql" || exit 1
powerful_calls 'restored by a superuser' restored

# ---- CREATE EXTENSION: its script runs as a superuser

pm_psql postgres -c 'CREATE DATABASE planted OWNER keeper'
is 'a schema planted first is refused' "$(refusal keeper planted 'CREATE SCHEMA peer_mentor; CREATE EXTENSION peer_mentor')" 42P06
as keeper pm_psql planted -o /dev/null \
	-c "CREATE FUNCTION public.escalate() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN ALTER ROLE keeper SUPERUSER; RETURN true; EXCEPTION WHEN OTHERS THEN RETURN true; END'" \
	-c "CREATE FUNCTION public.format(text, regprocedure) RETURNS text LANGUAGE sql AS 'SELECT public.escalate()::text'" \
	-c "CREATE FUNCTION public.same(oid, oid) RETURNS boolean LANGUAGE sql AS 'SELECT public.escalate()'" \
	-c 'CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = public.same)' \
	-c 'CREATE TEMPORARY VIEW pg_proc AS SELECT p.* FROM pg_catalog.pg_proc p WHERE public.escalate()' \
	-c 'CREATE TEMPORARY VIEW pg_extension AS SELECT p.* FROM pg_catalog.pg_extension p WHERE public.escalate()' \
	-c 'SET search_path = pg_temp, public, pg_catalog' -c 'CREATE EXTENSION peer_mentor'
is 'names planted for the script are not found' "$(powers)" "$before"
pm_psql planted -o /dev/null -c 'DROP EXTENSION peer_mentor'
for name in 'keeper, PUBLIC' 'keeper"; ALTER ROLE keeper SUPERUSER; --' 'PUBLIC'; do
	quoted=$(pm_value postgres "SELECT quote_ident(\$name\$$name\$name\$)")
	pm_psql postgres -c "CREATE ROLE $quoted LOGIN" -c "GRANT CREATE ON DATABASE planted TO $quoted"
	as "$name" pm_psql planted -c 'CREATE EXTENSION peer_mentor' 2>&1 | sed 's/^/# /'
	is "an extension owner called $name gives nobody anything" "$(pm_value planted "
		SELECT count(*) FROM pg_proc p, aclexplode(p.proacl) a WHERE p.pronamespace = to_regnamespace('peer_mentor') AND a.grantee = 0")" 0
	pm_psql planted -c 'DROP EXTENSION IF EXISTS peer_mentor CASCADE' 2>/dev/null
	pm_psql planted -c "DROP OWNED BY $quoted" -c "DROP ROLE $quoted"
done
is 'and nobody has more rights than before' "$(powers)" "$before"
done_testing
