# A world for the fault tests, runs in it that can be struck at any step, and what must be so after it.  To be sourced
# after cluster.sh and tap.sh; needs a running server.
#
#   faults_world 30       make database "world" with so many mentors for each step, and know the undisturbed result
#   fresh                 database "try", a copy of it in which no run was yet
#   begin_run [options]   a run there in the background, in batches of one, as soon as faults.reach() watches; the
#                         session stays afterwards
#   faults_reach STEP     wait until it is somewhere in this step; sets worker, nothing where the run was over before
#   end_session           end that session
#   next_run              the run that does the rest
#   is_undisturbed TEXT   compare with the run that nothing disturbed
#   run_without_waiting TEXT  next_run that somebody may make wait
#   hit STEP, hits STEP, rarest    count where runs were struck, and the step that was struck least
#   all_hit TEXT N        every step was struck so often

faults=$PM_ROOT/test/faults
steps='expire move rules restore pauses ladders reminders returns reconcile purge'
runner=

faults_world() { # mentors of each step
	day=$(pm_value postgres 'SELECT current_date')
	as_of=$(pm_value postgres "SELECT (date '$day' + 40 + time '02:15') AT TIME ZONE 'Europe/Oslo'")
	pm_psql postgres -c 'CREATE ROLE keeper LOGIN CREATEROLE' -c 'ALTER ROLE keeper SET peer_mentor.reconcile_per_night = 10000' -c 'CREATE DATABASE world OWNER keeper' || exit 1
	PGUSER=keeper pm_psql world -f "$PM_ROOT/contrib/supabase_parts.sql" -o /dev/null -c 'CREATE EXTENSION peer_mentor' \
		-c 'SELECT peer_mentor.migrate()' -v day="$day" -v each="$1" -f "$faults/world.sql" || exit 1
	pm_psql world -f "$faults/aged.sql" -c 'VACUUM ANALYZE' || exit 1
	fresh
	next_run
	state >"$PM_RUN/undisturbed"
	is 'undisturbed: succeeds' "$(statuses)" succeeded
	is 'undisturbed: every step has work' "$(pm_value try "
		SELECT string_agg(s.key, ' ' ORDER BY s.ordinality) FROM job_runs r, json_each(r.counts::json) WITH ORDINALITY s
		 WHERE r.as_of = '$as_of' AND (SELECT max(c.value::bigint) FROM json_each_text(s.value) c WHERE c.key <> 'up_to') >= $1 - 1" |
		tr ' ' '\n' | sort)" "$(echo "$steps" | tr ' ' '\n' | sort)"
	check_promises 'undisturbed: promises hold'
	next_run
	is 'undisturbed: the same moment again changes nothing' "$(state | diff "$PM_RUN/undisturbed" - | head -n 20)" ''
}

# The checkpoint, because a sequence of a copied database goes back in a crash before the first one: the server takes the
# numbers that its original had logged ahead for logged here as well.
fresh() { # tablespace
	PGUSER=postgres pm_psql postgres -c 'SET client_min_messages = warning' -c 'DROP DATABASE IF EXISTS try WITH (FORCE)' \
		-c "CREATE DATABASE try TEMPLATE world OWNER keeper${1:+ TABLESPACE $1}" -c 'CHECKPOINT' || exit 1
	nth=2
}

state() {
	pm_psql try -At -f "$faults/state.sql"
}

# How the runs of the disturbed night ended, in their order.
statuses() {
	pm_value try "SELECT string_agg(status, ' ' ORDER BY started_at) FROM job_runs WHERE as_of = '$as_of'"
}

# A session of a pool stays connected after its run.
begin_run() { # psql options
	PGUSER=keeper "$PM_BIN/psql" -X -q -d try -v VERBOSITY=verbose "$@" -o /dev/null \
		-c 'SELECT faults.await_watcher()' -c "CALL peer_mentor.run_nightly(as_of => '$as_of', batch_size => 1)" -c 'SELECT pg_sleep(600)' >"$PM_RUN/session" 2>&1 &
	runner=$!
}

end_session() {
	kill $runner 2>/dev/null
	wait $runner 2>/dev/null
}

next_run() {
	PGUSER=keeper pm_psql try -c "CALL peer_mentor.run_nightly(as_of => '$as_of')" 2>&1 | sed 's/^/# /'
}

wait_until() { # sql: until it gives t, half a minute at most
	n=0
	until [ "$(pm_value try "$1" 2>/dev/null)" = t ]; do
		n=$((n + 1))
		[ $n -lt 600 ] || return 1
		sleep 0.05
	done
}

# The step that the disturbed run was in; of a run that ended by itself the last one in which it did anything.  The
# reconciliation shows as the end of the step before it, so there it counts what was aimed at.
struck_step() { # step aimed at
	pm_value try "
		SELECT CASE WHEN '$1' = 'reconcile' AND s.step = 'returns' AND r.counts -> 'returns' -> 'done' = r.counts -> 'returns' -> 'total'
		            THEN 'reconcile' ELSE coalesce(r.step, s.step) END
		  FROM job_runs r, unnest(string_to_array('$steps', ' ')) WITH ORDINALITY s (step, place)
		 WHERE r.as_of = '$as_of' AND r.status NOT IN ('succeeded', 'skipped')
		   AND (SELECT max(c.value::bigint) FROM jsonb_each_text(r.counts -> s.step) c WHERE c.key <> 'up_to') > 0
		 ORDER BY r.started_at, s.place DESC LIMIT 1"
}

# Where it may be that the run waits for somebody: then end it after half a minute.
run_without_waiting() { # description
	next_run &
	waiter=$!
	wait_until "SELECT EXISTS (SELECT FROM job_runs WHERE as_of = '$as_of')"
	ok "$1: the run waits for nobody" wait_until "SELECT NOT EXISTS (SELECT FROM job_runs WHERE status = 'running')"
	pm_value try "SELECT pg_terminate_backend(worker_pid, 10000) FROM job_runs WHERE status = 'running'" >/dev/null
	wait $waiter
}

random() { # less than this
	echo $(($(od -An -N4 -tu4 /dev/urandom) % $1))
}

# After a random part of the step's work, and up to 4 ms later, which is more than a batch of one takes.
faults_moment() { # step
	echo "$nth, '$1', 0.$(random 9)5, 0.00$(random 5)"
}

faults_reach() { # step
	worker=$(pm_value try "SELECT faults.reach($(faults_moment "$1"))")
}

check_promises() { # description
	is "$1" "$(pm_psql try -At -v as_of="$as_of" -f "$PM_ROOT/test/checks/promises.sql" 2>&1 | head -n 20)" ''
}

# Those that hold at any moment, in mid run as well.
check_promises_at_once() { # description
	is "$1" "$(pm_psql try -At -f "$PM_ROOT/test/checks/promises.sql" 2>&1 | head -n 20)" ''
}

is_undisturbed() { # description
	check_promises "$1: promises hold after the next run"
	is "$1: nothing twice, nothing lost" "$(state | diff "$PM_RUN/undisturbed" - | head -n 20)" ''
}

count_hits() {
	for s in $steps; do eval "hits_$s=0"; done
}

hit() { # step
	eval "hits_$1=\$((hits_$1 + 1))"
}

hits() { # step
	eval "echo \$hits_$1"
}

rarest() {
	for s in $steps; do echo "$(hits "$s") $s"; done | sort -s -n -k 1,1 | sed -n '1s/.* //p'
}

is_step() {
	case " $steps " in *" ${1:-none} "*) ;; *) return 1 ;; esac
}

all_hit() { # description least
	is "$1" "$(for s in $steps; do [ "$(hits "$s")" -ge "$2" ] || echo "$s $(hits "$s")"; done)" ''
}

diag_hits() {
	for s in $steps; do diag "$(printf '%-10s %3d' "$s" "$(hits "$s")")"; done
}
