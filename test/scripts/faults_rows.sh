#!/bin/sh
# What users do to the rows under a nightly run: triggers that raise for some mentors, rows that stay locked, deadlocks; and
# a clock that as_of sets back and forward.  In every step: the others are not kept waiting, the next run does the rest, and
# the result is that of a night which nothing disturbed.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
. "$PM_ROOT/test/faults/lib.sh"
pm_need server
pm_start rows
faults_world 25

# each group of mentors has three that are disturbed
disturbed="m.display_name ~ '^[a-z]+ (2|10|20)\$'"
mentor_steps=$(echo "$steps" | sed 's/ reconcile purge//')
the_others() { # only lines about mentors whom nothing disturbs
	pm_value try "SELECT m.id FROM peer_mentors m WHERE $disturbed" >"$PM_RUN/disturbed"
	grep -v -F -f "$PM_RUN/disturbed"
}

# What the disturbed run did not do the next one does, and counts.
waiting='^counted\|^changed\|^request\|^failure in\|^run of long\|^finding\|^event .*, t$'
is_undisturbed_for_the_others() { # description
	the_others <"$PM_RUN/undisturbed" | grep -v "$waiting" >"$PM_RUN/undisturbed-others"
	is "$1" "$(state | the_others | grep -v "$waiting" | diff "$PM_RUN/undisturbed-others" - | head -n 20)" ''
}

in_each_step() { # key of the counts
	pm_value try "
		SELECT string_agg(s.step, ' ' ORDER BY s.place) FROM job_runs r, unnest(string_to_array('$steps', ' ')) WITH ORDINALITY s (step, place)
		 WHERE r.as_of = '$as_of' AND r.id = (SELECT l.id FROM job_runs l WHERE l.as_of = '$as_of' ORDER BY l.started_at LIMIT 1) AND (r.counts -> s.step ->> '$1')::bigint > 0"
}

# ---- a trigger raises for some mentors

fresh
PGUSER=keeper pm_psql try -c "CREATE FUNCTION faults.dislike() RETURNS trigger LANGUAGE plpgsql AS \$\$
	DECLARE
		disliked text;
	BEGIN
		IF TG_TABLE_NAME = 'idempotent_requests' THEN
			disliked := CASE WHEN OLD.key LIKE 'pause returns 2_' THEN '2' END;
		ELSE
			SELECT m.display_name INTO disliked FROM public.peer_mentors m WHERE $disturbed AND m.id = coalesce(to_jsonb(NEW) ->> 'mentor_id', to_jsonb(NEW) ->> 'peer_mentor_id')::uuid;
		END IF;
		IF disliked IS NOT NULL THEN
			RAISE 'disliked' USING ERRCODE = CASE substr(disliked, length(disliked)) WHEN '0' THEN '40001' WHEN '2' THEN 'P0001' ELSE '55P03' END;
		END IF;
		RETURN coalesce(NEW, OLD);
	END \$\$"
for t in peer_mentor_status peer_mentor_certifications cert_expiry_reminders pause_records; do
	PGUSER=keeper pm_psql try -c "CREATE TRIGGER dislike BEFORE UPDATE ON $t FOR EACH ROW EXECUTE FUNCTION faults.dislike()"
done
PGUSER=keeper pm_psql try -c 'CREATE TRIGGER dislike BEFORE DELETE ON idempotent_requests FOR EACH ROW EXECUTE FUNCTION faults.dislike()' \
	-c 'CREATE TRIGGER dislike BEFORE UPDATE ON status_discrepancies FOR EACH ROW EXECUTE FUNCTION faults.dislike()'
next_run
is 'raising trigger: the run ends well' "$(statuses)" succeeded
is 'raising trigger: it raised in every step' "$(in_each_step failed)" "$steps"
is 'raising trigger: each failure is kept with its state' \
	"$(pm_value try "SELECT string_agg(DISTINCT f.sqlstate, ' '), bool_and(f.message = 'disliked'), bool_and(f.mentor_id IS NULL = (f.step IN ('reconcile', 'purge'))),
	                        bool_and(f.mentor_id IS NULL OR EXISTS (SELECT FROM peer_mentors m WHERE m.id = f.mentor_id AND $disturbed))
	                   FROM job_run_failures f WHERE f.resolved_at IS NULL")" '40001 P0001|t|t|t'
is 'raising trigger: every other step of the disturbed waits for them' \
	"$(pm_value try "SELECT count(DISTINCT f.step) FROM job_run_failures f WHERE f.resolved_at IS NULL AND f.mentor_id IS NOT NULL")" "$(echo "$mentor_steps" | wc -w)"
check_promises_at_once 'raising trigger: promises hold'
is_undisturbed_for_the_others 'raising trigger: the others are as they should be'
next_run
is 'raising trigger: tried again' "$(pm_value try "SELECT count(*) FILTER (WHERE attempts <> 2) FROM job_run_failures WHERE resolved_at IS NULL AND mentor_id IS NOT NULL")" 0
PGUSER=keeper pm_psql try -c 'DROP FUNCTION faults.dislike() CASCADE' 2>/dev/null
next_run
is 'raising trigger gone: no failure is open' "$(pm_value try 'SELECT step, count(*) FROM job_run_failures WHERE resolved_at IS NULL GROUP BY 1')" ''
check_promises 'raising trigger gone: promises hold'
is 'raising trigger gone: nothing twice, nothing lost' "$(state | grep -v '^failure' | diff "$PM_RUN/undisturbed" - | head -n 20)" ''

# A mentor who was left behind is a finding of that night's reconciliation.
grep -v '^counted \(open\|resolved\)' "$PM_RUN/undisturbed" >"$PM_RUN/undisturbed-counted"

# ---- rows that stay locked for the whole run

# A transaction of somebody else's, which ends when the descriptor is closed.
begin_transaction() { # sql
	rm -f "$PM_RUN/pipe"
	mkfifo "$PM_RUN/pipe"
	PGAPPNAME=other "$PM_BIN/psql" -X -q -d try -o /dev/null <"$PM_RUN/pipe" >"$PM_RUN/other" 2>&1 &
	other=$!
	exec 3>"$PM_RUN/pipe"
	printf 'BEGIN;\n%s;\n' "$1" >&3
	wait_until "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'other' AND state LIKE 'idle in transaction%' AND query NOT LIKE 'BEGIN%')"
}

end_transaction() {
	exec 3>&-
	wait $other
}

fresh
# of each group one in the manner of a deletion
begin_transaction "SELECT FROM peer_mentor_status WHERE mentor_id IN (SELECT m.id FROM peer_mentors m WHERE $disturbed AND m.display_name NOT LIKE '%10') FOR UPDATE;
	SELECT FROM peer_mentors m WHERE $disturbed AND m.display_name LIKE '%10' FOR UPDATE"
run_without_waiting 'rows locked'
is 'rows locked: the run ends well' "$(statuses)" succeeded
is 'rows locked: some were skipped in every step' "$(in_each_step skipped)" "$mentor_steps"
is 'rows locked: nobody failed' "$(in_each_step failed)" ''
is_undisturbed_for_the_others 'rows locked: the others are as they should be'
is 'rows locked: the locked are as they were' "$(pm_value try "
	SELECT count(*) FROM peer_mentor_status_history h JOIN job_runs r ON r.id = h.job_run_id JOIN peer_mentors m ON m.id = h.mentor_id
	 WHERE r.as_of = '$as_of' AND $disturbed")" 0
end_transaction
next_run
check_promises 'rows free: promises hold'
is 'rows free: nothing twice, nothing lost' "$(state | grep -v '^finding about .* certification_ignored, resolved t\|^counted \(open\|resolved\)' | diff "$PM_RUN/undisturbed-counted" - | head -n 20)" ''

# The rows of settings, which somebody is about to change: nobody waits, and what is being changed is not forgotten.
fresh
begin_transaction "UPDATE organisations SET name = name || '.'; UPDATE certification_types SET name = 'x'; SELECT FROM chapters FOR NO KEY UPDATE"
run_without_waiting 'settings locked'
is 'settings locked: the run ends well' "$(statuses)" succeeded
is 'settings locked: nobody is skipped' "$(in_each_step skipped)" ''
end_transaction
next_run
is_undisturbed 'settings free'

# ---- deadlocks with somebody who holds a row that the run writes, and then wants one that the run holds

pm_psql world -c "CREATE FUNCTION faults.entangle(step text, name text, mentor_column text) RETURNS void LANGUAGE plpgsql AS \$\$
	BEGIN
		EXECUTE format('SELECT FROM public.%I WHERE %I = faults.id(%L) FOR UPDATE', name, mentor_column, step || ' 10');
		PERFORM pg_advisory_xact_lock_shared(3);
		WHILE NOT EXISTS (SELECT FROM public.job_runs r WHERE r.status = 'running' AND pg_backend_pid() = ANY (pg_blocking_pids(r.worker_pid))) LOOP
			PERFORM pg_sleep(0.002);
		END LOOP;
		PERFORM FROM public.peer_mentor_status s WHERE s.mentor_id = faults.id(step || ' 10') FOR UPDATE;
	END \$\$"

# Whoever waits longer than his deadlock_timeout is the one to end: the run, or the other.
entangle_all() { # deadlock_timeout of the others, of the run
	fresh
	pm_psql try -c "ALTER ROLE keeper SET deadlock_timeout = '$2'"
	others=
	while read -r step table column; do
		PGOPTIONS="-c deadlock_timeout=$1" pm_psql try -o /dev/null -v VERBOSITY=sqlstate -c "SELECT faults.entangle('$step', '$table', '$column')" >"$PM_RUN/entangled-$step" 2>&1 &
		others="$others $!"
	done <<-'EOS'
		expire peer_mentor_certifications peer_mentor_id
		move pause_records mentor_id
		rules pause_records mentor_id
		restore peer_mentor_certifications peer_mentor_id
		pauses pause_records mentor_id
		ladders cert_expiry_reminders mentor_id
		reminders cert_expiry_reminders mentor_id
		returns pause_records mentor_id
	EOS
	wait_until "SELECT count(*) = $(echo "$mentor_steps" | wc -w) FROM pg_locks WHERE locktype = 'advisory' AND objid = 3 AND granted"
	next_run
	wait $others
	cat "$PM_RUN"/entangled-*
	pm_psql try -c 'ALTER ROLE keeper RESET deadlock_timeout'
}

deadlocks() {
	pm_value try "SELECT pg_stat_force_next_flush(), deadlocks FROM pg_stat_database WHERE datname = 'try'" | cut -d '|' -f 2
}

is 'deadlock: the run gives way in every step, and the others are not told' "$(entangle_all 60s 400ms)" ''
# or more: a mentor who is tried alone may meet the same one again
ok 'deadlock: there was one in every step' test "$(deadlocks)" -ge "$(echo "$mentor_steps" | wc -w)"
is 'deadlock: the run ends well' "$(statuses)" succeeded
is 'deadlock: nobody failed' "$(in_each_step failed)" ''
next_run
is_undisturbed 'deadlock'
is 'deadlock: else it is told to the others' "$(entangle_all 1ms 60s | sort | uniq -c | tr -s ' ')" " $(echo "$mentor_steps" | wc -w) ERROR: 40P01"
is 'deadlock: and the run ends well' "$(statuses)" succeeded
is_undisturbed 'deadlock of the others'

# ---- the clock goes back and forward, and runs are cut short

standing() {
	pm_value try "SELECT mentor_id, status = 'expired_cert' FROM peer_mentor_status ORDER BY 1"
	state | grep ^certification
}

told_twice() {
	pm_value try "SELECT 'event', mentor_id, event_type, payload ->> 'certification_type', payload ->> 'expires_at', payload ->> 'rung', payload ->> 'expected_return_date', count(*)
		  FROM outbox_events WHERE event_type IN ('reminder_due', 'certification_expired', 'return_overdue') GROUP BY 2, 3, 4, 5, 6, 7 HAVING count(*) > 1"
	pm_value try "SELECT 'rung', r.mentor_id, r.certification_type, r.reminders_sent FROM cert_expiry_reminders r
		 WHERE cardinality(r.reminders_sent) <> (SELECT count(DISTINCT e.payload ->> 'rung') FROM outbox_events e WHERE e.event_type = 'reminder_due'
		           AND (e.mentor_id, e.payload ->> 'certification_type', e.payload ->> 'expires_at') = (r.mentor_id, r.certification_type, r.expiry_date::text))"
}

tonight=$as_of
fresh
next_run
standing >"$PM_RUN/standing"
for walk in $(seq "${WALKS:-2}"); do
	fresh
	past=
	for night in 1 2 3 4 5; do
		past="$past $(($(random 240) - 40))"
		as_of=$(pm_value try "SELECT timestamptz '$tonight' + interval '${past##* } days'")
		if [ $((night % 2)) = 1 ]; then
			# late nights have purged earlier runs
			nth=$(pm_value try "SELECT count(*) + 1 FROM job_runs WHERE status <> 'skipped' AND worker_pid <> 1")
			begin_run
			worker=$(pm_value try "SELECT w FROM faults.reach($(faults_moment "$(echo "$steps" | cut -d ' ' -f $(($(random 9) + 1)))")) w, pg_cancel_backend(w)")
			wait_until "SELECT NOT EXISTS (SELECT FROM job_runs WHERE status = 'running')"
			end_session
			check_promises_at_once "clock moved by$past days, cut short: promises hold"
		else
			next_run
			check_promises "clock moved by$past days: promises hold"
		fi
	done
	as_of=$tonight
	next_run
	check_promises "clock moved by$past days and back: promises hold"
	is "clock moved by$past days and back: all stand as if it had not moved" "$(standing | diff "$PM_RUN/standing" - | head -n 20)" ''
	is "clock moved by$past days and back: nothing was told twice" "$(told_twice)" ''
done
done_testing
