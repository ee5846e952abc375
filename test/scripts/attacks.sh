#!/bin/sh
# versions: all
# What a hostile caller, and a hostile owner of some schema, may try on the public functions: names that shadow ours, false
# claims, roles and settings of the session, hostile texts, locked rows.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server
world=$PM_ROOT/test/supabase
pm_start attacks supabase_admin
PGOPTIONS='-c client_min_messages=warning' pm_psql postgres -o /dev/null -f "$PM_ROOT/test/fixtures/mock_supabase.sql" || exit 1

as() { # role command...
	(
		PGUSER=$1
		shift
		"$@"
	)
}

as postgres pm_psql postgres -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' -f "$world/world.sql" || exit 1

# Runs statements in one session and prints, for each error, SQLSTATE and code; a value otherwise.
answer() { # role SQL...
	(
		PGUSER=$1
		shift
		for sql; do printf '%s;\n' "$sql"; done |
			"$PM_BIN/psql" -X -q -At -d postgres -v VERBOSITY=verbose 2>&1 | awk '
				/^ERROR:  / { printf "%s ", substr($2, 1, 5); next }
				/^DETAIL: / && $2 ~ /"code":$/ { gsub(/[",}]/, "", $3); printf "%s ", $3; next }
				/TRAPPED/ { printf "TRAPPED "; next }
				/^(LINE|LOCATION|CONTEXT|HINT|DETAIL|WARNING|NOTICE|QUERY)/ || /^ / || /^$/ || /^(PL.pgSQL function|SQL statement|SQL function) / { next }
				{ printf "%s ", $0 }' | sed 's/ *$//'
	)
}

uid() { pm_value postgres "SELECT md5('user $1')::uuid"; }
mid() { pm_value postgres "SELECT md5('mentor $1')::uuid"; }
mentor=$(uid mentor) coordinator=$(uid coordinator) stranger=$(uid stranger) m1=$(mid 1) m2=$(mid 2) m3=$(mid 3) m4=$(mid 4)
silent='\o /dev/null
'
loud='\o
'
# a transaction as PostgREST makes it, without its COMMIT
request() { echo "BEGIN; ${silent}SELECT mock.request('authenticated', '$1'); ${loud}SET LOCAL search_path = public"; }
state() { pm_value postgres "SELECT status || ' ' || version FROM peer_mentor_status WHERE mentor_id = '$1'"; }
everything() {
	pm_value postgres "SELECT md5(string_agg(s::text, ' ' ORDER BY s.mentor_id)) FROM peer_mentor_status s"
	pm_value postgres "SELECT count(*) FROM peer_mentor_status_history UNION ALL SELECT count(*) FROM pause_records UNION ALL SELECT count(*) FROM idempotent_requests"
}

# ---- shadows: a schema of one's own first in search_path, temporary objects, then schema public itself

pm_psql postgres -c 'CREATE ROLE mallory LOGIN' -c 'GRANT authenticated TO mallory' -c 'CREATE SCHEMA mallory AUTHORIZATION mallory' \
	-c 'GRANT USAGE ON SCHEMA mallory TO PUBLIC' -c 'GRANT USAGE ON SCHEMA mock TO mallory'
as mallory pm_psql postgres -o /dev/null -c 'SET search_path = mallory, pg_catalog' -f "$world/traps.sql" || exit 1
# the calls of a coordinator that touch every kind of statement; $1 is the mentor
calls() {
	cat <<-END
		SELECT (public.record_certification('$1', 'extra', CURRENT_DATE, idempotency_key => 'trap $1')).new_status
		SELECT (public.pause_mentor('$1', idempotency_key => 'pause $1')).new_status
		SELECT (public.set_return_date('$1', CURRENT_DATE)).new_status
		SELECT (public.explain_transition('$1', 'active')).allowed
		SELECT (public.reactivate_mentor('$1')).new_status
		SELECT (public.renew_certification('$1', 'extra', expires_at => CURRENT_DATE OPERATOR(pg_catalog.+) 2000)).new_status
		SELECT pg_catalog.count(*) FROM public.mentor_timeline('$1')
		SELECT public.mentor_status_on('$1', CURRENT_DATE)
		SELECT public.set_mentor_chapters('$1', ARRAY[(SELECT pg_catalog.md5('chapter 1')::pg_catalog.uuid)])
		SELECT pg_catalog.count(*) FROM public.peer_mentor_status WHERE mentor_id OPERATOR(pg_catalog.=) '$1'
	END
}
run_calls() { # role search_path mentor [setup...]
	pm__who=$1 pm__path=$2 pm__mentor=$3
	shift 3
	{
		for sql; do echo "$sql;"; done
		cat <<-END
			SELECT pg_catalog.set_config('request.jwt.claims', '{"sub": "$coordinator", "role": "authenticated"}', false) \\g /dev/null
			SET ROLE authenticated;
			SET search_path = $pm__path;
		END
		calls "$pm__mentor" | sed 's/$/;/'
	} | as "$pm__who" "$PM_BIN/psql" -X -q -At -d postgres 2>&1 | tr '\n' ' '
}
wanted='active paused paused t active active 5 active  1 '
is 'the traps are alive' "$(answer mallory 'SET search_path = mallory, pg_catalog' 'SELECT now() IS NULL' | cut -d ' ' -f 1)" TRAPPED
is 'so are those of operators' "$(answer mallory 'SET search_path = mallory, pg_catalog' "SELECT 'a'::text = 'b'" | cut -d ' ' -f 1)" TRAPPED
is 'a schema of one'\''s own before pg_catalog' "$(run_calls mallory 'mallory, public, pg_catalog' "$(mid 21)")" "$wanted"
temporary="
	SELECT pg_catalog.format('CREATE TEMP TABLE %I (id integer, mentor_id integer)', c.relname) FROM pg_catalog.pg_class c
	 WHERE c.relnamespace OPERATOR(pg_catalog.=) 'public'::pg_catalog.regnamespace AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,v}') \\gexec
	CREATE TYPE pg_temp.mentor_status AS ENUM ('trap');
	CREATE TEMP TABLE pg_class (trap integer);
	CREATE TEMP TABLE pg_proc (trap integer)"
is 'temporary tables and types of our names' "$(run_calls mallory 'pg_temp, mallory, public, pg_catalog' "$(mid 22)" "$temporary")" "$wanted"
pm_psql postgres -c 'GRANT CREATE ON SCHEMA public TO mallory'
as mallory pm_psql postgres -o /dev/null -c 'SET search_path = public, pg_catalog' -f "$world/traps.sql" \
	-c 'CREATE TYPE public.shadow AS (id pg_catalog.text)' \
	-c "CREATE FUNCTION public.to_uuid(public.shadow) RETURNS pg_catalog.uuid LANGUAGE plpgsql AS 'BEGIN PERFORM public.trapped(''cast''); RETURN NULL; END'" \
	-c 'CREATE CAST (public.shadow AS pg_catalog.uuid) WITH FUNCTION public.to_uuid(public.shadow) AS IMPLICIT' 2>&1 | grep -v 'mentor_transition" already exists'
is 'functions, operators, types and casts planted in public' "$(run_calls mallory 'public, pg_catalog' "$(mid 23)")" "$wanted"
is 'nobody learns of it through auth.uid()' "$(answer authenticator "$(request "$stranger")" 'SET LOCAL search_path = mallory, public, pg_catalog' \
	"SELECT public.pause_mentor('$m2')")" 'PT404 mentor_not_found'
is 'the nightly run of the owner is not caught either' "$(as postgres pm_psql postgres -c 'SET search_path = mallory, public, pg_catalog' -c 'CALL peer_mentor.run_nightly()' 2>&1)" ''
is 'nor migrate()' "$(as postgres pm_psql postgres -o /dev/null -c 'SET search_path = mallory, public, pg_catalog' -c 'SELECT peer_mentor.migrate()' 2>&1)" ''
pm_psql postgres -c 'SET client_min_messages = warning' -c 'DROP OWNED BY mallory CASCADE' -c 'GRANT authenticated TO mallory' -c 'GRANT USAGE ON SCHEMA mock TO mallory'

# ---- claims

before=$(everything)
claimed() { # setting value... then what pause_mentor() of the mentor's own row answers
	pm__sql=
	while [ $# -ge 2 ]; do
		pm__sql="$pm__sql SELECT set_config('$1', \$claim\$$2\$claim\$, true);"
		shift 2
	done
	answer authenticator "BEGIN; $silent$pm__sql $loud SET LOCAL ROLE authenticated" "SELECT (public.pause_mentor('$m1')).new_status" 'ROLLBACK'
}
new=request.jwt.claims old=request.jwt.claim.sub
is 'new form' "$(claimed $new "{\"sub\": \"$mentor\"}")" paused
is 'old form' "$(claimed $old "$mentor")" paused
is 'old form, the new one empty' "$(claimed $old "$mentor" $new '')" paused
is 'new form, the old one empty' "$(claimed $new "{\"sub\": \"$mentor\"}" $old '')" paused
is 'two users at once: the one of auth.uid()' "$(claimed $new "{\"sub\": \"$mentor\"}" $old "$stranger")" 'PT404 mentor_not_found'
is 'never set' "$(claimed)" '42501 not_allowed'
is 'empty, as a transaction before leaves them' "$(claimed $new '' $old '' request.jwt.claim '' request.jwt.claim.role '')" '42501 not_allowed'
while IFS='|' read -r claims wanted; do
	is "claims $claims" "$(claimed $new "$claims")" "$wanted"
done <<'END'
{}|42501 not_allowed
{"sub": null}|42501 not_allowed
{"sub": ""}|22P02
{"sub": "not-a-uuid"}|22P02
{"sub": 12}|22P02
{"sub": true}|22P02
{"sub": ["00000000-0000-0000-0000-000000000000"]}|22P02
{"sub": {"id": 1}}|22P02
{"sub": "00000000-0000-0000-0000-000000000000"}|42501 not_allowed
[]|42501 not_allowed
"text"|42501 not_allowed
12|42501 not_allowed
null|42501 not_allowed
no json|22P02
{"sub":|22P02
{"role": "service_role"}|42501 not_allowed
END
is 'a claim of service_role makes no service' "$(answer authenticator "$(request "$mentor")" "${silent}SELECT set_config('request.jwt.claims', '{\"sub\": \"$mentor\", \"role\": \"service_role\"}', true); $loud" \
	"SELECT public.remove_mentor('$m1')")" '42501 not_allowed'
is 'nothing was changed by any of them' "$(everything)" "$before"

# ---- roles and settings of a session

owner() { as postgres pm_psql postgres -o /dev/null "$@"; }
pm_psql postgres -c 'REVOKE authenticated FROM mallory'
# EXECUTE is not the right to be somebody
owner -c 'GRANT EXECUTE ON FUNCTION public.pause_mentor, peer_mentor.pause_mentor TO mallory'
claim="$silent SELECT set_config('$new', '{\"sub\": \"$mentor\", \"role\": \"service_role\"}', false), set_config('$old', '$mentor', false); $loud"
is 'a plain role with EXECUTE and false claims' "$(answer mallory "$claim" "SELECT public.pause_mentor('$m1')")" '42501 not_allowed'
is 'the same at the engine' "$(answer mallory "$claim" "SELECT peer_mentor.pause_mentor('$m1')")" '42501 not_allowed'
for role in authenticated service_role postgres supabase_admin; do
	is "no SET ROLE $role" "$(answer mallory "SET ROLE $role")" 42501
	is "no SET SESSION AUTHORIZATION $role" "$(answer mallory "SET SESSION AUTHORIZATION $role")" 42501
done
owner -c 'REVOKE EXECUTE ON FUNCTION public.pause_mentor, peer_mentor.pause_mentor FROM mallory'
is 'without EXECUTE' "$(answer mallory "$claim" "SELECT public.pause_mentor('$m1')")" 42501

is 'a superuser'\''s session that became a user is that user' "$(answer supabase_admin 'SET SESSION AUTHORIZATION authenticated' \
	"$silent SELECT set_config('$new', '{\"sub\": \"$stranger\"}', false); $loud" "SELECT public.pause_mentor('$m1')")" 'PT404 mentor_not_found'
is 'by SET ROLE as well' "$(answer supabase_admin 'SET ROLE authenticated' \
	"$silent SELECT set_config('$new', '{\"sub\": \"$stranger\"}', false); $loud" "SELECT public.pause_mentor('$m1')")" 'PT404 mentor_not_found'
is 'who the caller is is asked anew in every call' "$(answer authenticator "$(request "$mentor")" "SELECT (public.pause_mentor('$m1')).new_status" \
	"SAVEPOINT s" "$silent SELECT mock.request('authenticated', '$stranger'); $loud" "SELECT public.reactivate_mentor('$m1')" 'ROLLBACK TO s' \
	"$silent SELECT mock.request('anon'); $loud" "SELECT public.reactivate_mentor('$m1')" 'ROLLBACK TO s' \
	"$silent SELECT mock.request('authenticated', '$coordinator'); $loud" "SELECT (public.reactivate_mentor('$m1')).new_status" 'ROLLBACK')" \
	'paused PT404 mentor_not_found 42501 active'
is 'an error inside leaves the caller'\''s role' "$(answer authenticator "$(request "$stranger")" 'SAVEPOINT s' "SELECT public.pause_mentor('$m1')" 'ROLLBACK TO s' \
	"SELECT current_user, count(*) FROM peer_mentors GROUP BY 1 UNION ALL SELECT current_user, 0 LIMIT 1" 'SHOW search_path')" 'PT404 mentor_not_found authenticated|0 public'
is 'and a plpgsql handler too' "$(answer authenticator "$(request "$stranger")" \
	"DO \$\$ BEGIN PERFORM public.pause_mentor('$m1'); EXCEPTION WHEN OTHERS THEN RAISE EXCEPTION USING ERRCODE = CASE current_user WHEN 'authenticated' THEN 'OKAY1' ELSE 'BAD11' END; END \$\$")" OKAY1

user=$(request "$mentor")
is 'session_replication_role is not for users' "$(answer authenticator "$user" 'SET LOCAL session_replication_role = replica')" 42501
is 'row_security = off shows nothing' "$(answer authenticator "$user" 'SET LOCAL row_security = off' 'SELECT count(*) FROM peer_mentor_status')" 42501
is 'peer_mentor.force forces nothing for a user' "$(answer authenticator "$user" "SET LOCAL peer_mentor.force = 'on'" 'SELECT peer_mentor.migrate(0)')" 42501
is 'a guard is no door' "$(answer authenticator "$user" "SELECT peer_mentor.trace_direct_update('$m1', 'active', 'paused', 1, 2, NULL)")" 42501
is 'nor is the check of it' "$(answer authenticator "$user" "SELECT peer_mentor.check_direct_update('$m1', 'active', 'paused', NULL, NULL)")" '42501 engine_only'
is 'private helpers are private' "$(answer authenticator "$user" "SELECT peer_mentor_private.with_renewal_entry(NULL, '[]', 'issued', now(), now()::date, now()::date, 'system', NULL)")" 42501
is 'no write past the functions' "$(for sql in "INSERT INTO peer_mentor_status (mentor_id) VALUES ('$m1')" "UPDATE peer_mentor_status SET status = 'active'" 'DELETE FROM peer_mentors' \
	'TRUNCATE outbox_events' "UPDATE peer_mentors SET user_id = '$mentor'" "INSERT INTO role_assignments (user_id, organisation_id, role) SELECT '$mentor', id, 'org_admin' FROM organisations"; do
	answer authenticator "$user" "$sql" && echo
done | sort | uniq -c | tr -s ' ')" ' 6 42501'
is 'settings of the session do not make another request' "$(answer authenticator "$(request "$coordinator")" \
	"SELECT (public.pause_mentor('$m3', '2099-01-02', NULL, 'same')).version" "SET LOCAL datestyle = 'SQL, DMY'" "SET LOCAL timezone = 'Pacific/Kiritimati'" \
	"SET LOCAL intervalstyle = 'sql_standard'" "SELECT (public.pause_mentor('$m3', '02/01/2099', NULL, 'same')).version" 'ROLLBACK')" '2 2'
is 'nor hinder migrate()' "$(answer postgres 'SET quote_all_identifiers = on' 'SET standard_conforming_strings = off' "SET datestyle = 'German'" 'SET check_function_bodies = off' \
	'SET array_nulls = off' "SET xmloption = 'document'" "${silent}SELECT peer_mentor.migrate(); $loud")" ''

# ---- EXECUTE taken away; migrate() gives it back

owner -c 'REVOKE EXECUTE ON FUNCTION public.pause_mentor FROM authenticated'
is 'a wrapper revoked' "$(answer authenticator "$user" "SELECT public.pause_mentor('$m1')")" 42501
owner -c 'GRANT EXECUTE ON FUNCTION public.pause_mentor TO authenticated' -c 'REVOKE EXECUTE ON FUNCTION peer_mentor.pause_mentor FROM authenticated'
pm_psql postgres -c 'REVOKE EXECUTE ON FUNCTION peer_mentor.pause_mentor FROM authenticated'
is 'the engine revoked' "$(answer authenticator "$user" "SELECT public.pause_mentor('$m1')")" 42501
owner -c 'SELECT peer_mentor.migrate()'
is 'given back' "$(answer authenticator "$user" "SELECT (public.pause_mentor('$m1')).new_status" ROLLBACK)" paused
is 'the engine called directly judges the same' "$(answer authenticator "$(request "$stranger")" "SELECT peer_mentor.pause_mentor('$m1')")" 'PT404 mentor_not_found'

# ---- what does not exist and what is not seen look the same

told() { # SQL key: every word of the error, the key taken out
	printf '%s;\n' "$(request "$mentor")" "$(echo "$1" | sed "s/X/$2/")" |
		as authenticator "$PM_BIN/psql" -X -q -At -d postgres -v VERBOSITY=verbose 2>&1 | grep -E '^(ERROR|DETAIL|HINT): ' | sed "s/$2/X/g"
}
same() { # description, SQL with X for the key, a key that is hidden, one that does not exist
	hidden=$(told "$2" "$3")
	is "$1" "${hidden:-no error}" "$(told "$2" "$4")"
}
nobody=00000000-0000-0000-0000-00000000dead
pm_psql postgres -c 'SET session_replication_role = replica' -c "INSERT INTO undeliverable_notifications (id, event_id, mentor_id, reason)
	OVERRIDING SYSTEM VALUE VALUES (7, 7, md5('other mentor')::uuid, 'nobody')"
for call in "pause_mentor('X')" "reactivate_mentor('X')" "remove_mentor('X')" "restore_mentor('X')" "mentor_timeline('X')" "mentor_status_on('X', '2020-01-01')" \
	"explain_transition('X', 'active')" "link_login('X', NULL)" "set_listed('X', true)" "end_assignment('X', '$mentor')" "renew_certification('X', 'basic')"; do
	same "hidden and absent: $call" "SELECT public.$call" "$(pm_value postgres "SELECT md5('other mentor')::uuid")" $nobody
done
same 'hidden and absent: resolve_undeliverable' 'SELECT public.resolve_undeliverable(X)' 7 99
same 'hidden and absent: put_chapter' "SELECT public.put_chapter('X', 'name')" "$(pm_value postgres "SELECT md5('other org')::uuid")" $nobody
same 'hidden and absent: register_mentor' "SELECT public.register_mentor('$nobody', 'X', '{}')" "$(pm_value postgres "SELECT md5('other org')::uuid")" $nobody

# ---- the owner of the storage, who would be superuser

before_powers=$(pm_value postgres "SELECT string_agg(rolname || rolsuper || rolcreaterole || rolbypassrls, ' ' ORDER BY rolname) FROM pg_roles")
is 'is none' "$(pm_value postgres "SELECT rolsuper FROM pg_roles WHERE rolname = 'postgres'")" f
while IFS= read -r sql; do
	is "the owner cannot: $sql" "$(answer postgres "$sql")" 42501
done <<'END'
CREATE FUNCTION peer_mentor.uid() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'
ALTER FUNCTION peer_mentor.migrate(integer, boolean) SECURITY DEFINER
CREATE FUNCTION public.lie() RETURNS boolean AS '$libdir/peer_mentor', 'peer_mentor_engine_writes' LANGUAGE C
CREATE FUNCTION auth.evil() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'
CREATE OR REPLACE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'
END
owner -c "CREATE FUNCTION public.climb() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN BEGIN ALTER ROLE postgres SUPERUSER; EXCEPTION WHEN OTHERS THEN NULL; END; RETURN NEW; END'" \
	-c 'CREATE TRIGGER climb BEFORE INSERT OR UPDATE ON peer_mentor_status FOR EACH ROW EXECUTE FUNCTION climb()' \
	-c 'CREATE TRIGGER climb BEFORE INSERT ON peer_mentor_status_history FOR EACH ROW EXECUTE FUNCTION climb()' \
	-c 'CREATE CONSTRAINT TRIGGER later AFTER INSERT ON peer_mentor_status_history DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION climb()'
pm_psql postgres -o /dev/null -c "SELECT pause_mentor('$m4')" -c "SELECT reactivate_mentor('$m4')" -c 'CALL peer_mentor.run_nightly()' -c 'SELECT peer_mentor.migrate()'
is 'a superuser'\''s calls past triggers of the owner' "$(pm_value postgres "SELECT string_agg(rolname || rolsuper || rolcreaterole || rolbypassrls, ' ' ORDER BY rolname) FROM pg_roles")" "$before_powers"
is 'and they ran' "$(state "$m4")" 'active 3'
owner -c 'DROP FUNCTION climb CASCADE' -c 'SET client_min_messages = error' 2>/dev/null

# ---- hostile texts in DETAIL

as authenticator pm_psql postgres -At >"$PM_RUN/hostile" 2>&1 <<'SQL'
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
CREATE TEMP TABLE hostile AS SELECT x, row_number() OVER () AS n FROM unnest(ARRAY['"', '""', E'\\', E'\\"', E'a\nb', E'\r\t\b\f', E'\x01\x02\x1b\x1f', E'\x7f', '🦆',
	E'\u2028\u2029\u0085', 'æøå', '%s %n %d %1$s', '{"code": "not_allowed"}', ']}', '''; DROP TABLE peer_mentors; --', E'\\u0000', '</script>', '$$', repeat('"', 200)]) x;
DO $$
DECLARE
	h     record;
	got   record;
	found jsonb;
	org   constant uuid := md5('org');
	admin constant uuid := md5('user admin');
BEGIN
	FOR h IN SELECT * FROM hostile LOOP
		got := mock.rpc('authenticated', admin, 'put_certification_type', jsonb_build_object('organisation_id', org, 'code', h.x, 'name', h.x));
		IF got.status <> 204 THEN RAISE WARNING '% not put: %', h.x, got.body; END IF;
		got := mock.rpc('authenticated', admin, 'renew_certification', jsonb_build_object('mentor_id', md5('mentor 30')::uuid, 'certification_type', h.x));
		found := (got.body ->> 'details')::jsonb;
		IF (found ->> 'code', found ->> 'certification_type') IS DISTINCT FROM ('certification_not_found', h.x) THEN RAISE WARNING '% renew: %', h.x, got.body; END IF;
		got := mock.rpc('authenticated', admin, 'record_certification', jsonb_build_object('mentor_id', md5('mentor 31')::uuid, 'certification_type', h.x, 'issued_at', current_date,
			'idempotency_key', h.x));
		IF got.status <> 200 THEN RAISE WARNING '% not recorded: %', h.x, got.body; END IF;
		got := mock.rpc('authenticated', admin, 'record_certification', jsonb_build_object('mentor_id', md5('mentor 31')::uuid, 'certification_type', h.x, 'issued_at', current_date - 1,
			'idempotency_key', h.x));
		found := (got.body ->> 'details')::jsonb;
		IF (found ->> 'code', found ->> 'idempotency_key') IS DISTINCT FROM ('idempotency_mismatch', h.x) THEN RAISE WARNING '% key: %', h.x, got.body; END IF;
		got := mock.rpc('authenticated', admin, 'record_certification', jsonb_build_object('mentor_id', md5('mentor 31')::uuid, 'certification_type', h.x, 'issued_at', current_date));
		found := (got.body ->> 'details')::jsonb;
		IF (found ->> 'code', found ->> 'certification_type') IS DISTINCT FROM ('already_exists', h.x) THEN RAISE WARNING '% twice: %', h.x, got.body; END IF;
		got := mock.rpc('authenticated', admin, 'update_organisation', jsonb_build_object('organisation_id', org, 'time_zone', h.x));
		IF (got.body ->> 'details')::jsonb ->> 'code' IS DISTINCT FROM 'invalid_argument' THEN RAISE WARNING '% zone: %', h.x, got.body; END IF;
		got := mock.rpc('authenticated', admin, 'grant_role', jsonb_build_object('organisation_id', org, 'user_id', admin, 'role', h.x));
		IF (got.body ->> 'details')::jsonb ->> 'code' IS DISTINCT FROM 'invalid_argument' THEN RAISE WARNING '% role: %', h.x, got.body; END IF;
		got := mock.rpc('authenticated', admin, 'put_chapter', jsonb_build_object('organisation_id', org, 'name', h.x));
		IF got.status <> 200 THEN RAISE WARNING '% chapter: %', h.x, got.body; END IF;
		got := mock.rpc('authenticated', admin, 'register_mentor', jsonb_build_object('mentor_id', md5('hostile ' || h.n)::uuid, 'organisation_id', org, 'chapter_ids', '{}', 'display_name', h.x));
		IF got.status <> 200 THEN RAISE WARNING '% registered: %', h.x, got.body; END IF;
	END LOOP;
END
$$;
SELECT count(*) FROM hostile;
SQL
is 'hostile texts: DETAIL is JSON and says what was said' "$(cat "$PM_RUN/hostile")" 19
is 'hostile keys of one caller stay apart' "$(pm_value postgres "SELECT count(*) FROM idempotent_requests WHERE caller = '$(uid admin)'")" 19
refused_json() { # SQL by the owner: is DETAIL JSON?
	as postgres pm_psql postgres -v VERBOSITY=verbose -c "$1" 2>&1 | sed -n 's/^DETAIL:  //p' >"$PM_RUN/detail"
	pm_value postgres "SELECT pg_catalog.pg_read_file('$PM_RUN/detail')::jsonb ->> 'code'"
}
is 'a direct write' "$(refused_json "DELETE FROM peer_mentor_status WHERE mentor_id = '$m1'")" engine_only
is 'a table of any name at the guard' "$(refused_json "SELECT peer_mentor.refuse_write(E'a\"b\\\\c\\nd', '\"')")" engine_only

# ---- a locked mentor: a timeout, and nothing half done; the timeouts of Supabase's roles

# LISTEN/pg_locks say when the lock is there
mkfifo "$PM_RUN/locker"
as postgres "$PM_BIN/psql" -X -q -d postgres <"$PM_RUN/locker" >/dev/null 2>&1 &
exec 3>"$PM_RUN/locker"
echo "BEGIN; SET application_name = 'locker'; SELECT FROM peer_mentor_status WHERE mentor_id = '$m2' FOR UPDATE; LOCK TABLE chapters IN ACCESS EXCLUSIVE MODE;" >&3
tries=0
until [ "$(pm_value postgres "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.application_name = 'locker' AND l.mode = 'AccessExclusiveLock' AND l.granted")" != 0 ]; do
	tries=$((tries + 1))
	[ $tries -lt 200 ] || pm_fail 'the lock does not come'
	sleep 0.1
done
before=$(everything)
# so that a lock times out before the statement where the role has both
timed() { # file role statements...
	pm__out=$1
	shift
	{
		date +%s
		answer "$@"
		echo
		date +%s
	} >"$PM_RUN/$pm__out"
}
timed statement authenticator "$(request "$coordinator")" "SELECT public.pause_mentor('$m2', idempotency_key => 'locked')" &
a=$!
timed lock authenticator "$(request "$coordinator")" "SET LOCAL lock_timeout = '1s'" "SELECT public.pause_mentor('$m2', idempotency_key => 'locked')" &
b=$!
timed anon authenticator "BEGIN; ${silent}SELECT mock.request('anon'); $loud" 'SELECT count(*) FROM public.public_mentor_listing' &
c=$!
wait $a $b $c
took() { awk 'NR == 1 { b = $1 } END { print $1 - b }' "$PM_RUN/$1"; }
about() { # file seconds: what it answered, if it took about that long
	[ "$(took "$1")" -ge $(($2 - 1)) ] && [ "$(took "$1")" -le $(($2 + 4)) ] && sed -n 2p "$PM_RUN/$1"
}
is 'a locked mentor: statement timeout of authenticated, 8 s' "$(about statement 8)" 57014
is 'a lock timeout is 55P03' "$(about lock 1)" 55P03
is 'anon gives up after 3 s' "$(about anon 3)" 57014
is 'nothing was half done' "$(everything)" "$before"
echo 'COMMIT; \q' >&3
exec 3>&-
wait
is 'and the same request goes through afterwards' "$(answer authenticator "$(request "$coordinator")" \
	"SELECT (public.pause_mentor('$m2', idempotency_key => 'locked')).new_status" COMMIT)" paused
is 'the promises hold after all of this' "$(pm_psql postgres -At -f "$PM_ROOT/test/checks/promises.sql")" ''
done_testing
