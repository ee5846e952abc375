#!/bin/sh
# Every kind of drift injected by hand, as a superuser with triggers off: reconcile() finds it once and by its name,
# repairs it or refuses, the promises hold after a repair, and a second look finds nothing new.
#   ALL=1 test/scripts/reconcile.sh              every injection; without it one of each kind and outcome
#   MENTORS=1000000 test/scripts/reconcile.sh    also how long a whole roster takes, and in how much memory; 5000 without
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server
drift=$PM_ROOT/test/reconcile
pm_install
pm_start drift
pm_psql postgres -c 'CREATE ROLE keeper LOGIN CREATEROLE' -c 'CREATE DATABASE drift OWNER keeper' || exit 1
(
	export PGUSER=keeper
	pm_psql drift -f "$PM_ROOT/contrib/supabase_parts.sql" -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' &&
		pm_psql drift -f "$PM_ROOT/test/checks/populate.sql" &&
		# what populate.sql leaves for the next run; and a pause that was interrupted and resumed
		pm_psql drift -o /dev/null -c 'CALL peer_mentor.run_nightly()' \
			-c "SELECT public.reinstate_certification(md5('mentor 12')::uuid, 'basic')"
) || exit 1
pm_psql drift -f "$drift/begin.sql" || exit 1
{
	echo 'CREATE VIEW drift.broken_promises AS'
	sed "/^\\\\/d; s/:'as_of'/now()::text/g; s/;\$//" "$PM_ROOT/test/checks/promises.sql"
} >"$PM_RUN/promises.sql"
pm_psql drift -f "$PM_RUN/promises.sql" -c 'CREATE TABLE drift.broken_before AS TABLE drift.broken_promises' || exit 1

as_keeper() { PGUSER=keeper pm_value drift "$1"; }

is 'a roster that nobody tampered with has no discrepancy' "$(as_keeper 'SELECT kind, mentor_id, about, found, expected FROM peer_mentor.reconcile()')" ''
is 'nor has its repair anything to do' "$(as_keeper 'SELECT kind, outcome FROM peer_mentor.reconcile(true)')" ''

is 'every kind that the code knows is injected' \
	"$(pm_value drift "SELECT k.kind FROM peer_mentor_private.discrepancy_kinds() k WHERE NOT EXISTS (SELECT FROM drift.injections i WHERE k.kind = ANY (string_to_array(i.kinds, ' ')))")" ''
is 'every kind is explained, and every explanation is of a kind' \
	"$(pm_value drift "SELECT string_agg(DISTINCT x.kind, ' ') FROM (
		SELECT (regexp_matches(p.prosrc, '''((?:status|history|pause|pauses|certification|renewals|primary|primaries|chapter|organisation|reminder|event|portal|roster|run|reference)_[a-z]+)''', 'g'))[1] AS kind
		  FROM pg_proc p WHERE p.oid::regproc::text IN ('peer_mentor_private.discrepancies', 'peer_mentor_private.broken_references')) x
		 FULL JOIN peer_mentor_private.discrepancy_kinds() k ON k.kind = x.kind WHERE (k.kind IS NULL OR x.kind IS NULL) AND x.kind NOT IN ('status_changed', 'organisation_id', 'pause_reason', 'previous_status', 'chapter_id', 'event_type', 'portal_sync', 'portal_mentors', 'roster_name')")" ''
is 'a kind that is never repaired says why' "$(pm_value drift 'SELECT kind FROM peer_mentor_private.discrepancy_kinds() WHERE repair IS NULL AND refusal IS NULL')" ''

pm_value drift "SELECT format('SELECT description, got, want FROM drift.trials WHERE id = %s;', i.id) FROM drift.injections i
	WHERE '${ALL:-}' <> '' OR i.id = (SELECT min(x.id) FROM drift.injections x WHERE (x.kinds, x.outcome) = (i.kinds, i.outcome)) ORDER BY i.id" >"$PM_RUN/trials.sql"
pm_psql drift -At -F '~' -f "$PM_RUN/trials.sql" >"$PM_RUN/tried"
while IFS='~' read -r description got want; do
	is "$description" "$got" "$want"
done <"$PM_RUN/tried"
is 'every injection was tried' "$(wc -l <"$PM_RUN/tried")" "$(wc -l <"$PM_RUN/trials.sql")"

# ---- one mentor that cannot be repaired stops no other

pm_psql drift -c "SET session_replication_role = replica" -c "DELETE FROM pause_records WHERE status = 'paused'"
drifting=$(pm_value drift "SELECT count(*) FROM peer_mentor_status WHERE status = 'paused'")
PGUSER=keeper pm_psql drift -c "CREATE FUNCTION public.poison() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.mentor_id = md5(''mentor 9'')::uuid THEN RAISE EXCEPTION ''poisoned''; END IF; RETURN NEW; END'" \
	-c 'CREATE TRIGGER poison BEFORE INSERT ON pause_records FOR EACH ROW EXECUTE FUNCTION public.poison()'
is 'one fails, the others are repaired' "$(as_keeper "SELECT count(*) FILTER (WHERE repaired), string_agg(outcome, ' ') FILTER (WHERE NOT repaired) FROM peer_mentor.reconcile(true)")" \
	"$((drifting - 1))|failed: P0001 poisoned"
is 'job_health counts it' "$(as_keeper 'SELECT open_discrepancies FROM job_health')" 1
PGUSER=keeper pm_psql drift -c 'DROP TRIGGER poison ON pause_records'
is 'and the next repair has it' "$(as_keeper 'SELECT kind, repaired, outcome FROM peer_mentor.reconcile(true)')" 'pause_missing|t|repaired'
is 'what was found and done is kept' "$(as_keeper "SELECT count(*), count(resolved_at), count(*) FILTER (WHERE outcome = 'repaired') FROM status_discrepancies WHERE kind = 'pause_missing'")" "$drifting|$drifting|$drifting"
# a finding does not wait for its mentor's turn to be closed
PGUSER=keeper pm_psql drift -o /dev/null -c 'SET peer_mentor.reconcile_per_night = 1' -c 'CALL peer_mentor.run_nightly()'
pm_psql drift -c "SET session_replication_role = replica" -c "UPDATE peer_mentor_status SET chapter_id = NULL WHERE mentor_id = md5('mentor 9')::uuid"
as_keeper 'SELECT * FROM peer_mentor.reconcile()' >/dev/null
pm_psql drift -c "SET session_replication_role = replica" -c "UPDATE peer_mentor_status SET chapter_id = (SELECT chapter_id FROM mentor_chapters WHERE mentor_id = md5('mentor 9')::uuid AND is_primary) WHERE mentor_id = md5('mentor 9')::uuid"
before=$(as_keeper 'SELECT open_discrepancies FROM job_health')
PGUSER=keeper pm_psql drift -o /dev/null -c 'SET peer_mentor.reconcile_per_night = 1' -c 'CALL peer_mentor.run_nightly()'
is 'the nightly run closes what is gone, wherever it is in its round' "$before $(as_keeper 'SELECT open_discrepancies FROM job_health')" '1 0'

# ---- the whole of a roster

mentors=${MENTORS:-5000}
pm_psql postgres -c 'CREATE DATABASE many OWNER keeper'
(
	export PGUSER=keeper
	pm_psql many -f "$PM_ROOT/contrib/supabase_parts.sql" -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' \
		-c "INSERT INTO organisations (id, name) VALUES (md5('o')::uuid, 'o')" -c "INSERT INTO certification_types (organisation_id, code) VALUES (md5('o')::uuid, 'c')" \
		-c "INSERT INTO register_import (mentor_key, chapter, certification_type, issued_on, expires_on) SELECT n, n % 50, 'c', to_char(current_date - 300, 'YYYY-MM-DD'), to_char(current_date + 200, 'YYYY-MM-DD') FROM generate_series(1, $mentors) n" \
		-c "SELECT peer_mentor.import_register(md5('o')::uuid, create_missing => true)" -c 'CALL peer_mentor.run_nightly()'
) || exit 1
pm_psql many -c ANALYZE -c 'GRANT pg_read_all_stats TO keeper' -c 'SET session_replication_role = replica' -c "UPDATE peer_mentor_status SET chapter_id = NULL WHERE mentor_id IN (SELECT id FROM peer_mentors ORDER BY id LIMIT 100)"
PGUSER=keeper pm_psql many -At -F ' ' >"$PM_RUN/whole" <<-'EOF'
	SELECT clock_timestamp() AS begun \gset
	SELECT count(*) AS found FROM peer_mentor.reconcile() \gset
	SELECT sum(total_bytes) AS memory FROM pg_backend_memory_contexts \gset
	SELECT clock_timestamp() AS looked \gset
	SELECT count(*) AS mended FROM peer_mentor.reconcile(true) WHERE repaired \gset
	SELECT :found, :mended, round(extract(epoch FROM :'looked'::timestamptz - :'begun'::timestamptz), 1), round(extract(epoch FROM clock_timestamp() - :'looked'::timestamptz), 1), :memory / 1048576;
EOF
read -r seen mended looked repaired memory <"$PM_RUN/whole"
is "every mentor of $mentors is looked at ($looked s; with the repair of 100 $repaired s; $memory MB in the session afterwards)" "$seen $mended" '100 100'
done_testing
