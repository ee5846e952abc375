#!/bin/sh
# Random organisations lived through day by day: mentors, pauses, renewals, suspensions, ladders, time zones, missed and
# repeated nights, compared after each day with a model written from the contract, and with the promises.  The servers'
# clock is simulated (libfaketime), so calls and nightly runs happen on their day, at any hour.
#   SEEDS=1000 DAYS=730 test/scripts/simulation.sh     the whole; without them a slice of it
#   FIRST=501 SEEDS=1000 DAYS=730 ...                  from this seed on
#   SEED=77 DAYS=730 test/scripts/simulation.sh        one seed again
#   JOBS=4                                             servers side by side, by default one for each processor
# At the end the model is broken, one rule after the other, and the comparison has to notice.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server python3 faketime
simulation=$PM_ROOT/test/simulation
jobs=${JOBS:-$(nproc)}
days=${DAYS:-100}
first=${SEED:-${FIRST:-1}}
last=${SEED:-${SEEDS:-50}}
rules='grace last_day from_expiry resume effective_on pause_ended overdue suspended nearest new_rung never_twice portal'
[ -z "${SEED:-}" ] || rules=
happens='event:status_changed event:certification_expired event:certification_renewed event:reminder_due event:return_overdue
	event:mentor_hidden event:mentor_shown event:mentor_removed
	answer:ok answer:mentor_not_found answer:certification_not_found answer:not_allowed answer:invalid_transition
	answer:certification_required answer:already_exists answer:certification_suspended answer:renewal_too_early
	answer:version_conflict answer:idempotency_mismatch answer:invalid_argument
	reason:registered reason:self_pause reason:coordinator_manual_pause reason:self_reactivation reason:coordinator_reactivation
	reason:pause_ended reason:certification_expired reason:certification_suspended reason:certification_renewed
	reason:certification_reinstated reason:requirement_changed reason:direct_update'
# the wrapper knows where the library is
library=$(faketime -f '+0' sh -c 'echo "$LD_PRELOAD"')
[ -n "$library" ] || pm_fail "faketime does not preload its library"
pm_install
export PSQL="$PM_BIN/psql" PYTHONDONTWRITEBYTECODE=1
clocks=$PM_RUN/clocks
mkdir "$clocks"

# A server whose clock stands still at what a file says.
start() { # name
	echo '2027-01-10 02:15:00' >"$clocks/$1"
	# every event is counted at the end, also those superseded long ago
	pm_init "$1" autovacuum=off synchronous_commit=off peer_mentor.keep_delivered_events=36500
	(
		export LD_PRELOAD="$library" FAKETIME_TIMESTAMP_FILE="$clocks/$1" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 TZ=UTC
		export DONT_FAKE_MONOTONIC=1 # the same, for older libraries
		pm_up "$1"
	) || exit 1
	pm_use "$1"
	pm_psql postgres -c 'CREATE ROLE keeper LOGIN CREATEROLE' -c 'CREATE DATABASE template OWNER keeper' || exit 1
	(
		export PGUSER=keeper
		pm_psql template -f "$PM_ROOT/contrib/supabase_parts.sql" &&
			pm_psql template -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()'
	) || exit 1
	pm_psql template -f "$simulation/begin.sql" || exit 1
}

# This job's groups of seeds, then its share of the broken rules.
simulate() { # job
	python3 "$simulation/simulate.py" "$first" "$last" "$days" "$clocks/job$1" "$1" "$jobs"
	turn=0
	for rule in $rules; do
		[ $((turn % jobs)) != "$1" ] ||
			BREAK=$rule python3 "$simulation/simulate.py" 1 25 200 "$clocks/job$1" 0 1
		turn=$((turn + 1))
	done
}

job=0
while [ $job -lt "$jobs" ]; do
	start "job$job"
	job=$((job + 1))
done
job=0
while [ $job -lt "$jobs" ]; do
	pm_use "job$job"
	simulate $job >"$PM_RUN/job$job.tap" 2>&1 &
	job=$((job + 1))
done
wait
cat "$PM_RUN"/job*.tap >"$PM_RUN/found"
while IFS= read -r line; do
	case $line in
	'ok - '*) tap_result 0 "${line#ok - }" ;;
	'not ok - '*) tap_result 1 "${line#not ok - }" ;;
	'# '*) echo "$line" ;;
	'count '*) ;;
	*) diag "$line" ;;
	esac
done <"$PM_RUN/found"
is 'every group of seeds came to its end, and every broken rule' $tap_count $(((last - first) / 25 + 1 + $(echo "$rules" | wc -w)))

# what happened, and how often; too little of it would prove nothing
awk '$1 == "count" { n[$2 " " $3] += $4 } END { for (what in n) print what, n[what] }' "$PM_RUN/found" | sort >"$PM_RUN/counts"
for kind in event answer reason; do
	diag "${kind}s: $(sed -n "s/^$kind //p" "$PM_RUN/counts" | paste -s -d , | sed 's/,/, /g')"
done
missing=
for what in $happens; do
	grep -q "^${what%%:*} ${what#*:} " "$PM_RUN/counts" || missing="$missing $what"
done
[ -n "${SEED:-}" ] || is 'all of it happened' "$missing" ''
done_testing
