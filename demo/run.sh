#!/bin/sh
# The life of a roster on a private server: import, a nightly run under pg_cron, what it leaves behind.
#   demo/run.sh                     a generated roster of 10,000 mentors
#   REGISTER=file.csv demo/run.sh   the public licence register that examples/licences.sql reads
#   KEEP=1 demo/run.sh              leaves the server up
. "$(dirname "$0")/../test/lib/cluster.sh"
case ${REGISTER:-} in '' | /*) ;; *) REGISTER=$PWD/$REGISTER ;; esac
[ -z "${REGISTER:-}" ] || [ -r "$REGISTER" ] || pm_fail "cannot read $REGISTER"
demo=$PM_ROOT/demo

heading() { printf '\n== %s\n\n' "$*"; }
as_owner() { pm_psql demo -P footer=off "$@" || pm_fail 'the demonstration failed'; }

status_counts() {
	as_owner -c "SELECT coalesce(o.name, 'all') AS organisation, count(*) AS mentors, count(*) FILTER (WHERE s.status = 'active') AS active,
			count(*) FILTER (WHERE s.status = 'paused') AS paused, count(*) FILTER (WHERE s.status = 'expired_cert') AS expired_cert
		FROM peer_mentor_status s JOIN peer_mentors m ON m.id = s.mentor_id JOIN organisations o ON o.id = m.organisation_id
		GROUP BY ROLLUP (o.name) ORDER BY o.name"
}

heading 'A private server'
pm_need server cron
pm_start demo cron=demo
echo "PostgreSQL $(pm_value postgres 'SHOW server_version') in $(pm_data demo)"
pm_psql postgres -c 'CREATE ROLE mentors LOGIN CREATEROLE' -c 'CREATE DATABASE demo OWNER mentors' &&
	pm_psql demo -c 'CREATE EXTENSION pg_cron' -c 'GRANT USAGE ON SCHEMA cron TO mentors' || exit 1

heading 'Install, as the owner of the database, who is no superuser'
PGUSER=mentors
as_owner -f "$PM_ROOT/contrib/supabase_parts.sql"
as_owner -c 'CREATE EXTENSION peer_mentor'
as_owner -c 'SELECT * FROM peer_mentor.migrate()'

if [ -n "${REGISTER:-}" ]; then
	heading "Import of $REGISTER"
	as_owner -f "$PM_ROOT/examples/licences.sql" <"$REGISTER"
	as_owner -c "INSERT INTO organisations (name, time_zone) VALUES ('City of Chicago', 'America/Chicago')"
	as_owner -c "SELECT o.name AS organisation, i.* FROM organisations o
		CROSS JOIN LATERAL peer_mentor.import_register(o.id, 'licences', create_missing => true) i"
else
	heading 'Import of a generated roster'
	as_owner -f "$demo/roster.sql"
	as_owner -c 'SELECT o.name AS organisation, i.*
		FROM organisations o CROSS JOIN LATERAL peer_mentor.import_register(o.id, o.id::text) i ORDER BY o.name'
fi
as_owner -c "SELECT split_part(error, ':', 1) AS \"rows that were rejected\", count(*) FROM register_import
	WHERE error IS NOT NULL GROUP BY 1 ORDER BY 2 DESC"
status_counts
PGOPTIONS='-c client_min_messages=error' as_owner -c 'ANALYZE'

heading 'The nightly run, by pg_cron'
as_owner -c "SELECT peer_mentor.schedule_nightly('* * * * *') AS \"pg_cron's job\""
echo 'Waiting for the next minute. What follows is read from job_runs by another session.'
as_owner -f "$demo/watch.sql" 2>&1 | sed -u 's/^psql:[^ ]* //; s/^NOTICE:  //'
echo
as_owner -c 'SELECT peer_mentor.schedule_nightly() AS "the same job, now at 02:15"'
run=$(pm_value demo "SELECT id FROM job_runs WHERE status = 'succeeded' ORDER BY started_at LIMIT 1")
[ -n "$run" ] || pm_fail 'the nightly run did not succeed'
as_owner -v run="$run" -f "$demo/after.sql"

heading 'After it'
status_counts
broken=$(as_owner -At -v as_of="$(pm_value demo "SELECT as_of FROM job_runs WHERE id = '$run'")" -f "$PM_ROOT/test/checks/promises.sql") || exit 1
[ -z "$broken" ] || pm_fail "broken promises: $broken"
echo 'The promises hold: test/checks/promises.sql finds no row.'

heading 'The state machine'
as_owner -At -c "SELECT peer_mentor.status_diagram('mermaid')"

[ "${KEEP:-0}" != 1 ] || heading "Connect with: $PM_BIN/psql -h $(pm_socket demo) -U mentors demo"
PGUSER=postgres
