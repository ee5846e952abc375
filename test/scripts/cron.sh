#!/bin/sh
# versions: all
# schedule_nightly() and unschedule_nightly() through a real pg_cron, and what they say where it is not.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"

pm_need server cron
pm_start main postgres cron=app

# A database as a non-superuser has it: installed by the role that owns the storage.
make_database() {
	pm_psql postgres -c "CREATE DATABASE $1 OWNER keeper"
	PGUSER=keeper pm_psql "$1" -f "$PM_ROOT/contrib/supabase_parts.sql"
	PGUSER=keeper pm_psql "$1" -c 'CREATE EXTENSION peer_mentor' -c 'SELECT FROM peer_mentor.migrate()' >/dev/null
}

as_keeper() {
	PGUSER=keeper pm_value "$@"
}

# SQLSTATE, message and hint of a statement that fails
failure_of() {
	PGUSER=keeper pm_psql "$1" -v VERBOSITY=verbose -c "$2" 2>&1 | sed -n 's/^ERROR:  //p; s/^HINT:  //p'
}

wait_for() { # database sql: until it gives t, two minutes at most
	tries=0
	until [ "$(pm_value "$1" "$2" 2>/dev/null)" = t ]; do
		tries=$((tries + 1))
		[ $tries -lt 240 ] || return 1
		sleep 0.5
	done
}

pm_psql postgres -c 'CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role; CREATE ROLE keeper LOGIN'
make_database app
make_database other

is 'without pg_cron in its own database it says so' \
	"$(failure_of app "SELECT peer_mentor.schedule_nightly()" | head -n 1)" '55000: pg_cron is not installed in this database'
is 'and what to do' "$(failure_of app "SELECT peer_mentor.schedule_nightly()" | grep -c 'CREATE EXTENSION pg_cron')" 1
is 'in another database than pg_cron'\''s it names that one' \
	"$(failure_of other "SELECT peer_mentor.schedule_nightly()" | head -n 1)" '55000: pg_cron lives in database "app", not in "other"'
is 'with the call to make there' \
	"$(failure_of other "SELECT peer_mentor.schedule_nightly()" | grep -c "cron.schedule_in_database('peer_mentor_nightly'")" 1

pm_psql app -c 'CREATE EXTENSION pg_cron; GRANT USAGE ON SCHEMA cron TO keeper'
is 'NULL is refused' "$(failure_of app "SELECT peer_mentor.schedule_nightly(NULL)")" '22023: argument "schedule" must not be null'
is 'a malformed schedule is refused' "$(failure_of app "SELECT peer_mentor.schedule_nightly('at night')" | head -n 1 | cut -c 1-6)" '22023:'

as_keeper app "SELECT peer_mentor.schedule_nightly()" >/dev/null
is 'scheduled by default at 02:15' "$(pm_value app 'SELECT schedule FROM cron.job')" '15 2 * * *'
as_keeper app "SELECT peer_mentor.schedule_nightly('* * * * *')" >/dev/null
is 'scheduling again replaces' "$(pm_value app "SELECT count(*), min(schedule), min(username), min(command) FROM cron.job")" \
	'1|* * * * *|keeper|CALL peer_mentor.run_nightly()'

as_keeper app "INSERT INTO organisations (id, name) VALUES ('00000000-0000-0000-0000-00000000000a', 'A');
	INSERT INTO certification_types (organisation_id, code) VALUES ('00000000-0000-0000-0000-00000000000a', 'base');
	INSERT INTO register_import (mentor_key, certification_type, issued_on, expires_on)
	SELECT 'm' || i, 'base', '2020-01-01', '2022-01-01' FROM generate_series(1, 50) i;
	SELECT peer_mentor.import_register('00000000-0000-0000-0000-00000000000a')" >/dev/null
ok 'pg_cron really runs it' wait_for app "SELECT EXISTS (SELECT FROM job_runs WHERE status = 'succeeded' AND counts -> 'expire' ->> 'moved' = '50')"
is 'and all mentors are moved' "$(pm_value app "SELECT count(*) FROM peer_mentor_status WHERE status = 'expired_cert'")" 50
is 'pg_cron saw it succeed' "$(pm_value app "SELECT bool_and(status = 'succeeded') FROM cron.job_run_details WHERE status <> 'running'")" t
is 'job_health sees the launcher' "$(pm_value app 'SELECT cron_launcher_running FROM job_health')" t

is 'unscheduled' "$(as_keeper app 'SELECT peer_mentor.unschedule_nightly()')" t
is 'nothing is left' "$(pm_value app 'SELECT count(*) FROM cron.job')" 0
is 'unscheduling again is no error' "$(as_keeper app 'SELECT peer_mentor.unschedule_nightly()')" f

done_testing
