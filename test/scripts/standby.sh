#!/bin/sh
# versions: all
# A physical standby has the same rows and refuses to write; promoted while a run was going on, it goes on where the
# primary stopped.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server
checks=$PM_ROOT/test/checks
mentors=400
as_of='2026-03-01 02:15+01'

pm_start primary hot_standby=on
primary=$PGHOST
pm_psql postgres -c 'CREATE ROLE keeper LOGIN CREATEROLE' -c 'CREATE DATABASE app OWNER keeper' || exit 1
PGUSER=keeper pm_psql app -f "$PM_ROOT/contrib/supabase_parts.sql" -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' \
	-f "$checks/populate.sql" || exit 1

# the pieces that pm_init would make
pm_folder "$PM_RUN/standby"
pm_folder "$(pm_socket standby)"
echo postgres >"$PM_RUN/standby/role"
echo "$PM_BIN" >"$PM_RUN/standby/bin"
pm_as "$PM_BIN/pg_basebackup" -h "$primary" -U postgres -D "$(pm_data standby)" -R -c fast --no-sync || exit 1
pm_set standby "unix_socket_directories=$(pm_socket standby)" "primary_conninfo=host=$primary port=5432 user=postgres"
pm_up standby

caught_up() {
	pm_use primary
	at=$(pm_value app 'SELECT pg_current_wal_flush_lsn()')
	pm_use standby
	n=0
	until [ "$(pm_value app "SELECT pg_last_wal_replay_lsn() >= '$at'")" = t ]; do
		n=$((n + 1))
		[ $n -lt 200 ] || pm_fail 'the standby does not follow'
		sleep 0.1
	done
}

same_rows() { # description
	caught_up
	pm_psql app -At -f "$checks/contents.sql" >"$PM_RUN/rows-standby"
	pm_use primary
	pm_psql app -At -f "$checks/contents.sql" >"$PM_RUN/rows-primary"
	pm_use standby
	is "$1" "$(diff "$PM_RUN/rows-primary" "$PM_RUN/rows-standby")" ''
}

same_rows 'the same rows on the standby'
while read -r call; do
	is "refused on the standby: $call" "$(PGUSER=keeper pm_psql app -v VERBOSITY=sqlstate -o /dev/null -c "$call" 2>&1 | sed -n 's/.*ERROR: *//p')" 25006
done <<-'EOF'
	CALL peer_mentor.run_nightly()
	SELECT public.pause_mentor(md5('mentor 24')::uuid)
	SELECT peer_mentor.pause_mentor(md5('mentor 24')::uuid)
	SELECT peer_mentor.import_register(md5('organisation 1')::uuid, 'late')
	SELECT peer_mentor.migrate()
	UPDATE public.peer_mentor_status SET status = 'paused' WHERE status = 'active'
EOF
is 'it can be read' "$(PGUSER=keeper pm_value app 'SELECT missing_protection, backlog_due >= 0 FROM job_health')" '{}|t'
ok 'and asked for the state machine' sh -c '[ "$1" -gt 10 ]' sh "$(PGUSER=keeper pm_value app 'SELECT count(*) FROM peer_mentor.status_transitions()')"
is 'promises hold there' "$(pm_psql app -At -f "$checks/promises.sql")" ''

# ---- the primary dies in mid run

pm_use primary
PGUSER=keeper pm_psql app -o /dev/null -c "INSERT INTO register_import (batch, mentor_key, certification_type, issued_on, expires_on)
		SELECT 'due', 'due ' || n, 'basic', '2024-01-01', '2026-02-20' FROM generate_series(1, $mentors) n" \
	-c "SELECT peer_mentor.import_register(md5('organisation 1')::uuid, 'due')" || exit 1
moved() {
	pm_value app "SELECT count(*) FROM peer_mentors m JOIN peer_mentor_status s ON s.mentor_id = m.id WHERE m.external_key LIKE 'due %' AND s.version > 1"
}
PGUSER=keeper "$PM_BIN/psql" -X -q -d app -c "CALL peer_mentor.run_nightly(as_of => '$as_of', batch_size => 2)" >/dev/null 2>&1 &
until [ "$(moved)" -gt 10 ]; do :; done
caught_up
pm_crash primary
wait
pm_use standby
first=$(moved)
ok 'the primary died in mid run' sh -c '[ "$1" -gt 0 ] && [ "$1" -lt "$2" ]' sh "$first" $mentors
pm_ctl standby promote >/dev/null
is 'promises hold on the promoted standby' "$(pm_psql app -At -f "$checks/promises.sql")" ''
is 'the run of the primary stands open' "$(pm_value app "SELECT count(*) FROM job_runs WHERE status = 'running'")" 1
is 'the next run is done there' "$(PGUSER=keeper pm_psql app -c "CALL peer_mentor.run_nightly(as_of => '$as_of')" 2>&1)" ''
is 'and closes the other' "$(pm_value app "SELECT string_agg(status, ' ' ORDER BY started_at) FROM job_runs WHERE as_of = '$as_of'")" 'interrupted succeeded'
is 'every due mentor was moved' "$(moved)" $mentors
is 'promises hold after it' "$(pm_psql app -At -v as_of="$as_of" -f "$checks/promises.sql")" ''
is 'it takes calls again' "$(PGUSER=keeper pm_value app "SELECT (public.pause_mentor(md5('mentor 24')::uuid)).new_status")" paused
done_testing
