#!/bin/sh
# Calls that wait for a mentor's row over local midnight: what they decide and write is of the day on which they got it.
# The server's clock stands still at what a file says (libfaketime).
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server faketime
library=$(faketime -f '+0' sh -c 'echo "$LD_PRELOAD"')
[ -n "$library" ] || pm_fail "faketime does not preload its library"
pm_install
clock=$PM_RUN/clock
echo '2027-03-31 21:59:00' >"$clock" # an Oslo midnight in summer is at 22:00 UTC
pm_init midnight autovacuum=off
(
	export LD_PRELOAD="$library" FAKETIME_TIMESTAMP_FILE="$clock" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 TZ=UTC
	export DONT_FAKE_MONOTONIC=1 # the same, for older libraries
	pm_up midnight
) || exit 1
pm_use midnight
pm_psql postgres -c 'CREATE ROLE keeper LOGIN CREATEROLE' -c 'CREATE DATABASE midnight OWNER keeper' || exit 1
export PGUSER=keeper
pm_psql midnight -f "$PM_ROOT/contrib/supabase_parts.sql" -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' || exit 1
mentor() { printf "'00000000-0000-4000-8000-00000000000%s'" "$1"; }
pm_psql midnight -o /dev/null -c "
	INSERT INTO organisations (id, name) VALUES ($(mentor 0), 'oslo');
	INSERT INTO certification_types (organisation_id, code) VALUES ($(mentor 0), 'course');
	INSERT INTO peer_mentors (id, organisation_id) SELECT id::uuid, $(mentor 0) FROM unnest(ARRAY[$(mentor 1), $(mentor 2), $(mentor 3)]) id;
	SELECT record_certification($(mentor 2), 'course', '2026-01-01', '2027-03-31');
	SELECT pause_mentor($(mentor 3))" || exit 1

# one who holds all the rows while the day ends
mkfifo "$PM_RUN/holder"
pm_psql midnight -o /dev/null -f "$PM_RUN/holder" &
exec 3>"$PM_RUN/holder"
echo 'BEGIN; SELECT FROM peer_mentor_status FOR NO KEY UPDATE; SET application_name = holding;' >&3

waiting() {
	pm_value midnight "SELECT count(*) FROM pg_stat_activity WHERE $1"
}
until_so() { # condition number
	tries=0
	while [ "$(waiting "$1")" != "$2" ] && [ $tries -lt 300 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	is "$3" "$(waiting "$1")" "$2"
}
until_so "application_name = 'holding'" 1 'the rows are held'
pm_psql midnight -At -c "SELECT new_status FROM pause_mentor($(mentor 1))" >"$PM_RUN/pause" 2>&1 &
pm_psql midnight -At -c "SELECT new_status FROM pause_mentor($(mentor 2))" >"$PM_RUN/lapsed" 2>&1 &
pm_psql midnight -At -c "SELECT set_return_date($(mentor 3), '2027-03-31')" >"$PM_RUN/past" 2>&1 &
until_so "wait_event_type = 'Lock'" 3 'three calls wait'
echo '2027-03-31 22:01:00' >"$clock"
echo 'COMMIT;' >&3
exec 3>&-
wait

newest() { pm_value midnight "SELECT new_status, reason, effective_on, changed_at FROM peer_mentor_status_history WHERE mentor_id = $(mentor "$1") ORDER BY version DESC LIMIT 1"; }
is 'a pause holds from the new day' "$(cat "$PM_RUN/pause") $(newest 1)" 'paused paused|coordinator_manual_pause|2027-04-01|2027-03-31 22:01:00+00'
is 'what was valid until midnight has lapsed' "$(cat "$PM_RUN/lapsed") $(newest 2)" 'expired_cert expired_cert|certification_expired|2027-04-01|2027-03-31 22:01:00+00'
is 'yesterday is no return date' "$(grep -c 'lies before today, 2027-04-01' "$PM_RUN/past")" 1
done_testing
