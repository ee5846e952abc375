#!/bin/sh
# versions: all
# Behind a pooler in transaction mode: a transaction of one user follows that of another on the same server connection, after
# commits, errors and errors inside the engine.  Nothing of the one may be left for the other.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server pgbouncer
world=$PM_ROOT/test/supabase
rounds=40
pm_start behind supabase_admin
PGOPTIONS='-c client_min_messages=warning' pm_psql postgres -o /dev/null -f "$PM_ROOT/test/fixtures/mock_supabase.sql" || exit 1
PGUSER=postgres pm_psql postgres -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' -f "$world/world.sql" \
	-c "CREATE FUNCTION public.poison() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''poisoned''; END'" \
	-c "CREATE TRIGGER poison BEFORE INSERT ON peer_mentor_status_history FOR EACH ROW
		WHEN (NEW.mentor_id = md5('mentor 40')::uuid) EXECUTE FUNCTION poison()" || exit 1

PATH=$PATH:/usr/sbin
version=$(pgbouncer --version | sed -n 's/^PgBouncer \([0-9.]*\).*/\1/p')
# named prepared statements cross the pooler from 1.21 on
if [ "$(printf '%s\n' 1.21 "$version" | sort -V | head -n 1)" = 1.21 ]; then
	protocol=prepared setting='max_prepared_statements = 100'
else
	protocol=extended setting=
fi
echo "# pgbouncer $version, protocol $protocol"
bouncer=$PM_RUN/bouncer
pm_folder "$bouncer"
# who waits 20 s for a server connection is in a deadlock, and fails instead of waiting on
cat >"$bouncer/ini" <<END
[databases]
* = host=$(pm_socket behind) port=5432
[pgbouncer]
pool_mode = transaction
default_pool_size = 2
max_client_conn = 50
unix_socket_dir = $(pm_socket behind)
pidfile = $bouncer/pid
query_wait_timeout = 20
listen_port = 6432
auth_type = trust
auth_file = $bouncer/users
ignore_startup_parameters = extra_float_digits,options
$setting
END
printf '"%s" ""\n' authenticator postgres >"$bouncer/users"
pm_as pgbouncer -q "$bouncer/ini" >"$bouncer/log" 2>&1 &
# the pooler itself: $! is a shell around it; -9, since from 1.23 on TERM waits until all clients have left
trap 'status=$?; kill -9 $(cat "$bouncer/pid" 2>/dev/null) 2>/dev/null; (exit $status); pm_cleanup' EXIT
tries=0
until [ -S "$(pm_socket behind)/.s.PGSQL.6432" ]; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || pm_fail "$(cat "$bouncer/log")"
	sleep 0.1
done

pooled() { # role psql arguments
	(
		PGUSER=$1 PGPORT=6432
		shift
		"$PM_BIN/psql" -X -q -At -d postgres "$@"
	)
}

# ---- eight clients, of whom every second statement fails

request() { # n: as PostgREST begins
	echo "BEGIN;
SELECT set_config('search_path', 'public, extensions', true), set_config('statement_timeout', '8s', true), set_config('role', 'authenticated', true),
       set_config('request.jwt.claims', '{\"role\": \"authenticated\", \"sub\": \"' || md5('user of $1')::uuid || '\"}', true), set_config('request.method', 'POST', true) \\g /dev/null"
}
# what every client must be told; only the numbers of server processes differ
script() { # n
	r=0
	while [ $r -lt $rounds ]; do
		r=$((r + 1))
		for call in "SELECT 'server ' || pg_backend_pid()" "SELECT (pause_mentor(md5('mentor $1')::uuid)).new_status" "SELECT count(*) FROM peer_mentor_status" \
			"SELECT pause_mentor(md5('mentor 5')::uuid)" "SELECT (reactivate_mentor(md5('mentor $1')::uuid)).new_status" \
			"SELECT pause_mentor(md5('mentor $1')::uuid, '2001-01-01')" 'SELECT 1 / 0' "SELECT auth.uid() = md5('user of $1')::uuid, current_user"; do
			request "$1"
			echo "$call;"
			echo 'COMMIT;'
		done
		# between the transactions
		echo "SELECT current_user, coalesce(current_setting('request.jwt.claims', true), ''), current_setting('search_path'), current_setting('role');"
	done
}
expected() {
	r=0
	while [ $r -lt $rounds ]; do
		r=$((r + 1))
		printf '%s\n' paused 1 'ERROR:  PT404' active 'ERROR:  22023' 'ERROR:  22012' 't|authenticated' 'authenticator||"$user", public|none'
	done
}
expected >"$PM_RUN/expected"

# ---- at the same time pgbench, each client with a mentor of its own; 1 / 0 ends it

cat >"$PM_RUN/bench.sql" <<'END'
\set n 20 + :client_id
BEGIN;
SELECT set_config('role', 'authenticated', true), set_config('request.jwt.claims', json_build_object('role', 'authenticated', 'sub', md5('user of ' || :n)::uuid)::text, true);
SELECT 1 / (auth.uid() = md5('user of ' || :n)::uuid AND current_user = 'authenticated')::integer;
SELECT 1 / ((pause_mentor(md5('mentor ' || :n)::uuid)).new_status = 'paused')::integer;
COMMIT;
BEGIN;
SELECT set_config('role', 'authenticated', true), set_config('request.jwt.claims', json_build_object('role', 'authenticated', 'sub', md5('user of ' || :n)::uuid)::text, true);
SELECT 1 / (count(*) = 1 AND min(mentor_id::text) = md5('mentor ' || :n)::uuid::text)::integer FROM peer_mentor_status;
SELECT 1 / (count(*) > 1)::integer FROM mentor_timeline(md5('mentor ' || :n)::uuid);
SELECT 1 / ((reactivate_mentor(md5('mentor ' || :n)::uuid)).new_status = 'active')::integer;
COMMIT;
SELECT 1 / (current_user = 'authenticator' AND current_setting('role') = 'none' AND coalesce(current_setting('request.jwt.claims', true), '') = '')::integer;
END

for n in 6 7 8 9 16 17 18 19; do
	script $n >"$PM_RUN/script.$n"
	pooled authenticator -v VERBOSITY=sqlstate -f "$PM_RUN/script.$n" >"$PM_RUN/said.$n" 2>&1 &
	clients="${clients-} $!"
done
# a thread for each client: PQprepare() blocks its thread, and with it any other client there that is inside a transaction
# and holds the server connection which PQprepare() waits for
PGUSER=authenticator PGPORT=6432 "$PM_BIN/pgbench" -n -M $protocol -c 8 -j 8 -t $rounds -f "$PM_RUN/bench.sql" postgres >"$PM_RUN/pgbench.log" 2>&1
bench=$?
wait $clients

is "pgbench, 8 clients, protocol $protocol" "$bench $(sed -n 's/^number of transactions actually processed: //p' "$PM_RUN/pgbench.log")" "0 $((8 * rounds))/$((8 * rounds))"
[ $bench = 0 ] || diag "$(tail -n 5 "$PM_RUN/pgbench.log")"
for n in 6 7 8 9 16 17 18 19; do
	sed 's/^psql:[^ ]* ERROR/ERROR/; /^server /d' "$PM_RUN/said.$n" >"$PM_RUN/told.$n"
	ok "client $n was told what is theirs" diff "$PM_RUN/told.$n" "$PM_RUN/expected"
done
is 'two server connections served them all' "$(cat "$PM_RUN"/said.* | grep '^server ' | sort -u | wc -l | tr -d ' ')" 2
is 'each of them several users' "$(for s in $(cat "$PM_RUN"/said.* | sed -n 's/^server //p' | sort -u); do
	[ "$(grep -l "^server $s$" "$PM_RUN"/said.* | wc -l)" -gt 4 ] && echo many; done | sort -u)" many
is 'who changed what is who called' "$(pm_value postgres "
	SELECT count(*) FILTER (WHERE h.changed_by IS DISTINCT FROM m.user_id OR h.actor_kind <> 'mentor'), count(*)
	  FROM peer_mentor_status_history h JOIN peer_mentors m ON m.id = h.mentor_id WHERE h.reason IN ('self_pause', 'self_reactivation')")" "0|$((2 * 16 * rounds))"

# ---- an error inside the engine's own writing leaves the guards shut, on whichever of the connections

{
	r=0
	while [ $r -lt 20 ]; do
		r=$((r + 1))
		echo "SELECT public.pause_mentor(md5('mentor 40')::uuid);"
		echo "INSERT INTO public.pause_records (mentor_id, status, pause_reason, paused_at) SELECT md5('mentor 4')::uuid, 'paused', 'self_pause', now();"
		echo "UPDATE public.peer_mentor_certifications SET expires_at = expires_at + 1 WHERE peer_mentor_id = md5('mentor 1')::uuid;"
		echo 'SHOW search_path;'
	done
} >"$PM_RUN/poisoned"
is 'an error in the engine opens nothing' "$(pooled postgres -v VERBOSITY=sqlstate -f "$PM_RUN/poisoned" 2>&1 | sed 's/^psql:[^ ]* //' | sort | uniq -c | tr -s ' ' | tr '\n' ',')" \
	' 20 "$user", public, extensions, 40 ERROR: 42501, 20 ERROR: P0001,'
is 'the promises hold' "$(pm_psql postgres -At -f "$PM_ROOT/test/checks/promises.sql")" ''
done_testing
