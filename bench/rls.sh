#!/bin/sh
# What row security costs on 100,000 mentors: a mentor's own page, a coordinator's list and one mentor's timeline, as the
# app user under the policies against the same rows as the owner, in turns; medians of the times that the server reports.
#   bench/rls.sh [rounds]
. "$(dirname "$0")/../test/lib/cluster.sh"
pm_need server
rounds=${1:-15}
pm_start bench supabase_admin
PGOPTIONS='-c client_min_messages=warning' pm_psql postgres -o /dev/null -f "$PM_ROOT/test/fixtures/mock_supabase.sql" || exit 1
PGUSER=postgres pm_psql postgres -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' || exit 1
pm_psql postgres -f "$PM_ROOT/bench/roster.sql" || exit 1
pm_psql postgres -c 'VACUUM ANALYZE'

# Prints the execution time of a query in ms, planning included.
time_of() { # user or '' for the owner, query
	if [ -n "$1" ]; then become="SELECT FROM mock.request('authenticated', '$1')"; else become='SET LOCAL ROLE postgres'; fi
	pm_psql postgres -At -c BEGIN -c "$become" -c "$2" -c "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY ON) $2" -c ROLLBACK |
		sed -n 's/^\(Planning\|Execution\) Time: \([0-9.]*\) ms$/\2/p' | awk '{ sum += $1 } END { print sum }'
}

median() {
	sort -n "$1" | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] }'
}

compare() { # name, user, the query under the policies, the same rows asked for by the owner
	rm -f "$PM_RUN/with" "$PM_RUN/without"
	round=0
	while [ $round -lt "$rounds" ]; do
		round=$((round + 1))
		time_of "$2" "$3" >>"$PM_RUN/with"
		time_of '' "$4" >>"$PM_RUN/without"
	done
	awk -v name="$1" -v with="$(median "$PM_RUN/with")" -v without="$(median "$PM_RUN/without")" \
		'BEGIN { printf "%-24s %8.2f ms under policies %8.2f ms as owner   ratio %.2f\n", name, with, without, with / without }'
}

mentor=$(pm_value postgres "SELECT md5('user 1')::uuid")
coordinator=$(pm_value postgres "SELECT md5('coordinator 1')::uuid")
mine="md5('mentor 1')::uuid"
theirs="(SELECT mentor_id FROM public.mentor_chapters WHERE chapter_id = md5('chapter 0')::uuid AND until IS NULL)"
compare "a mentor's own page" "$mentor" 'SELECT * FROM public.peer_mentor_status' "SELECT * FROM public.peer_mentor_status WHERE mentor_id = $mine"
compare "a coordinator's list" "$coordinator" \
	'SELECT s.*, m.display_name FROM public.peer_mentor_status s JOIN public.peer_mentors m ON m.id = s.mentor_id ORDER BY m.display_name LIMIT 50' \
	"SELECT s.*, m.display_name FROM public.peer_mentor_status s JOIN public.peer_mentors m ON m.id = s.mentor_id WHERE s.mentor_id IN $theirs ORDER BY m.display_name LIMIT 50"
compare "one mentor's timeline" "$mentor" "SELECT * FROM public.mentor_timeline($mine)" "SELECT * FROM public.mentor_timeline($mine)"
