#!/bin/sh
# The roster of a large organisation: reached by index at a cost that neither its size nor the page changes; what it shows
# against a model of plain SQL; and pages that are walked while mentors move, which miss and repeat nobody who does not.
# ROSTER=200000 ... takes more mentors than the 10,000 of a quick run.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server
size=${ROSTER:-10000}
pm_start roster supabase_admin
PGOPTIONS='-c client_min_messages=warning' pm_psql postgres -o /dev/null -f "$PM_ROOT/test/fixtures/mock_supabase.sql" || exit 1
PGUSER=postgres pm_psql postgres -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' || exit 1
load() {
	pm_psql postgres -o /dev/null -v first="$1" -v last="$2" -f "$PM_ROOT/bench/roster_load.sql" || exit 1
	pm_psql postgres -c 'VACUUM ANALYZE' || exit 1
}
pm_psql postgres -o /dev/null -f "$PM_ROOT/test/roster/begin.sql" || exit 1

# What one page takes: the plan of the query, once its caches are warm.
plan_of() { # user arguments
	pm_psql postgres -At <<SQL 2>&1
LOAD 'auto_explain';
SET auto_explain.log_nested_statements = on;
SET auto_explain.log_analyze = on;
SET auto_explain.log_timing = off;
SET auto_explain.log_buffers = on;
BEGIN;
SELECT FROM mock.request('authenticated', md5('$1')::uuid);
SELECT count(*) FROM public.coordinator_roster($2);
RESET ROLE;
SET auto_explain.log_min_duration = 0;
SET client_min_messages = log;
SELECT FROM mock.request('authenticated', md5('$1')::uuid);
SELECT count(*) FROM public.coordinator_roster($2);
ROLLBACK;
SQL
}
plan_of_page() { plan_of "$@" | sed -n '/WITH mine/,/^LOG/p'; }
buffers_of() { plan_of_page "$@" | sed -n 's/^ *Buffers: shared hit=\([0-9]*\).*/\1/p' | head -n 1; }
cursor_of() { pm_value postgres "SELECT roster.cursor_after('$1', $2)"; } # user pages of 50

load 1 4000
small_admin=$(buffers_of admin 50) small_region=$(buffers_of region 50) small_coordinator=$(buffers_of 'coordinator 3' 50)
load 4001 "$size"
for user in 'coordinator 3' region admin; do
	for arguments in 50 "50, statuses => '{paused}'" '50, expiring_within_days => 30' '50, overdue_only => true' "50, chapter_id => md5('chapter 3')::uuid"; do
		plan=$(plan_of_page "$user" "$arguments")
		is "$user, $arguments: no table is read as a whole" "$(echo "$plan" | grep -v 'never executed' | grep -c 'Seq Scan')" 0
		index=peer_mentor_status_chapter_id_status_idx
		if [ "$user" = admin ] && ! echo "$arguments" | grep -q chapter_id; then index=peer_mentor_status_roster_idx; fi
		ok "$user, $arguments: in the order of $index" sh -c 'echo "$1" | grep -v "never executed" | grep -q "Index.* Scan using $2" || { echo "$1"; false; }' sh "$plan" $index
	done
done
for user in 'coordinator 3' region admin; do
	case $user in admin) small=$small_admin ;; region) small=$small_region ;; *) small=$small_coordinator ;; esac
	first=$(buffers_of "$user" 50)
	ok "$user: $first pages of the cache for the first page, $small of a roster of 4,000" test "$first" -lt $((small + small / 2))
done
first=$(buffers_of admin 50)
deep=$(buffers_of admin "50, '$(cursor_of admin $((size / 100)))'")
ok "and $deep half way through the roster" test "$deep" -lt $((first + first / 2))

# ---- whom it shows, against a model
pm_psql postgres -o /dev/null -c 'SELECT roster.disturb()' || exit 1
pm_psql postgres -c 'CREATE TABLE roster.walked AS SELECT * FROM roster.walks()' || exit 1
is 'walked in pages of any size it shows whom the model shows, in that order' "$(pm_value postgres "
	SELECT string_agg(format('%s %s: %s of %s', w.who, w.arguments, w.seen, w.expected), '; ')
	  FROM roster.walked w WHERE w.seen_ids IS DISTINCT FROM w.expected_ids")" ''
echo "# $(pm_value postgres "SELECT format('%s walks, the longest of %s mentors, %s of nobody', count(*), max(seen), count(*) FILTER (WHERE seen = 0)) FROM roster.walked")"

# ---- while mentors move
pm_psql postgres -o /dev/null -c 'SELECT FROM roster.move(100)' -c 'TRUNCATE roster.moved' || exit 1
(while [ ! -f "$PM_RUN/walked" ]; do pm_psql postgres -o /dev/null -c 'CALL roster.move_for(2)' || exit 1; done) &
mover=$!
: >"$PM_RUN/seen"
at=NULL
while :; do
	pm_psql postgres -At -c BEGIN -c "SELECT FROM mock.request('authenticated', md5('admin')::uuid)" \
		-c "SELECT mentor_id || ' ' || cursor FROM public.coordinator_roster(250, $at)" -c ROLLBACK | grep ' ' >"$PM_RUN/page" || break
	cat "$PM_RUN/page" >>"$PM_RUN/seen"
	at="'$(tail -n 1 "$PM_RUN/page" | cut -d ' ' -f 2)'"
done
touch "$PM_RUN/walked"
wait $mover
pm_psql postgres -c "CREATE TABLE roster.seen (id uuid)" -c "\\copy roster.seen FROM PROGRAM 'cut -d \" \" -f 1 \"$PM_RUN/seen\"'"
ok 'mentors moved meanwhile' test "$(pm_value postgres 'SELECT count(DISTINCT mentor_id) FROM roster.moved')" -gt 50
echo "# $(pm_value postgres "SELECT format('%s pages of 250, %s moves of %s mentors meanwhile', (SELECT ceil(count(*) / 250.0) FROM roster.seen), count(*), count(DISTINCT mentor_id)) FROM roster.moved")"
is 'nobody who did not move was missed' "$(pm_value postgres 'SELECT count(*) FROM peer_mentors m WHERE deleted_at IS NULL AND id NOT IN (SELECT mentor_id FROM roster.moved) AND id NOT IN (SELECT id FROM roster.seen)')" 0
is 'or shown twice' "$(pm_value postgres 'SELECT count(*) FROM (SELECT id FROM roster.seen WHERE id NOT IN (SELECT mentor_id FROM roster.moved) GROUP BY id HAVING count(*) > 1) q')" 0
is 'and the order still follows the mentors' "$(pm_value postgres "
	SELECT string_agg(w.who, '; ') FROM roster.walks(500) w WHERE w.seen_ids IS DISTINCT FROM w.expected_ids")" ''
done_testing
