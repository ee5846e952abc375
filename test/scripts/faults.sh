#!/bin/sh
# The worker of the nightly run and the whole server are killed with -9 at random moments of every step: the promises hold
# after it, the next run takes over and does the rest, and the result is that of a night which nothing disturbed.
#   KILLS=200 test/scripts/faults.sh   so many kills; otherwise one in each step
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
. "$PM_ROOT/test/faults/lib.sh"
pm_need server
kills=${KILLS:-10}
# a page torn by the crash would be the server's own business
pm_start faults full_page_writes=on
faults_world 25

wait_for_server() {
	n=0
	until pm_value postgres 'SELECT 1' >/dev/null 2>&1; do
		n=$((n + 1))
		[ $n -lt 600 ] || pm_fail 'the server did not come back'
		sleep 0.05
	done
}

# The session that waits for the moment strikes itself, so that nothing is lost in between.  Then it waits to be ended by
# the server, which restarts everything after such a death; until then a new session could still be let in.
kill_worker() { # step
	cat >"$PM_RUN/strike.sql" <<-EOS
		SELECT coalesce(faults.reach($(faults_moment "$1")), 0) AS worker \\gset
		SELECT :worker = 0 AS missed \\gset
		\\if :missed
			\\q
		\\endif
		\\setenv WORKER :worker
		\\! kill -9 \$WORKER
		SELECT pg_sleep(60);
	EOS
	pm_psql try -f "$PM_RUN/strike.sql" >/dev/null 2>&1
	wait_for_server
}

kill_server() { # step
	faults_reach "$1"
	pm_crash faults
	pm_up faults
}

# A moment may be missed, so the step that was struck least is aimed at next.
count_hits
total=0 missed=0 workers=0 servers=0
while [ $total -lt "$kills" ] && [ $missed -lt $((kills + 20)) ]; do
	if [ $((total % 2)) = 0 ]; then kind=worker; else kind=server; fi
	fresh
	begin_run
	aimed=$(rarest)
	kill_$kind "$aimed"
	end_session
	step=$(struck_step "$aimed")
	if ! is_step "$step"; then
		missed=$((missed + 1))
		continue
	fi
	total=$((total + 1))
	hit "$step"
	eval "${kind}s=\$((${kind}s + 1))"
	at="$kind killed in $step"
	case $step in
	reconcile | purge) ;;
	*) at="$at after $(pm_value try "SELECT format('%s of %s', counts -> step -> 'done', counts -> step -> 'total') FROM job_runs WHERE status = 'running'")" ;;
	esac
	check_promises_at_once "$at: promises hold at once"
	next_run
	is "$at: the next run takes over" "$(statuses)" 'interrupted succeeded'
	is_undisturbed "$at"
done
is 'as many kills as wanted' $total "$kills"
all_hit 'in every step' $((kills < 90 ? 1 : kills / 15))
diag "kills: $total ($workers of the worker, $servers of the server; $missed moments missed)"
diag_hits
done_testing
