#!/bin/sh
# Workers of both channels at once, killed at random while mentors change and the receiver misbehaves: no event is lost, none is
# taken twice by a receiver that honours the idempotency key, none overtakes another of its mentor.
#   PM_STORM_SECONDS=12 PM_STORM_WORKERS=4    longer, and more
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server dispatch python3
. "$PM_ROOT/test/dispatch/lib.sh"
seconds=${PM_STORM_SECONDS:-8}
workers=${PM_STORM_WORKERS:-4} # of each channel
mentors=40
secret=a-secret-of-some-length
pm_start main
trap dispatch_cleanup EXIT
dispatch_build
dispatch_database mentors $mentors
receiver_up hook
mode hook storm
(umask 077 && echo "$secret" >"$PM_RUN/secret")
cat >"$PM_RUN/dispatch.conf" <<END
conninfo = host=$(pm_socket main) dbname=mentors user=dispatcher
url = http://127.0.0.1:$(port hook)/
secret_file = $PM_RUN/secret
confirmed_file = $PM_RUN/confirmed
timeout = 1s
lease = 4s
poll = 200ms
END
dispatch --confirm >/dev/null || pm_fail 'not confirmed'

# events of the outbox that a storm brought about
pm_value mentors 'CREATE TABLE world.before AS SELECT max(id) AS id FROM outbox_events' >/dev/null
pm_psql mentors -o /dev/null -c "ALTER VIEW world.deliveries RENAME TO all_deliveries" \
	-c "CREATE VIEW world.deliveries AS SELECT d.* FROM world.all_deliveries d WHERE d.id > (SELECT id FROM world.before)"

channel_of() { [ $(($1 % 2)) = 0 ] && echo notification || echo portal_sync; }
n=0
while [ $n -lt $((workers * 2)) ]; do
	worker_up "w$n" --channel="$(channel_of $n)"
	n=$((n + 1))
done

echo "\\set n random(1, $mentors)
SELECT world.change(:n);" >"$PM_RUN/change.sql"
"$PM_BIN/pgbench" -n -c 2 -R 40 -T "$seconds" -f "$PM_RUN/change.sql" mentors >"$PM_RUN/pgbench.log" 2>&1 &
changes=$!
ends=$(($(date +%s) + seconds))
kills=0
while [ "$(date +%s)" -lt $ends ]; do
	sleep 0.$((2 + $(od -An -N1 -tu1 /dev/urandom) % 5))
	victim=$(($(od -An -N1 -tu1 /dev/urandom) % (workers * 2)))
	worker_down "w$victim" KILL
	kills=$((kills + 1))
	worker_up "w$victim" --channel="$(channel_of $victim)"
	pm_value mentors 'SELECT world.hurry()' >/dev/null
done
wait $changes
drained() { [ "$(pm_value mentors "SELECT world.hurry(), count(*) FROM outbox_events WHERE delivered_at IS NULL AND dead_at IS NULL")" = '|0' ]; }
mode hook ok
calm=$(date +%s)
until drained || [ $(($(date +%s) - calm)) -gt 60 ]; do sleep 0.3; done
is 'nothing waits' "$(pm_value mentors 'SELECT count(*) FROM outbox_events WHERE delivered_at IS NULL AND dead_at IS NULL')" 0
n=0
stopped=
while [ $n -lt $((workers * 2)) ]; do
	worker_down "w$n"
	stopped=$stopped$worker_status
	n=$((n + 1))
done
is 'every worker stops when told' "$stopped" "$(printf '%0*d' $((workers * 2)) 0)"
is 'nothing was given up' "$(pm_value mentors 'SELECT count(*) FROM outbox_events WHERE dead_at IS NOT NULL')" 0
pm_psql mentors -c "\\copy (SELECT * FROM world.deliveries) TO '$PM_RUN/events.csv' (FORMAT csv)"
expected=$(wc -l <"$PM_RUN/events.csv" | tr -d ' ')
ok 'there was something to deliver' test "$expected" -gt 100
is 'every delivery was taken once, signed, in order' "$(python3 "$dispatch_dir/seen.py" "$PM_RUN/hook" --against "$PM_RUN/events.csv" 2>"$PM_RUN/figures")" \
	"deliveries $expected lost 0 unknown 0 twice 0 overtaken 0 unsigned 0 changed 0"
cat "$PM_RUN/figures"
echo "# $((workers * 2)) workers, $kills killed, most attempts $(pm_value mentors 'SELECT max(attempts) FROM outbox_events'), $(pm_value mentors "SELECT string_agg(n || ' events on ' || channel, ', ') FROM (SELECT channel, count(*) AS n FROM outbox_events WHERE id > (SELECT id FROM world.before) GROUP BY 1) c")"
done_testing
