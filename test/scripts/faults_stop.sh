#!/bin/sh
# versions: all
# The nightly run is told to stop, in every step: by a cancel, by the end of its session, by a fast shutdown, by the loss of
# its client.  It says itself how it ended, the next run does the rest, and the result is that of a night which nothing
# disturbed.  Beside it: a second run at once, and timeouts of the role.
#   ROUNDS=4 test/scripts/faults_stop.sh   each kind of stop in every step; otherwise each step once
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
. "$PM_ROOT/test/faults/lib.sh"
pm_need server
rounds=${ROUNDS:-1}
pm_start stop
faults_world 25

session_says() { # pattern
	grep -c "$1" "$PM_RUN/session"
}

gone() {
	wait_until "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $worker)"
}

how_it_ended() {
	pm_value try "SELECT status, error FROM job_runs WHERE as_of = '$as_of'"
}

# The session that waits for the moment strikes itself, so that nothing is lost in between.
strike_cancel() { # step
	worker=$(pm_value try "SELECT w FROM faults.reach($(faults_moment "$1")) w, pg_cancel_backend(w)")
	wait_until "SELECT NOT EXISTS (SELECT FROM job_runs WHERE status = 'running')"
}

check_cancel() {
	is "$at: the run says so itself" "$(how_it_ended)" 'interrupted|canceling statement due to user request'
	is "$at: its client is told" "$(session_says 'ERROR:  57014:')" 1
	ok "$at: the session goes on" wait_until "SELECT query LIKE '%pg_sleep%' AND state = 'active' FROM pg_stat_activity WHERE pid = $worker"
	pm_value try "SELECT pg_cancel_backend($worker)" >/dev/null
	ok "$at: and can be cancelled" wait_until "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $worker AND state = 'active')"
	is "$at: and its client is told again" "$(session_says 'ERROR:  57014:')" 2
}

strike_terminate() {
	worker=$(pm_value try "SELECT w FROM faults.reach($(faults_moment "$1")) w, pg_terminate_backend(w, 20000)")
}

check_terminate() {
	is "$at: the run says so itself" "$(how_it_ended)" 'interrupted|the worker was told to stop'
	ok "$at: the session ends" gone
	is "$at: its client is told" "$(session_says 'FATAL:  57P01:')" 1
}

strike_shutdown() {
	faults_reach "$1"
	pm_down stop fast
	pm_up stop
}

check_shutdown() {
	is "$at: the run says so itself" "$(how_it_ended)" 'interrupted|the worker was told to stop'
}

# A worker that looks after its client, as client_connection_check_interval makes it, ends without a word.
strike_lost() {
	cat >"$PM_RUN/strike.sql" <<-EOS
		SELECT coalesce(faults.reach($(faults_moment "$1")), 0) AS worker \\gset
		\\! kill -9 $runner
		\\echo :worker
	EOS
	worker=$(pm_psql try -f "$PM_RUN/strike.sql" 2>/dev/null)
	gone
}

check_lost() {
	is "$at: the run stands open" "$(how_it_ended)" 'running|'
}

# So that the step lasts until the client's loss is noticed, or the server is told.
slow_down() {
	PGUSER=keeper pm_psql try -c "CREATE FUNCTION faults.slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_catalog.pg_sleep(0.004); RETURN NEW; END'"
	for t in peer_mentor_status cert_expiry_reminders pause_records job_runs; do
		PGUSER=keeper pm_psql try -c "CREATE TRIGGER slow AFTER UPDATE ON $t FOR EACH ROW EXECUTE FUNCTION faults.slow()"
	done
}

# Round n begins with another kind, so that after as many rounds as kinds each has met every step.
kinds='cancel terminate shutdown lost'
kind_of() { # step round
	place=0
	for s in $steps; do [ "$s" = "$1" ] && break || place=$((place + 1)); done
	echo "$kinds" | cut -d ' ' -f $(((place + $2) % 4 + 1))
}

stop_at() { # step kind: 1 where the moment was missed
	fresh
	case $2 in
	lost)
		slow_down
		begin_run -c 'SET client_connection_check_interval = 10'
		;;
	shutdown)
		slow_down
		begin_run
		;;
	*) begin_run ;;
	esac
	"strike_$2" "$1"
	step=$(struck_step "$1")
	if [ "$step" != "$1" ]; then
		end_session
		return 1
	fi
	at="$2 in $1"
	"check_$2"
	end_session
	check_promises_at_once "$at: promises hold at once"
	next_run
	is "$at: the next run does the rest" "$(statuses)" 'interrupted succeeded'
	is_undisturbed "$at"
}

count_hits
for round in $(seq "$rounds"); do
	for step in $steps; do
		target=$step tries=0
		until stop_at "$target" "$(kind_of "$target" "$round")" || [ $tries = 10 ]; do tries=$((tries + 1)); done
		[ $tries = 10 ] || hit "$target"
	done
done
all_hit "every step was stopped in" "$rounds"
diag_hits

# ---- a client that is lost and not looked after: the run goes on without it

fresh
begin_run
strike_lost move
is 'unnoticed loss: the run ends as it would have' "$(statuses)" succeeded
end_session
is_undisturbed 'unnoticed loss'

# ---- what a run leaves behind in its session

for call in "CALL peer_mentor.run_nightly(as_of => '$as_of')" 'CALL peer_mentor.run_nightly()' "CALL peer_mentor.run_nightly(batch_size => 0)"; do
	PGUSER=keeper PGAPPNAME=former "$PM_BIN/psql" -X -q -d try -c "$call" -f - >/dev/null 2>&1 <<-EOF &
		SELECT 'idle from now on';
		\! sleep 60
	EOF
	former=$!
	wait_until "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'former' AND state = 'idle' AND query LIKE '%idle from%')"
	is "after $call: an idle session is terminated" "$(pm_value try "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'former'")" t
	kill $former 2>/dev/null
	wait $former 2>/dev/null
done

# ---- timeouts of the role do not end a run, which is longer than they are

fresh
slow_down
timeouts=
for setting in statement_timeout lock_timeout idle_in_transaction_session_timeout idle_session_timeout transaction_timeout; do
	case $setting in
	transaction_timeout) [ "$PM_MAJOR" -ge 17 ] || continue ;;
	esac
	pm_psql try -c "ALTER ROLE keeper SET $setting = '100ms'"
	timeouts="$timeouts $setting"
done
PGUSER=keeper pm_psql try -c "SELECT count(*) FROM peer_mentor.status_transitions()" -c "CALL peer_mentor.run_nightly(as_of => '$as_of')" >"$PM_RUN/timeouts" 2>&1
for setting in $timeouts; do pm_psql try -c "ALTER ROLE keeper RESET $setting"; done
is 'timeouts: the run was longer' "$(pm_value try "SELECT max(finished_at - started_at) > interval '1 s' FROM job_runs WHERE as_of = '$as_of'")" t
is 'timeouts: it ends well' "$(statuses)" succeeded
is_undisturbed 'timeouts'

# ---- a second run at once, in every step of the first

fresh
for s in $steps; do
	echo "SELECT faults.reach(2, '$s', 0) IS NOT NULL;"
	echo "CALL peer_mentor.run_nightly(as_of => '$as_of');"
done >"$PM_RUN/second.sql"
slow_down
begin_run
is 'second run: came in every step' "$(PGOPTIONS='-c client_min_messages=error' pm_psql try -At -f "$PM_RUN/second.sql" | sort | uniq -c | tr -s ' ')" " $(echo "$steps" | wc -w) t"
wait_until "SELECT NOT EXISTS (SELECT FROM job_runs WHERE status = 'running')"
end_session
is 'second run: skipped each time' "$(pm_value try "SELECT status, count(*) FROM job_runs WHERE as_of = '$as_of' GROUP BY 1 ORDER BY 1" | tr '\n' ' ')" \
	"skipped|$(echo "$steps" | wc -w) succeeded|1 "
is_undisturbed 'second run'
fresh
echo "CALL peer_mentor.run_nightly(as_of => '$as_of', batch_size => 3);" >"$PM_RUN/call.sql"
ok 'eight sessions at once' env PGUSER=keeper PGOPTIONS='-c client_min_messages=error' "$PM_BIN/pgbench" -n -c 8 -j 2 -t 3 -f "$PM_RUN/call.sql" try
is 'eight sessions: each run is done or skipped, some are skipped' \
	"$(pm_value try "SELECT count(*), count(*) FILTER (WHERE status = 'succeeded') > 0, count(*) FILTER (WHERE status = 'skipped') > 0,
	                        count(*) FILTER (WHERE status NOT IN ('succeeded', 'skipped')) FROM job_runs WHERE as_of = '$as_of'")" '24|t|t|0'
is_undisturbed 'eight sessions'
done_testing
