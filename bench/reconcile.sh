#!/bin/sh
# One reconcile() of the whole storage, which finds nothing, as the roster grows: seconds, and microseconds for each mentor.
#   bench/reconcile.sh [mentors...]      10000 100000 1000000 by default
. "$(dirname "$0")/../test/lib/cluster.sh"
pm_need server
[ $# -gt 0 ] || set -- 10000 100000 1000000
pm_start bench supabase_admin shared_buffers=512MB max_wal_size=4GB synchronous_commit=off
PGOPTIONS='-c client_min_messages=warning' pm_psql postgres -o /dev/null -f "$PM_ROOT/test/fixtures/mock_supabase.sql" || exit 1
PGUSER=postgres pm_psql postgres -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' || exit 1

loaded=0
for size in "$@"; do
	pm_psql postgres -o /dev/null -v first=$((loaded + 1)) -v last="$size" -f "$PM_ROOT/bench/roster_load.sql" || exit 1
	loaded=$size
	pm_psql postgres -o /dev/null -c 'VACUUM ANALYZE' -c CHECKPOINT
	{
		printf '\\timing on\n'
		echo 'SELECT count(*) FROM peer_mentor.reconcile();'
	} | pm_psql postgres -At -f - | awk -v size="$size" '
		/^Time: / { printf "%8d mentors %9.2f s %7.1f us each, %d found\n", size, $2 / 1000, $2 * 1000 / size, found; next }
		/^[0-9]+$/ { found = $1 }'
done
