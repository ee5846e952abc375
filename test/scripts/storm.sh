#!/bin/sh
# 16 clients make random calls, legal and illegal, on a dozen mentors, beside nightly runs for days before and after, and
# deletions of mentors and logins.  Whoever looks meanwhile finds every promise kept, and so does who looks afterwards.
#   MINUTES=5 test/scripts/storm.sh      the whole; without it 20 seconds of it
#   KEEP=1                               leaves the database for a look: storm.calls, storm.unexpected
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server
seconds=$((${MINUTES:-0} * 60))
[ $seconds -gt 0 ] || seconds=20
storm=$PM_ROOT/test/storm
# per 10,000 calls, see docs/design.md
bound=30
pm_install
# what waits longer than a statement may is no deadlock that the server knows of
pm_start storm synchronous_commit=off deadlock_timeout=200ms statement_timeout=30s log_lock_waits=off
pm_psql postgres -c 'CREATE ROLE keeper LOGIN CREATEROLE' -c 'CREATE DATABASE storm OWNER keeper' || exit 1
PGUSER=keeper pm_psql storm -f "$PM_ROOT/contrib/supabase_parts.sql" -o /dev/null -c 'CREATE EXTENSION peer_mentor' \
	-c 'SELECT peer_mentor.migrate()' || exit 1
pm_psql storm -f "$storm/begin.sql" -c "\\copy storm.repertoire FROM '$storm/repertoire.csv' WITH (FORMAT csv, HEADER, DELIMITER ';', QUOTE E'\\b')" || exit 1

# One script for each call, so that the server's log can say which two met.
scripts=
mkdir "$PM_RUN/scripts"
pm_psql storm -At -F ' ' -c 'SELECT weight, name FROM storm.repertoire' >"$PM_RUN/names"
while read -r weight name; do
	echo "SELECT storm.play('$name');" >"$PM_RUN/scripts/$name.sql"
	scripts="$scripts -f $PM_RUN/scripts/$name.sql@$weight"
done <"$PM_RUN/names"

play() { # seconds
	# shellcheck disable=SC2086
	"$PM_BIN/pgbench" -n -c 16 -j 2 -T "$1" $scripts storm >"$PM_RUN/pgbench.log" 2>&1
}

# Who met in every deadlock that the server's log tells of, one line each, by name.
deadlocks() {
	awk '
		function flush(  who, i) {
			for (i = 0; i < n; i++) who = who (i ? " and " : "") met[i]
			if (n) print who
			n = 0
		}
		/^\tProcess [0-9]+: / && wanted {
			sub(/^\tProcess [0-9]+: /, "")
			what = /storm\.play\(/ ? $0 : $1 "_" $2
			sub(/.*storm\.play\(./, "", what)
			sub(/[^a-zA-Z_.].*/, "", what)
			for (i = 0; i < n; i++) if (met[i] == what) next
			for (i = n++; i > 0 && met[i - 1] > what; i--) met[i] = met[i - 1]
			met[i] = what
			next
		}
		/^\t/ { next }
		/deadlock detected/ { flush(); wanted = 1; next }
		!/DETAIL/ { flush(); wanted = 0 }
		END { flush() }' "$(pm_log storm)"
}

# The documented ones: a direct UPDATE of a status has that row before its trigger comes to the mentor; a deletion, a new
# login, the first import of a key and a direct UPDATE of the listing have the mentor for themselves first.  The deletion of a login has that first, and
# then wants the statuses that name it; that of a mentor wants the rows of the register that an import holds.  Others may
# stand behind the two.
undocumented() {
	deadlocks | awk '!(/direct_(update|date)/ && /hard_delete|import|link|listing/) && !/login_delete/ && !(/hard_delete/ && /import/)'
}

promises() {
	pm_psql storm -At "$@" -f "$PM_ROOT/test/checks/promises.sql" 2>&1
}

over=$PM_RUN/over

# A run every two seconds, all by one session, each for a moment within 90 days.
nights() {
	while [ ! -f "$over" ]; do
		echo "CALL peer_mentor.run_nightly(now() + (random() * 180 - 90) * interval '1 day', 1 + (random() * 20)::int);"
		sleep 2
	done | PGUSER=keeper pm_psql storm -o /dev/null
}

looks() {
	while [ ! -f "$over" ]; do
		sleep $((seconds > 60 ? 10 : 4))
		promises
	done
}

nights >"$PM_RUN/nights.log" 2>&1 &
nights=$!
looks >"$PM_RUN/looks.log" 2>&1 &
looks=$!
play $seconds
is 'every client came to its end' "$? $(grep -c 'aborted' "$PM_RUN/pgbench.log")" '0 0'
touch "$over"
wait $looks
wait $nights
is 'every night came to its end' "$? $(cat "$PM_RUN/nights.log")" '0 '
is 'promises hold at every look meanwhile' "$(cat "$PM_RUN/looks.log")" ''

as_of=$(pm_value storm 'SELECT now()')
PGUSER=keeper pm_psql storm -c "CALL peer_mentor.run_nightly('$as_of')" 2>&1 | sed 's/^/# /'
is 'promises hold after a last night' "$(promises -v as_of="$as_of")" ''
is 'every run succeeded' "$(pm_value storm "SELECT status, error, count(*) FROM job_runs WHERE status <> 'succeeded' GROUP BY 1, 2")" ''
is 'no run failed for anybody' "$(pm_value storm 'SELECT step, sqlstate, message, count(*) FROM job_run_failures GROUP BY 1, 2, 3')" ''
is 'the reconciliation finds nothing' "$(pm_value storm 'SELECT kind, found, expected FROM status_discrepancies WHERE resolved_at IS NULL')" ''
is 'nobody was told anything else than our codes' \
	"$(pm_value storm 'SELECT name, state, code, min(who), min(told), count(*) FROM storm.unexpected GROUP BY 1, 2, 3 LIMIT 20')" ''
is 'never a serialization failure' "$(pm_value storm "SELECT count(*) FROM storm.calls WHERE state = '40001'")" 0
is 'every call of the repertoire succeeded at some time, but what is always refused' "$(pm_value storm "
	SELECT string_agg(r.name, ' ') FROM storm.repertoire r
	 WHERE r.name <> 'write_refused' AND NOT EXISTS (SELECT FROM storm.calls c WHERE c.name = r.name AND c.state = '00000')")" ''
is 'every code was answered at some time' "$(pm_value storm "
	SELECT string_agg(c, ' ') FROM unnest('{mentor_not_found,certification_not_found,not_allowed,invalid_transition,certification_required,already_exists,
		certification_suspended,version_conflict,idempotency_mismatch,invalid_argument}'::text[]) c WHERE c NOT IN (SELECT code FROM storm.calls WHERE code IS NOT NULL)")" ''

calls=$(pm_value storm 'SELECT count(*) FROM storm.calls')
pm_value storm "SELECT format('%s x %s %s', count(*), state, code) FROM storm.calls GROUP BY state, code ORDER BY count(*) DESC" | sed 's/^/# /'
found=$(deadlocks | wc -l)
echo "# $calls calls, $(pm_value storm "SELECT count(*) FROM job_runs WHERE status = 'succeeded'") runs, $found deadlocks"
deadlocks | sort | uniq -c | sed 's/^ */# deadlocks: /'
is 'no deadlock but the documented ones' "$(undocumented | sort | uniq -c)" ''
ok "at most $bound deadlocks in 10,000 calls" test $((found * 10000)) -le $((calls * bound))

# ---- none of this is blind

pm_psql storm -c "INSERT INTO storm.repertoire VALUES (0, 'broken', 'owner', '', 'SELECT 1 / 0')" -o /dev/null -c "SELECT storm.play('broken')"
is 'an unexpected error is seen' "$(pm_value storm "SELECT name, state FROM storm.unexpected WHERE name = 'broken'")" 'broken|22012'
is 'a broken promise is seen' "$(pm_psql storm -At -c 'BEGIN' -c 'SET LOCAL session_replication_role = replica' \
	-c 'UPDATE peer_mentor_status SET version = version + 1 WHERE mentor_id = (SELECT min(mentor_id::text)::uuid FROM peer_mentor_status)' \
	-f "$PM_ROOT/test/checks/promises.sql" | cut -d '|' -f 1)" 1
# two who lock two mentors, one the wrong way round, by the rows of their status
before=$(undocumented | wc -l)
lock_two() { # order
	pm_psql storm -o /dev/null -c "DO \$\$ DECLARE m record; BEGIN
		FOR m IN SELECT id FROM (SELECT id FROM peer_mentors ORDER BY id LIMIT 2) x ORDER BY id $1 LOOP
			PERFORM FROM peer_mentor_status WHERE mentor_id = m.id FOR UPDATE;
			PERFORM pg_sleep(1);
		END LOOP; END \$\$" 2>/dev/null
}
lock_two ASC &
other=$!
lock_two DESC
wait $other
is 'an undocumented deadlock is seen' $(($(undocumented | wc -l) - before)) 1
done_testing
