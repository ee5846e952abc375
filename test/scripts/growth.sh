#!/bin/sh
# One session makes call after call and lives through night after night: once it is warm, its memory, its files and its
# locks stay what they are.
#   CALLS=1000000 RUNS=1000 test/scripts/growth.sh     the whole; without them a slice of it
# Memory may grow by 1 MB in the whole, by 512 kB in less.  At the end sessions that do leak have to be noticed.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server
calls=${CALLS:-6000}
runs=${RUNS:-60}
most=524288
[ "$calls" -lt 500000 ] || most=1048576
pm_start growth synchronous_commit=off log_min_messages=fatal log_min_error_statement=panic log_temp_files=-1
pm_psql postgres -c 'CREATE ROLE keeper LOGIN CREATEROLE' -c 'CREATE DATABASE growth OWNER keeper' || exit 1
PGUSER=keeper pm_psql growth -f "$PM_ROOT/contrib/supabase_parts.sql" -o /dev/null -c 'CREATE EXTENSION peer_mentor' \
	-c 'SELECT peer_mentor.migrate()' || exit 1
pm_psql growth -f "$PM_ROOT/test/growth/begin.sql" || exit 1

# What is refused comes back as an error to the client, as it would to an app; the next statement is made all the same.
live() { # session calls runs [leak]
	awk -v session="$1" -v calls="$2" -v runs="$3" -v leak="${4:-}" -f "$PM_ROOT/test/growth/calls.awk" |
		PGOPTIONS='-c client_min_messages=error' "$PM_BIN/psql" -X -q -d growth -v VERBOSITY=sqlstate -o /dev/null 2>"$PM_RUN/$1.err"
}

grown() { # session most
	pm_value growth "SELECT measure, early, late FROM growth.grown('$1', $2)"
}

began=$(date +%s)
live long "$calls" "$runs"
echo "# $calls calls and $runs runs in $(($(date +%s) - began)) s; refused: $(sed 's/.*ERROR:  //' "$PM_RUN/long.err" | sort | uniq -c |
	sort -rn | awk '{ printf "%s %s, ", $1, $2 }')"
pm_value growth "SELECT format('%s: %s', measure, string_agg(value::text, ' ' ORDER BY calls)) FROM growth.samples
	WHERE session = 'long' AND calls IN (SELECT DISTINCT ON (calls * 10 / $calls) calls FROM growth.samples ORDER BY calls * 10 / $calls, calls)
	GROUP BY measure" | sed 's/^/# /'

is 'nothing of the session grows' "$(grown long $most)" ''
is 'the session lived to its end' "$(pm_value growth "SELECT max(calls) >= $calls FROM growth.samples WHERE session = 'long'")" t
is 'every run succeeded' "$(pm_value growth 'SELECT status, count(*) FROM job_runs GROUP BY status')" "succeeded|$((runs + 20))"
is 'every run but a few had work' "$(pm_value growth "
	SELECT count(*) * 10 >= $runs * 9 FROM job_runs j
	 WHERE EXISTS (SELECT FROM jsonb_each(j.counts) s WHERE (s.value ->> 'done')::bigint > 0)")" t
is 'calls were refused with our codes only' "$(sed 's/.*ERROR:  //' "$PM_RUN/long.err" | sort -u | grep -v -x -E 'PT404|PT409|22023|42501|22P02')" ''
refused=$(wc -l <"$PM_RUN/long.err")
made=$((calls + 2000))
ok 'a fifth at least was refused, and a fifth was not' test $((refused * 5)) -ge "$made" -a $(((made - refused) * 5)) -ge "$made"
[ "${tap_failed:-0}" = 0 ] || pm_value growth "SELECT format('%s: %s -> %s', name, early, late) FROM growth.contexts_grown('long')" | sed 's/^/# /'

# ---- none of this is blind

short() { # session [leak]
	live "$1" 1000 10 "${2:-}"
	grown "$1" 524288 | cut -d '|' -f 1 | sort | tr '\n' ' '
}
is 'a short session does not grow either' "$(short short)" ''
is 'prepared statements, held cursors on disk and locks that stay are seen' "$(short leaking "PREPARE leak_# AS SELECT $(awk 'BEGIN { while (n++ < 300) printf " %d +", n }') 0;
	SELECT pg_advisory_lock(#);
	SET work_mem = 64; BEGIN; DECLARE leak_# CURSOR WITH HOLD FOR SELECT repeat('x', 100) FROM generate_series(1, 2000); COMMIT; RESET work_mem")" \
	'cursors held in contexts locks open files prepared statements private memory temporary files used in contexts '
# the server's settings are not in its memory contexts
is 'memory that is in no context is seen' "$(short settings "SELECT set_config('leak.s#', repeat('x', 30000), false)")" 'private memory '
done_testing
