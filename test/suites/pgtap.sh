#!/bin/sh
# Every pgTAP file on a fresh copy of a database with the Supabase-like fixture and the migrated extension.
# A file with the line "-- needs: pg_cron" runs in the one database that pg_cron serves.
. "$(dirname "$0")/../lib/cluster.sh"
cd "$PM_ROOT" || exit 1
pm_need server cron pgtap
pm_start pgtap supabase_admin cron=cron
export PGOPTIONS='-c client_min_messages=warning'
for db in cron fresh; do
	"$PM_BIN/createdb" $db || exit 1
	pm_psql $db -v VERBOSITY=terse -f test/fixtures/pgtap.sql >/dev/null || exit 1
done
unset PGOPTIONS
status=0
for file in test/pgtap/*.sql; do
	[ -f "$file" ] || continue
	db=cron
	if ! grep -q '^-- needs: pg_cron' "$file"; then
		db=copy
		"$PM_BIN/dropdb" --if-exists --force copy 2>/dev/null
		"$PM_BIN/createdb" -T fresh copy || exit 1
	fi
	echo "# $file"
	pg_prove --verbose --psql-bin "$PM_BIN/psql" -d $db "$file" </dev/null || status=1
done
exit $status
