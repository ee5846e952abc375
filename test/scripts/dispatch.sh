#!/bin/sh
# The delivery worker against a receiver of HTTP that is wrong in every way, slow, down and back.  The storm and the copies
# of a database are in dispatch_storm.sh and dispatch_identity.sh.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server dispatch python3 pgbouncer openssl
. "$PM_ROOT/test/dispatch/lib.sh"
secret=a-secret-of-some-length
pm_start main
trap dispatch_cleanup EXIT
dispatch_build
dispatch_database mentors 12
receiver_up hook
db() { pm_value mentors "$1"; }

conf=$PM_RUN/dispatch.conf
(umask 077 && echo "$secret" >"$PM_RUN/secret")
cat >"$conf" <<END
# of the tests
conninfo       = host=$(pm_socket main) dbname=mentors user=dispatcher
url            = http://127.0.0.1:$(port hook)/events
channel        = portal_sync
secret_file    = $PM_RUN/secret
confirmed_file = $PM_RUN/confirmed
timeout        = 1s
lease          = 10s
poll           = 200ms
END

ok 'make install-dispatch' make -s -C "$PM_ROOT" install-dispatch DESTDIR="$PM_RUN/installed" PREFIX=/usr
is 'installs the program and its unit' "$("$PM_RUN/installed/usr/bin/peer_mentor_dispatch" --version | cut -d' ' -f1) $(grep -c '^ExecStart=/usr/bin/peer_mentor_dispatch ' "$PM_RUN/installed/usr/lib/systemd/system/peer_mentor_dispatch@.service")" 'peer_mentor_dispatch 1'

# ---- options

refused() { # arguments: exit status and what was said
	dispatch "$@" 2>"$PM_RUN/said"
	echo "$? $(sed 's/.*error=//; s/"//g' "$PM_RUN/said" | tail -n 1)"
}
is 'a secret on the command line is none' "$(refused --secret=abcdefghijklmnopqrst)" '78 command line: there is no setting secret'
is 'nor a password' "$(refused '--conninfo=dbname=mentors password=x')" '78 command line: conninfo may not hold a password here; use a password file or the environment'
is 'http is for this machine' "$(refused --url=http://example.org/)" '78 url: must begin with https://, or allow_http be on'
is 'nothing is hidden in a host name' "$(refused --url=http://localhost:1@example.org/ | cut -c1-21)" '78 url: needs a host,'
is 'a wrong number' "$(refused --concurrency=0)" '78 command line: concurrency must be a number from 1 to 100'
is 'a wrong time' "$(refused --timeout=soon)" '78 command line: timeout must be a time such as 500ms, 10s, 5min or 1h'
is 'a lease too short for a retry' "$(refused --lease=4s --timeout=2s)" '78 lease: must be longer than twice the timeout and 2 s'
is 'an unknown channel' "$(refused --channel=mail)" '78 channel: must be notification or portal_sync'
cp "$PM_RUN/secret" "$PM_RUN/open" && chmod 644 "$PM_RUN/open"
is 'a secret that everybody may read' "$(refused --secret_file="$PM_RUN/open")" "78 secret_file: everybody may read $PM_RUN/open"
is 'a secret that is not there' "$(refused --secret_file="$PM_RUN/none")" "78 cannot read $PM_RUN/none: No such file or directory"
is 'settings that are not there' "$("$program" --config="$PM_RUN/none" 2>/dev/null; echo $?)" 78
echo 'speed = 5' >"$PM_RUN/wrong.conf"
is 'a wrong line of the file' "$("$program" --config="$PM_RUN/wrong.conf" 2>&1 | sed 's/.*error=//')" "\"$PM_RUN/wrong.conf line 1: there is no setting speed\""
is 'the environment goes before the file' "$(PEER_MENTOR_DISPATCH_CHANNEL=mail refused)" '78 channel: must be notification or portal_sync'

# ---- the database is confirmed first

db "SELECT world.change(1)" >/dev/null
is 'no database is confirmed' "$(refused --once | cut -c1-30)" '77 no database is confirmed; t'
is 'and nothing was claimed' "$(db 'SELECT max(attempts) FROM outbox_events WHERE delivered_at IS NULL')" 0
ok '--confirm' dispatch --confirm
is '--identity prints what was confirmed' "$(dispatch --identity)" "confirmed = $(cat "$PM_RUN/confirmed")"

# ---- what is sent

ok 'an event for the portal' dispatch --once
is 'is sent once, with its headers' "$(seen hook "[(s['key'] == s['event_id'], s['type'], s['content'], s['signed'], s['signatures'], s['recipient'], s['attempt'], s['agent'].split('/')[0], s['path']) for s in seen]")" \
	"[(True, 'mentor_hidden', 'application/json', True, 1, None, '1', 'peer_mentor_dispatch', '/events')]"
is 'and delivered' "$(db "SELECT delivered_at IS NOT NULL, leased_until, attempts FROM outbox_events WHERE channel = 'portal_sync' ORDER BY id DESC LIMIT 1")" 't||1'
is 'the body says what the table does' "$(seen hook "seen[0]['text']")" "$(db "SELECT jsonb_build_object('schema_version', 1, 'id', id, 'event_id', event_id, 'channel', channel, 'event_type', event_type,
	'organisation_id', organisation_id, 'mentor_id', mentor_id, 'payload', payload, 'created_at', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'))
	FROM outbox_events WHERE channel = 'portal_sync' ORDER BY id DESC LIMIT 1")"
forget hook
(umask 077 && printf '%s\n%s\n' another-secret-that-is-new "$secret" >"$PM_RUN/two")
ok 'an event for people, with two secrets' dispatch --once --channel=notification --secret_file="$PM_RUN/two"
is 'goes to each once, signed with both' "$(seen hook "sorted((s['key'] == s['event_id'] + ':' + s['recipient'], __import__('json').loads(s['text'])['role'], s['signed'], s['signatures']) for s in seen)")" \
	"[(True, 'coordinator', True, 2), (True, 'coordinator', True, 2), (True, 'mentor', True, 2)]"
is 'a second run has nothing to do' "$(dispatch --once --channel=notification 2>&1 | sed -n 's/.*health.*\(claimed=[0-9]*\).*/\1/p')" claimed=0

# ---- wrong answers, one event each; then the row of the outbox

answered() { # mode...: what became of the event, and after how many seconds it comes again
	mode hook "$@"
	db 'SELECT world.clear()' >/dev/null
	db 'SELECT world.change(2)' >/dev/null
	dispatch --once 2>"$PM_RUN/said"
	db "SELECT CASE WHEN delivered_at IS NOT NULL THEN 'delivered' WHEN dead_at IS NOT NULL THEN 'dead' ELSE 'later' END, attempts, last_error
		FROM outbox_events WHERE channel = 'portal_sync' ORDER BY id DESC LIMIT 1"
}
again_in() { # between these seconds?
	db "SELECT extract(epoch FROM available_at - clock_timestamp()) BETWEEN $1 AND $2 FROM outbox_events WHERE channel = 'portal_sync' ORDER BY id DESC LIMIT 1"
}
is '200' "$(answered status 200)" 'delivered|1|'
is '204' "$(answered status 204)" 'delivered|1|'
for code in 400 401 403 404 409 410 422; do is "$code is for good" "$(answered status $code)" "dead|1|HTTP $code"; done
for code in 301 408 425 429 500 502 503 504 599; do is "$code is not" "$(answered status $code)" "later|1|HTTP $code"; done
is 'without a word the outbox decides when' "$(again_in 40 76)" t
is 'Retry-After in seconds' "$(answered status 429 Retry-After: 200; again_in 190 201)" 'later|1|HTTP 429
t'
is 'Retry-After as a date' "$(answered date 503 300; again_in 288 302)" 'later|1|HTTP 503
t'
is 'a Retry-After that has passed' "$(answered date 503 -300; again_in -1 1.1)" 'later|1|HTTP 503
t'
is 'a Retry-After beyond reason' "$(answered status 503 Retry-After: 99999999999999999999; again_in 86300 86401)" 'later|1|HTTP 503
t'
is 'a Retry-After that is none' "$(answered status 503 Retry-After: tomorrow; again_in 40 76)" 'later|1|HTTP 503
t'
is 'a redirect is not followed' "$(answered redirect) $(seen hook "sum(s['path'] != '/events' for s in seen)")" 'later|1|HTTP 307 0'
is 'no HTTP' "$(answered garbage | cut -d'|' -f1,2)" 'later|1'
is 'half a head' "$(answered half | cut -d'|' -f1,2)" 'later|1'
is 'an endless head' "$(answered long-head | cut -d'|' -f1,2)" 'later|1'
is 'an endless body of a good answer' "$(answered endless)" 'delivered|1|'
db 'SELECT world.clear()' >/dev/null
db 'SELECT world.change(2)' >/dev/null
began=$(date +%s)
dispatch --once --timeout=4s --lease=11s 2>/dev/null
ok 'which is cut off, not waited for' test $(($(date +%s) - began)) -lt 4
is 'no answer' "$(answered hang)" 'later|1|no answer within 1.0 s'
is 'slower than allowed' "$(answered slow 1.5)" 'later|1|no answer within 1.0 s'
is 'slow, but not too slow' "$(answered slow 0.5)" 'delivered|1|'
is 'what a receiver answers is kept nowhere' "$(db "SELECT count(*) FROM outbox_events WHERE last_error ~ 'confidential'") $(grep -c confidential "$PM_RUN/said")" '0 0'

forget hook
is 'hung up after it was taken' "$(answered cut | cut -d'|' -f1,2)" 'later|1'
mode hook ok
db 'SELECT world.hurry()' >/dev/null
ok 'so it is sent again' dispatch --once
is 'with the same key and body, and counts once' "$(seen hook "(len(seen), len(taken), len({s['key'] + s['body'] for s in seen}), [s['attempt'] for s in seen])")" "(2, 1, 1, ['1', '2'])"

# ---- one of several recipients

db 'SELECT world.clear()' >/dev/null
forget hook
mode hook only "$(db "SELECT world.id('bo')")" status 500
db 'SELECT world.change(3)' >/dev/null
dispatch --once --channel=notification 2>/dev/null
is 'one recipient fails, the others are served' "$(seen hook "(len(seen), len(taken))")" '(3, 2)'
mode hook ok
db 'SELECT world.hurry()' >/dev/null
dispatch --once --channel=notification 2>/dev/null
is 'only the one is sent again' "$(seen hook "(len(seen), len(taken))") $(db 'SELECT count(*) FROM outbox_events WHERE delivered_at IS NULL AND dead_at IS NULL AND channel = $$notification$$')" '(4, 3) 0'

# ---- order

db 'SELECT world.clear()' >/dev/null
forget hook
mode hook status 500
for n in 4 4 4 5; do db "SELECT world.change($n)" >/dev/null; done
dispatch --once 2>/dev/null
is 'what comes after a failed event waits' "$(seen hook "len(seen)")" 2
mode hook ok
db 'SELECT world.hurry()' >/dev/null
dispatch --once 2>/dev/null
is 'and comes in order' "$(seen hook "[s['type'] for s in taken if s['mentor'] == '$(db 'SELECT world.mentor(4)')']")" \
	"$(db "SELECT '[' || string_agg('''' || event_type || '''', ', ' ORDER BY id) || ']' FROM (SELECT * FROM outbox_events WHERE channel = 'portal_sync' AND mentor_id = world.mentor(4) ORDER BY id DESC LIMIT 3) e")"

# ---- woken by a notification; polling where there is none

undelivered() { db "SELECT count(*) FROM outbox_events WHERE delivered_at IS NULL AND dead_at IS NULL AND channel = 'portal_sync'"; }
none_left() { [ "$(undelivered)" = 0 ]; }
worker_up lazy --poll=1h
soon grep -q connected "$PM_RUN/lazy.log"
db 'SELECT world.change(1)' >/dev/null
ok 'a worker that hardly ever looks is woken' soon none_left
worker_down lazy
is 'and stops when told' $worker_status 0
is 'it said that it listens' "$(sed -n 's/.*connected //p' "$PM_RUN/lazy.log")" 'listen=on'
worker_up deaf --poll=1h --listen=off
soon grep -q connected "$PM_RUN/deaf.log"
sleep 0.5
db 'SELECT world.change(1)' >/dev/null
sleep 1.5
is 'one that does not listen is not' "$(undelivered)" 1
worker_down deaf INT
is 'and stops when interrupted' $worker_status 0

bouncer=$PM_RUN/bouncer
pm_folder "$bouncer"
cat >"$bouncer/ini" <<END
[databases]
* = host=$(pm_socket main) port=5432
[pgbouncer]
pool_mode = transaction
unix_socket_dir = $(pm_socket main)
pidfile = $bouncer/pid
listen_port = 6432
auth_type = trust
auth_file = $bouncer/users
END
echo '"dispatcher" ""' >"$bouncer/users"
PATH=$PATH:/usr/sbin
pm_as pgbouncer -q "$bouncer/ini" >"$bouncer/log" 2>&1 &
soon test -S "$(pm_socket main)/.s.PGSQL.6432" || pm_fail "$(cat "$bouncer/log")"
dispatch_pids="$dispatch_pids $(cat "$bouncer/pid")"
pooled="host=$(pm_socket main) port=6432 dbname=mentors user=dispatcher"
is 'another port is another identity' "$(refused --once --conninfo="$pooled" | cut -d' ' -f1)" 77
worker_up pooled --conninfo="$pooled" --confirmed="$(dispatch --identity --conninfo="$pooled" | sed 's/confirmed = //')"
ok 'behind a pooler in transaction mode it delivers' soon none_left
db 'SELECT world.change(1)' >/dev/null
ok 'again and again' soon none_left
worker_down pooled
is 'by polling' "$worker_status $(sed -n 's/.*connected //p' "$PM_RUN/pooled.log")" '0 listen=off'
kill -9 "$(cat "$bouncer/pid")"

# ---- stopped in the middle

db 'SELECT world.clear()' >/dev/null
forget hook
mode hook slow 0.7
for n in 1 2 3 4; do db "SELECT world.change($n)" >/dev/null; done
worker_up halted --concurrency=2 --batch_size=4 --lease=1min
soon test -n "$(db 'SELECT 1')" && soon sh -c 'grep -q started "$1"' sh "$PM_RUN/halted.log"
soon sh -c '[ "$("$1" -X -At -d mentors -c "SELECT count(*) FROM outbox_events WHERE leased_until > now()")" = 4 ]' sh "$PM_BIN/psql"
sleep 0.3
worker_down halted
is 'told to stop while two requests are under way' $worker_status 0
is 'those were delivered, the others given back' "$(seen hook "(len(seen), len(taken))") $(db "SELECT string_agg(concat_ws(' ', delivered_at IS NOT NULL, leased_until, last_error), ', ' ORDER BY delivered_at) FROM (SELECT * FROM outbox_events WHERE channel = 'portal_sync' ORDER BY id DESC LIMIT 4) e")" \
	'(2, 2) t, t, f the worker stopped, f the worker stopped'
mode hook ok
db 'SELECT world.hurry()' >/dev/null
dispatch --once 2>/dev/null
is 'which another worker delivers' "$(seen hook "(len(seen), len(taken))")" '(4, 4)'

mode hook hang
db 'SELECT world.change(1)' >/dev/null
worker_up hasty --timeout=30s --lease=2min
soon sh -c '[ "$("$1" -X -At -d mentors -c "SELECT count(*) FROM outbox_events WHERE leased_until > now()")" = 1 ]' sh "$PM_BIN/psql"
kill "$hasty_pid"
soon grep -q stopping "$PM_RUN/hasty.log"
worker_down hasty
is 'told twice it does not wait' "$worker_status $(grep -c 'sent again' "$PM_RUN/hasty.log")" '69 1'

# ---- leases

db 'SELECT world.clear()' >/dev/null
forget hook
mode hook slow 0.7
db 'SELECT world.change(1)' >/dev/null
worker_up robbed
soon sh -c '[ "$("$1" -X -At -d mentors -c "SELECT count(*) FROM outbox_events WHERE leased_until > now()")" = 1 ]' sh "$PM_BIN/psql"
# as if the lease had run out and another had claimed it
db "SET session_replication_role = replica; UPDATE outbox_events SET claim_token = gen_random_uuid() WHERE leased_until > now()"
ok 'an outcome comes too late' soon grep -q lease_lost "$PM_RUN/robbed.log"
worker_down robbed
is 'and changes nothing' "$(db "SELECT delivered_at, attempts, leased_until > now() FROM outbox_events WHERE channel = 'portal_sync' ORDER BY id DESC LIMIT 1")" '|1|t'
db 'SELECT world.clear()' >/dev/null
forget hook
mode hook slow 0.8
db 'SELECT world.change(n) FROM generate_series(1, 6) n' >/dev/null
timeout 30 "$program" --config="$conf" --once --concurrency=1 --batch_size=6 --lease=4100ms 2>"$PM_RUN/said"
is 'what the lease has no time for is not begun' "$(sed -n 's/.*health.*delivered=\([0-9]*\) .*expired=\([0-9]*\) .*/\1 \2/p' "$PM_RUN/said") $(seen hook 'len(seen)')" '2 4 2'
mode hook ok
all_come() { dispatch --once; none_left; }
ok 'and comes when the lease is over' soon all_come
is 'once' "$(seen hook '(len(seen), len(taken))')" '(6, 6)'

# ---- roles

db 'SELECT world.change(1)' >/dev/null
pm_value postgres 'CREATE ROLE stranger LOGIN' >/dev/null
pm_value postgres 'CREATE ROLE distant LOGIN NOINHERIT IN ROLE service_role' >/dev/null
for role in stranger distant; do
	dispatch --once --conninfo="host=$(pm_socket main) dbname=mentors user=$role" 2>"$PM_RUN/said"
	is "a role that is no service: $role" "$? $(grep -c 'sqlstate=42501' "$PM_RUN/said") $(none_left || echo waits)" '69 1 waits'
done

# ---- the receiver down and back

db 'SELECT world.clear()' >/dev/null
forget hook
where=$(port hook)
receiver_down hook
db 'SELECT world.change(n) FROM generate_series(1, 12) n' >/dev/null
worker_up patient --concurrency=2
sleep 2.5
is 'nothing listens there' "$(db "SELECT DISTINCT regexp_replace(last_error, ' port.*', '') FROM outbox_events WHERE last_error ~ 'connect' AND delivered_at IS NULL AND channel = 'portal_sync'")" "Couldn't connect to server: Failed to connect to 127.0.0.1"
ok 'a receiver that is down is spared' sh -c '[ "$1" -ge 3 ] && [ "$1" -le 6 ]' sh "$(db "SELECT sum(attempts) FROM outbox_events WHERE delivered_at IS NULL AND dead_at IS NULL AND channel = 'portal_sync'")"
receiver_up hook "$where"
back() { db 'SELECT world.hurry()' && none_left; }
ok 'when it is back everything is delivered' soon back
db '\copy (SELECT d.* FROM world.deliveries d JOIN (SELECT event_id FROM outbox_events WHERE channel = $$portal_sync$$ ORDER BY id DESC LIMIT 12) e USING (event_id)) TO '"$PM_RUN/events.csv"' (FORMAT csv)' >/dev/null
is 'each once and in order' "$(seen hook "len(taken)") $(python3 "$dispatch_dir/seen.py" "$PM_RUN/hook" --against "$PM_RUN/events.csv" 2>/dev/null)" \
	'12 deliveries 12 lost 0 unknown 0 twice 0 overtaken 0 unsigned 0 changed 0'

# ---- the database restarts under a running worker

mode hook slow 0.3
db 'SELECT world.change(n) FROM generate_series(1, 6) n' >/dev/null
soon sh -c '[ "$("$1" -X -At -d mentors -c "SELECT count(*) FROM outbox_events WHERE leased_until > now()")" -gt 0 ]' sh "$PM_BIN/psql"
pm_down main immediate
sleep 1
pm_up main
mode hook ok
db 'SELECT world.change(n) FROM generate_series(1, 6) n' >/dev/null
ok 'the database came back, the worker goes on' soon none_left
worker_down patient
is 'it is the same worker' $worker_status 0
ok 'which noticed' grep -q database_lost "$PM_RUN/patient.log"
is 'nothing was taken twice' "$(seen hook "len(taken) - len({s['key'] for s in taken})")" 0

# ---- TLS

mkdir -p "$PM_RUN/tls"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
	-keyout "$PM_RUN/tls/key.pem" -out "$PM_RUN/tls/cert.pem" 2>/dev/null
receiver_up tls
trusted() { # arguments
	db 'SELECT world.clear()' >/dev/null
	db 'SELECT world.change(6)' >/dev/null
	dispatch --once "$@" 2>/dev/null
	db "SELECT coalesce(substr(last_error, 1, 15), 'delivered') FROM outbox_events WHERE channel = 'portal_sync' ORDER BY id DESC LIMIT 1"
}
is 'a certificate nobody vouches for' "$(trusted "--url=https://localhost:$(port tls)/")" 'SSL peer certif'
is 'one that is trusted' "$(trusted "--url=https://localhost:$(port tls)/" --ca_file="$PM_RUN/tls/cert.pem")" delivered
is 'for another name' "$(trusted "--url=https://127.0.0.1:$(port tls)/" --ca_file="$PM_RUN/tls/cert.pem")" 'SSL peer certif'
is 'only one of them got through' "$(seen tls "len(seen)")" 1

# ---- health

worker_up watched --health_interval=300ms --health_file="$PM_RUN/health"
ok 'the health file is there' soon test -s "$PM_RUN/health"
is 'and says' "$(sed 's/^at=[-0-9T:Z]* //; s/last_delivered=.*/last_delivered/' "$PM_RUN/health")" \
	'channel=portal_sync database=up listen=on receiver=up claimed=0 delivered=0 later=0 never=0 lost=0 expired=0 in_flight=0 waiting=0 last_delivered'
db 'SELECT world.change(1)' >/dev/null
ok 'it follows' soon grep -q 'claimed=1 delivered=1 .*last_delivered=20' "$PM_RUN/health"
worker_down watched
is 'so does job_health' "$worker_status$(db 'SELECT world.change(1)') $(db 'SELECT oldest_undelivered_portal_sync IS NOT NULL FROM job_health')" '0 t'
is 'the secret is in no log' "$(cat "$PM_RUN"/*.log | grep -c -e "$secret" -e another-secret)" 0
done_testing
