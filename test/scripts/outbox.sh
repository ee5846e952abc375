#!/bin/sh
# 8 delivery workers and a writer on a real server; workers are killed with SIGKILL at random and replaced.  When all is
# delivered nothing was lost, a consumer that honours the key event_id:recipient got nothing twice, and the events of each
# mentor came in order.  And: a waiting worker is woken, and every payload is as docs/events says.
#   MINUTES=10 test/scripts/outbox.sh     the whole; without it some seconds of it
#   SEED=7                                another storm
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server python3 python3-psycopg2 python3-jsonschema
seconds=$((${MINUTES:-0} * 60))
[ $seconds -gt 0 ] || seconds=6
seed=${SEED:-20261121}
outbox=$PM_ROOT/test/outbox
pm_install
pm_start outbox synchronous_commit=off
pm_psql postgres -c 'CREATE ROLE keeper LOGIN CREATEROLE' -c 'CREATE DATABASE outbox OWNER keeper' || exit 1
PGUSER=keeper pm_psql outbox -f "$PM_ROOT/contrib/supabase_parts.sql" -o /dev/null -c 'CREATE EXTENSION peer_mentor' \
	-c 'SELECT peer_mentor.migrate()' || exit 1
pm_psql outbox -f "$outbox/begin.sql" || exit 1

# ---- a worker that waits is woken, once for a transaction

wakes() { # statement
	"$PM_PYTHON" - "dbname=outbox user=keeper" "$1" <<'PY'
import select, sys
import psycopg2
listener, writer = psycopg2.connect(sys.argv[1]), psycopg2.connect(sys.argv[1])
listener.autocommit = writer.autocommit = True
listener.cursor().execute('LISTEN peer_mentor_outbox')
writer.cursor().execute(sys.argv[2])
while select.select([listener], [], [], 1)[0]:
    listener.poll()
print(' '.join(sorted(n.payload for n in listener.notifies)))
PY
}
is 'a change wakes both channels' "$(wakes "SELECT pause_mentor(md5('m1')::uuid)")" 'notification portal_sync'
is 'a thousand changes of a transaction wake each once' "$(wakes "DO \$\$ BEGIN FOR i IN 1 .. 10 LOOP
	PERFORM reactivate_mentor(md5('m' || m)::uuid), pause_mentor(md5('m' || m)::uuid) FROM generate_series(1, 1) m; END LOOP; END \$\$")" 'notification portal_sync'
is 'peer_mentor.notify = off wakes nobody' "$(wakes "SET peer_mentor.notify = off; SELECT reactivate_mentor(md5('m1')::uuid)")" ''
is 'nor does what was undone' "$(wakes "DO \$\$ BEGIN PERFORM pause_mentor(md5('m1')::uuid); RAISE 'x'; EXCEPTION WHEN OTHERS THEN NULL; END \$\$")" ''

# ---- the storm

"$PM_PYTHON" "$outbox/storm.py" 'dbname=outbox' "$seconds" "$seed" >"$PM_RUN/storm.log" 2>&1
is 'every worker lived until it was killed' "$? $(grep -v '^#' "$PM_RUN/storm.log")" '0 '
cat "$PM_RUN/storm.log"
is 'nothing lost, nothing out of order, nobody left out' "$(pm_value outbox 'SELECT what, count(*) FROM consumer.wrong GROUP BY 1')" ''
pm_value outbox "SELECT format('# %s events, %s receipts; %s came again and were dropped by their key; %s leases had passed on; most attempts %s',
	(SELECT count(*) FROM outbox_events), (SELECT count(*) FROM consumer.received), again, leases_lost, (SELECT max(attempts) FROM outbox_events)) FROM consumer.counts"
ok 'it was a storm: leases passed on, and some came again' test "$(pm_value outbox 'SELECT again > 0 AND leases_lost > 0 FROM consumer.counts')" = t
is 'job_health sees nothing waiting' "$(pm_value outbox 'SELECT oldest_undelivered_notification, oldest_undelivered_portal_sync, dead_letters FROM job_health')" '||0'
pm_psql outbox -v as_of='' -At -f "$PM_ROOT/test/checks/promises.sql" >"$PM_RUN/promises" 2>&1
is 'promises hold' "$(cat "$PM_RUN/promises")" ''

# ---- none of this is blind

wrong() { # statement
	pm_psql outbox -At -c 'BEGIN' -c 'SET LOCAL session_replication_role = replica' -c "$1" -c 'SELECT DISTINCT what FROM consumer.wrong ORDER BY 1' -c 'ROLLBACK' | tr '\n' ' '
}
some="(SELECT max(id) FROM consumer.received WHERE channel = 'portal_sync' AND mentor_id = (SELECT mentor_id FROM consumer.received WHERE channel = 'portal_sync' GROUP BY 1 HAVING count(*) > 2 LIMIT 1))"
is 'a lost event is seen' "$(wrong "DELETE FROM consumer.received WHERE id = (SELECT max(event_id) FROM outbox_deliveries)")" 'nobody reached recipient not reached '
is 'one that was never written is seen' "$(wrong "DELETE FROM outbox_events WHERE event_type = 'status_changed' AND id = (SELECT max(id) FROM outbox_events WHERE event_type = 'status_changed')")" 'change without event '
ok 'disorder is seen' sh -c "echo '$(wrong "UPDATE consumer.received SET seq = -1 WHERE id = $some")' | grep -q 'out of order'"

# ---- payloads, of a night as well

PGUSER=keeper pm_psql outbox -o /dev/null \
	-c "SELECT correct_certification(md5('m1')::uuid, 'course', current_date - 700, current_date + 3), correct_certification(md5('m2')::uuid, 'course', current_date - 700, current_date + 40),
	           renew_certification(md5('m3')::uuid, 'course'), remove_mentor(md5('m4')::uuid)" \
	-c "SELECT pause_mentor(md5('m5')::uuid, current_date) FROM peer_mentor_status WHERE mentor_id = md5('m5')::uuid AND status = 'active'" \
	-c "CALL peer_mentor.run_nightly(now() + interval '12 days')" 2>&1 | sed 's/^/# /'
pm_psql outbox -At -F "$(printf '\t')" -c 'SELECT event_type, payload FROM outbox_events' >"$PM_RUN/payloads"
is 'every payload is as docs/events says, and the schemas say something' "$("$PM_PYTHON" "$outbox/validate.py" "$PM_ROOT/docs/events" \
	status_changed certification_expired certification_renewed reminder_due return_overdue mentor_hidden mentor_shown mentor_removed <"$PM_RUN/payloads" 2>"$PM_RUN/validated")" ''
cat "$PM_RUN/validated"
done_testing
