#!/bin/sh
# A standby is promoted while a run goes on at the primary, in every step; the primary is lost with what had not reached the
# standby.  The next run is the new primary's: it takes over, does the rest, and the result is that of a night which nothing
# disturbed.
#   STEPS=all test/scripts/faults_promotion.sh   in every step; otherwise in two of them
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
. "$PM_ROOT/test/faults/lib.sh"
pm_need server
pm_start primary
primary=$PGHOST
faults_world 25

make_standby() {
	pm_stop standby 2>/dev/null
	# the pieces that pm_init would make
	pm_folder "$PM_RUN/standby"
	pm_folder "$(pm_socket standby)"
	echo postgres >"$PM_RUN/standby/role"
	echo "$PM_BIN" >"$PM_RUN/standby/bin"
	pm_as "$PM_BIN/pg_basebackup" -h "$primary" -U postgres -D "$(pm_data standby)" -R -c fast --no-sync || exit 1
	pm_set standby "unix_socket_directories=$(pm_socket standby)" "primary_conninfo=host=$primary port=5432 user=postgres"
	pm_up standby
}

# The one that waits for the moment is on the standby: it sees the run where it is there.  Advisory locks are not copied, so
# the run begins by itself, and slowly.
slowly() {
	PGUSER=keeper pm_psql try -c "CREATE FUNCTION faults.slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_catalog.pg_sleep(0.01); RETURN NEW; END'" \
		-c 'CREATE TRIGGER slow AFTER UPDATE ON job_runs FOR EACH ROW EXECUTE FUNCTION faults.slow()'
}

# Somewhere in the step, as far as it is known here.
wait_on_standby() { # step
	until_some=$(random 15)
	n=0
	until [ "$(pm_value try "SELECT step = '$1' AND coalesce((counts -> step ->> 'done')::integer > $until_some, true) OR status <> 'running' FROM job_runs WHERE as_of = '$as_of'" 2>/dev/null)" = t ]; do
		n=$((n + 1))
		[ $n -lt 3000 ] || return 1
	done
}

promote_in() { # step: 1 where the moment was missed
	pm_use primary
	fresh
	slowly
	make_standby
	PGUSER=keeper PGHOST=$primary "$PM_BIN/psql" -X -q -d try -c "CALL peer_mentor.run_nightly(as_of => '$as_of', batch_size => 1)" >/dev/null 2>&1 &
	runner=$!
	wait_on_standby "$1"
	# the run goes on at the primary meanwhile
	pm_ctl standby promote >/dev/null
	pm_crash primary
	wait $runner
	# its step there; the reconciliation does not show
	step=$(struck_step)
	pm_up primary
	pm_use standby
	[ "$step" = "$1" ]
}

count_hits
case ${STEPS:-} in
all) aimed=$(echo "$steps" | sed 's/reconcile //') ;;
*) aimed=$(for s in $steps; do [ "$s" = reconcile ] || echo "$(random 1000) $s"; done | sort -n | sed -n '1,2s/.* //p') ;;
esac
for target in $aimed; do
	tries=0
	until promote_in "$target" || [ $tries = 5 ]; do tries=$((tries + 1)); done
	[ $tries -lt 5 ] || continue
	hit "$target"
	at="promoted in $target"
	check_promises_at_once "$at: promises hold"
	is "$at: the primary's run stands open" "$(statuses)" running
	pm_psql try -c 'DROP TRIGGER slow ON job_runs'
	next_run
	is "$at: the next run takes over" "$(statuses)" 'interrupted succeeded'
	is_undisturbed "$at"
done
for s in $aimed; do is "promoted in $s" "$(hits "$s")" 1; done
done_testing
