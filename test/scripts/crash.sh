#!/bin/sh
# versions: all
# Whatever is killed, whenever: the promises hold after it, the next run does the rest, and nothing is done twice.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server
mentors=1200
moments=3     # hits wanted of each kind
pm_start crash

as_of='2026-03-01 02:15+01'
pm_psql postgres -c 'CREATE ROLE keeper LOGIN CREATEROLE' -c 'CREATE DATABASE fresh OWNER keeper' || exit 1
PGUSER=keeper pm_psql fresh -f "$PM_ROOT/contrib/supabase_parts.sql" -o /dev/null -c 'CREATE EXTENSION peer_mentor' \
	-c 'SELECT peer_mentor.migrate()' \
	-c "INSERT INTO organisations (id, name, portal_sync) VALUES ('00000000-0000-4000-8000-000000000001', 'due', 'on')" \
	-c "INSERT INTO register_import (mentor_key, chapter, certification_type, issued_on, expires_on)
	    SELECT 'mentor ' || n, 'chapter ' || n % 7, t, '2024-01-01', '2026-02-' || lpad((1 + n % 28)::text, 2, '0')
	      FROM generate_series(1, $mentors) n, unnest(CASE WHEN n % 5 = 0 THEN '{basic,extra}' ELSE '{basic}' END::text[]) t" \
	-c "SELECT peer_mentor.import_register('00000000-0000-4000-8000-000000000001', create_missing => true)" || exit 1

# A database of its own for each attempt, called try.  The checkpoint, because a sequence of a copied database goes back in
# a crash before the first one: the server takes the numbers that its original had logged ahead for logged here as well.
fresh() {
	PGUSER=postgres pm_psql postgres -c 'SET client_min_messages = warning' -c 'DROP DATABASE IF EXISTS try WITH (FORCE)' -c 'CREATE DATABASE try TEMPLATE fresh OWNER keeper' -c 'CHECKPOINT'
}

# The session stays connected after its run was cancelled, as one of a pool does.
begin_run() {
	PGUSER=keeper "$PM_BIN/psql" -X -q -d try -c "CALL peer_mentor.run_nightly(as_of => '$as_of', batch_size => 4)" \
		-c 'SELECT pg_sleep(30)' >/dev/null 2>&1 &
	runner=$!
}

end_session() {
	kill $runner 2>/dev/null
	wait $runner 2>/dev/null
}

worker() {
	pm_value try "SELECT worker_pid FROM job_runs WHERE status = 'running'" 2>/dev/null
}

wait_for_server() {
	n=0
	until pm_value postgres 'SELECT 1' >/dev/null 2>&1; do
		n=$((n + 1))
		[ $n -lt 300 ] || pm_fail 'the server did not come back'
		sleep 0.1
	done
}

strike() { # kind
	case $1 in
	cancel) pm_value try "SELECT pg_cancel_backend($(worker))" >/dev/null ;;
	terminate) pm_value try "SELECT pg_terminate_backend($(worker), 10000)" >/dev/null ;;
	backend)
		pm_as kill -9 "$(worker)"
		sleep 0.3
		wait_for_server
		;;
	postmaster)
		pm_crash crash
		pm_up crash
		;;
	esac
}

moved() {
	pm_value try 'SELECT count(*) FROM peer_mentor_status WHERE version > 1'
}

random() { # less than this
	echo $(($(od -An -N4 -tu4 /dev/urandom) % $1))
}

# A random moment between the first and the last batch; hit when some but not all mentors are moved after it.
attempt() { # kind
	fresh || exit 1
	begin_run
	while [ -z "$(worker)" ]; do sleep 0.01; done
	goal=$(random $((mentors * 3 / 4)))
	while [ "$(moved)" -lt "$goal" ]; do :; done
	sleep "0.0$(random 9)"
	[ -n "$(worker)" ] || return 1
	strike "$1" 2>/dev/null
	[ "$1" != cancel ] || sleep 0.2
	moved=$(moved)
	[ "$moved" -gt 0 ] && [ "$moved" -lt $mentors ]
}

check_promises() { # description, psql arguments
	description=$1
	shift
	is "$description" "$(pm_psql try -At "$@" -f "$PM_ROOT/test/checks/promises.sql" 2>&1)" ''
}

for kind in cancel terminate backend postmaster; do
	hits=0 tries=0
	while [ $hits -lt $moments ] && [ $tries -lt 20 ]; do
		tries=$((tries + 1))
		if ! attempt $kind; then
			end_session
			continue
		fi
		hits=$((hits + 1))
		at="$kind after $moved of $mentors"
		check_promises "$at: promises hold at once"
		case $kind in
		cancel) is "$at: the run says so itself" "$(pm_value try 'SELECT status FROM job_runs')" interrupted ;;
		esac
		PGUSER=keeper pm_psql try -c "CALL peer_mentor.run_nightly(as_of => '$as_of')" 2>&1 | sed 's/^/# /'
		is "$at: interrupted, then done" \
			"$(pm_value try "SELECT string_agg(status, ' ' ORDER BY started_at) FROM job_runs WHERE finished_at IS NOT NULL")" 'interrupted succeeded'
		check_promises "$at: promises hold after the next run" -v as_of="$as_of"
		is "$at: nothing twice, nothing lost" "$(pm_value try "
			SELECT (SELECT count(*) FROM peer_mentor_status WHERE status = 'expired_cert' AND version = 2),
			       (SELECT count(*) FROM peer_mentor_status_history),
			       (SELECT count(*) FROM pause_records),
			       (SELECT count(*) FROM outbox_events WHERE channel = 'notification' AND event_type = 'status_changed'),
			       (SELECT sum((step.value ->> 'moved')::bigint) FROM job_runs, jsonb_each(counts) step),
			       (SELECT count(*) FROM peer_mentor_certifications WHERE status = 'expired'),
			       (SELECT sum(jsonb_array_length(jsonb_path_query_array(renewal_history, '\$[*] ? (@.event == \"expired\")')))
			          FROM peer_mentor_certifications)")" \
			"$mentors|$((2 * mentors))|$mentors|$mentors|$mentors|$((mentors + mentors / 5))|$((mentors + mentors / 5))"
		PGUSER=keeper pm_psql try -c 'CREATE TABLE before_again AS SELECT h.ctid AS place, h.xmin::text AS made FROM peer_mentor_status_history h' \
			-c "CALL peer_mentor.run_nightly(as_of => '$as_of')"
		is "$at: another run finds nothing to do" "$(pm_value try "
			SELECT count(*) FROM peer_mentor_status_history h FULL JOIN before_again b ON b.place = h.ctid AND b.made = h.xmin::text
			 WHERE b.made IS NULL OR h.xmin IS NULL")" 0
		end_session
	done
	is "$kind: hit in mid run" $hits $moments
done
# ---- a run with nothing to do is beginning and end; cancelled there it must not keep its lease either

for n in $(seq 400); do echo 'CALL peer_mentor.run_nightly();'; done >"$PM_RUN/calls.sql"
echo 'SELECT pg_sleep(60);' >>"$PM_RUN/calls.sql"
PGUSER=keeper PGAPPNAME=victim "$PM_BIN/psql" -X -q -d try -f "$PM_RUN/calls.sql" >/dev/null 2>&1 &
runner=$!
pm_psql try -c "SET client_min_messages = error" -c "DO \$\$
	BEGIN
		LOOP
			PERFORM pg_sleep(random() * 0.008), pg_stat_clear_snapshot();
			EXIT WHEN EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'victim' AND query LIKE '%pg_sleep%');
			PERFORM pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim' AND state = 'active' AND query LIKE 'CALL%';
		END LOOP;
	END \$\$"
is 'many cancels: some runs were hit' "$(pm_value try "SELECT count(*) > 20 FROM job_runs WHERE status = 'interrupted'")" t
is 'many cancels: each run said itself how it ended' \
	"$(pm_value try "SELECT DISTINCT status, error FROM job_runs WHERE status NOT IN ('succeeded', 'interrupted') OR error LIKE 'an error%'")" ''
PGUSER=keeper pm_psql try -c "CALL peer_mentor.run_nightly(as_of => '$as_of')"
is 'many cancels: the next run of another session is not skipped' "$(pm_value try 'SELECT status FROM job_runs ORDER BY started_at DESC LIMIT 1')" succeeded
end_session
done_testing
