#!/bin/sh
# Row security on 100,000 mentors: the policies are evaluated once for a query, and rows are reached by an index.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server
pm_start plans supabase_admin
PGOPTIONS='-c client_min_messages=warning' pm_psql postgres -o /dev/null -f "$PM_ROOT/test/fixtures/mock_supabase.sql" || exit 1
PGUSER=postgres pm_psql postgres -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' || exit 1
pm_psql postgres -f "$PM_ROOT/bench/roster.sql" || exit 1
pm_psql postgres -c 'VACUUM ANALYZE'

as_user() { # user statement...: as a request of this user
	pm__user=$1
	shift
	pm_psql postgres -At -c BEGIN -c "SELECT FROM mock.request('authenticated', '$pm__user')" "$@" -c ROLLBACK
}

check() { # description user rows query index
	rows=$(as_user "$2" -c "SELECT 'rows ' || count(*) FROM ($4) q" | sed -n 's/^rows //p')
	is "$1: what is theirs, and nothing else" "$rows" "$3"
	plan=$(as_user "$2" -c "EXPLAIN (COSTS OFF) $4")
	is "$1: the ids are found once" "$(echo "$plan" | grep -c 'InitPlan 1')" 1
	is "$1: no table is read as a whole" "$(echo "$plan" | grep -c 'Seq Scan')" 0
	ok "$1: by index $5" sh -c 'echo "$1" | grep "Index" | grep -q "$2" || { echo "$1"; false; }' sh "$plan" "$5"
}

mentor=$(pm_value postgres "SELECT md5('user 1')::uuid")
coordinator=$(pm_value postgres "SELECT md5('coordinator 1')::uuid")
check "a mentor's own status" "$mentor" 1 'SELECT * FROM public.peer_mentor_status' peer_mentor_status_mentor_id_key
check "a coordinator's list" "$coordinator" 200 'SELECT * FROM public.peer_mentor_status' peer_mentor_status_mentor_id_key
check "a coordinator's list by status" "$coordinator" 200 \
	"SELECT s.*, m.display_name FROM public.peer_mentor_status s JOIN public.peer_mentors m ON m.id = s.mentor_id WHERE s.chapter_id = md5('chapter 0')::uuid AND s.status = 'paused'" \
	peer_mentors_pkey
check "one mentor's history" "$mentor" 2 "SELECT * FROM public.peer_mentor_status_history WHERE mentor_id = md5('mentor 1')::uuid ORDER BY changed_at DESC" \
	peer_mentor_status_history
check "a mentor's certifications" "$mentor" 1 'SELECT * FROM public.peer_mentor_certifications' peer_mentor_certifications_peer_mentor_id
done_testing
