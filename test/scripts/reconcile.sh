#!/bin/sh
# Every kind of drift injected by hand, as a superuser with triggers off: reconcile() finds it once and by its name,
# repairs it or refuses, the promises hold after a repair, and a second look finds nothing new.
#   MENTORS=1000000 test/scripts/reconcile.sh    also how long a whole roster takes, and in how much memory; 20000 without
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
		SELECT (regexp_matches(p.prosrc, '''((?:status|history|pause|pauses|certification|renewals|primary|primaries|chapter|organisation|reminder|event|run|reference)_[a-z]+)''', 'g'))[1] AS kind
		  FROM pg_proc p WHERE p.oid::regproc::text IN ('peer_mentor_private.discrepancies', 'peer_mentor_private.broken_references')) x
		 FULL JOIN peer_mentor_private.discrepancy_kinds() k ON k.kind = x.kind WHERE (k.kind IS NULL OR x.kind IS NULL) AND x.kind NOT IN ('status_changed', 'organisation_id', 'pause_reason', 'previous_status', 'chapter_id', 'event_type')")" ''
is 'a kind that is never repaired says why' "$(pm_value drift 'SELECT kind FROM peer_mentor_private.discrepancy_kinds() WHERE repair IS NULL AND refusal IS NULL')" ''

for id in $(pm_value drift 'SELECT id FROM drift.injections ORDER BY id'); do
	pm_psql drift -At -F '~' -c "SELECT description, got, want FROM drift.trials WHERE id = $id" >"$PM_RUN/trial" 2>"$PM_RUN/error"
	IFS='~' read -r description got want <"$PM_RUN/trial"
	is "$description" "$got$(cat "$PM_RUN/error")" "$want"
done
done_testing
