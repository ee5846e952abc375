#!/bin/sh
# A page of 50 of coordinator_roster(), as the roster grows: the first page and one further on, as a coordinator of one
# chapter, one of twenty, and the admin of the whole organisation.  The page of the first of them also as the owner, past row
# security: by the very statement of the function, and by a leaner one for one chapter without filters and cursor.
# Times in ms of one call.
#   bench/roster.sh [mentors...]      10000 100000 1000000 by default
. "$(dirname "$0")/../test/lib/cluster.sh"
pm_need server
[ $# -gt 0 ] || set -- 10000 100000 1000000
rounds=${ROUNDS:-60}
pm_start bench supabase_admin shared_buffers=512MB max_wal_size=4GB synchronous_commit=off
PGOPTIONS='-c client_min_messages=warning' pm_psql postgres -o /dev/null -f "$PM_ROOT/test/fixtures/mock_supabase.sql" || exit 1
PGUSER=postgres pm_psql postgres -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' || exit 1

# Many calls in one session, as a pooled connection makes them, the first few of which make plans; the time in ms that a tenth
# of them needs at most.
fast_of() { # setup, statement
	{
		printf '%s;\n' BEGIN "$1"
		printf '\\timing on\n'
		yes "$2 \\g /dev/null" | head -n $((rounds + 8))
		printf '\\timing off\nROLLBACK;\n'
	} | pm_psql postgres -At -f - | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | tail -n "$rounds" | sort -n | awk '{ t[NR] = $1 } END { print t[int((NR + 9) / 10)] }'
}

# Two statements in turns, the least of three each: what others do on the machine meanwhile falls out.
least_of() { # setup, statement, setup, statement
	for turn in 1 2 3; do
		echo "$(fast_of "$1" "$2")|$(fast_of "$3" "$4")"
	done | awk -F '|' 'NR == 1 || $1 < a { a = $1 } NR == 1 || $2 < b { b = $2 } END { print a "|" b }'
}

as_user() { echo "SELECT FROM mock.request('authenticated', md5('$1')::uuid)"; }

# The cursor after so many pages.
cursor_after() { # user pages
	pm_psql postgres -At -v user="$1" -v pages="$2" <<'SQL' | tail -n 1
BEGIN;
SELECT FROM mock.request('authenticated', md5(:'user')::uuid);
SET LOCAL statement_timeout = 0;
SELECT set_config('bench.at', NULL, true), set_config('bench.pages', :'pages', true) \g /dev/null
DO $$
DECLARE
	at text;
	last text;
BEGIN
	FOR i IN 1 .. current_setting('bench.pages')::int LOOP
		SELECT r.cursor INTO last FROM (SELECT q.cursor, row_number() OVER () n FROM public.coordinator_roster(50, at) q) r ORDER BY r.n DESC LIMIT 1;
		EXIT WHEN last IS NULL;
		at := last;
	END LOOP;
	PERFORM set_config('bench.at', at, true);
END
$$;
SELECT current_setting('bench.at');
ROLLBACK;
SQL
}

# The statement of the function, as the server tells it.
own_statement() {
	pm_psql postgres -At -o /dev/null -f - 2>&1 <<-SQL | sed -n 's/.*Query Text: \(WITH mine .*\)/\1/p' | head -n 1
		LOAD 'auto_explain';
		BEGIN;
		SET LOCAL auto_explain.log_min_duration = 0;
		SET LOCAL auto_explain.log_nested_statements = on;
		SET LOCAL client_min_messages = log;
		$(as_user 'coordinator 7');
		$page;
	SQL
}
as_owner='SET LOCAL ROLE postgres; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off'

page="SELECT * FROM public.coordinator_roster(50)"
loaded=0
for size in "$@"; do
	pm_psql postgres -o /dev/null -v first=$((loaded + 1)) -v last="$size" -f "$PM_ROOT/bench/roster_load.sql" || exit 1
	loaded=$size
	pm_psql postgres -o /dev/null -c 'VACUUM ANALYZE' -c CHECKPOINT
	for user in 'coordinator 7' region admin; do
		case $user in coordinator*) pages=1 ;; region) pages=20 ;; *) pages=$((size / 100 < 1000 ? size / 100 : 1000)) ;; esac
		echo "$size|$user|$pages|$(least_of "$(as_user "$user")" "$page" \
			"$(as_user "$user")" "SELECT * FROM public.coordinator_roster(50, '$(cursor_after "$user" $pages)')")"
	done
	echo "$size|the same||$(least_of "$(as_user 'coordinator 7')" "$page" \
		"$as_owner; PREPARE page (uuid, int, date, text, uuid, text[], uuid, int, boolean, text) AS $(own_statement)" \
		"EXECUTE page (md5('coordinator 7')::uuid, 50, '-infinity', '', '00000000-0000-0000-0000-000000000000', '{active,paused,expired_cert}', NULL, NULL, false, NULL)")"
	echo "$size|a leaner||$(least_of "$(as_user 'coordinator 7')" "$page" "SET LOCAL ROLE postgres; $(cat "$PM_ROOT/bench/roster_owner.sql")" "EXECUTE page (md5('chapter 7')::uuid)")"
done | awk -F '|' '
	$3 == "" { printf "%8d mentors  coordinator 7  first page %7.2f ms   %s statement as owner %7.2f ms   ratio %.2f\n", $1, $4, $2, $5, $4 / $5; next }
	{ printf "%8d mentors  %-14s first page %7.2f ms   page %4d %7.2f ms   ratio %.2f\n", $1, $2, $4, $3 + 1, $5, $5 / $4 }'
