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

# shorter where pg_cron knows seconds; elsewhere this is refused
as_keeper app "SELECT peer_mentor.schedule_nightly('3 seconds')" >/dev/null 2>&1

import() { # name of the mentors
	as_keeper app "INSERT INTO register_import (batch, mentor_key, certification_type, issued_on, expires_on)
		SELECT '$1', '$1 ' || i, 'base', '2020-01-01', '2022-01-01' FROM generate_series(1, 50) i;
		SELECT peer_mentor.import_register('00000000-0000-0000-0000-00000000000a', '$1')" >/dev/null
}
as_keeper app "INSERT INTO organisations (id, name) VALUES ('00000000-0000-0000-0000-00000000000a', 'A');
	INSERT INTO certification_types (organisation_id, code) VALUES ('00000000-0000-0000-0000-00000000000a', 'base')" >/dev/null

# ---- pg_cron is restarted in mid run, which takes a restart of the server: its launcher, told to stop, does not come back

as_keeper app "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_catalog.pg_sleep(0.1); RETURN NEW; END';
	CREATE TRIGGER slow BEFORE UPDATE ON peer_mentor_status FOR EACH ROW EXECUTE FUNCTION slow()" >/dev/null
import slow
ok 'a run is going on' wait_for app "SELECT EXISTS (SELECT FROM job_runs WHERE status = 'running' AND step = 'expire')"
run=$(pm_value app "SELECT id FROM job_runs WHERE status = 'running'")
pm_value app "SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity WHERE backend_type = 'pg_cron launcher'" >/dev/null
is 'the run goes on without the launcher, whose loss job_health sees' \
	"$(pm_value app "SELECT (SELECT status FROM job_runs WHERE id = '$run'), cron_launcher_running FROM job_health")" 'running|f'
pm_down main fast
pm_up main
is 'stopped with the server it says so' "$(pm_value app "SELECT status, error FROM job_runs WHERE id = '$run'")" 'interrupted|the worker was told to stop'
as_keeper app 'DROP TRIGGER slow ON peer_mentor_status' >/dev/null
is 'promises hold' "$(pm_psql app -At -f "$PM_ROOT/test/checks/promises.sql")" ''

# ---- and the new one goes on

began=$(pm_value app 'SELECT clock_timestamp()')
import m
ok 'pg_cron really runs it' wait_for app "SELECT EXISTS (SELECT FROM job_runs WHERE status = 'succeeded' AND started_at > '$began' AND (counts -> 'expire' ->> 'moved')::integer >= 50)"
is 'and all mentors are moved, once' "$(pm_value app "SELECT count(*), sum(version), (SELECT count(*) FROM outbox_events WHERE event_type = 'status_changed') FROM peer_mentor_status WHERE status = 'expired_cert'")" '100|200|100'
is 'promises hold after it' "$(pm_psql app -At -v as_of="$(pm_value app "SELECT max(as_of) FROM job_runs WHERE status = 'succeeded'")" -f "$PM_ROOT/test/checks/promises.sql")" ''
ok 'pg_cron saw it succeed' wait_for app "SELECT bool_and(status = 'succeeded') FROM cron.job_run_details WHERE status <> 'running' AND start_time > '$began'"
is 'job_health sees the launcher' "$(pm_value app 'SELECT cron_launcher_running FROM job_health')" t

is 'unscheduled' "$(as_keeper app 'SELECT peer_mentor.unschedule_nightly()')" t
is 'nothing is left' "$(pm_value app 'SELECT count(*) FROM cron.job')" 0
is 'unscheduling again is no error' "$(as_keeper app 'SELECT peer_mentor.unschedule_nightly()')" f

done_testing
