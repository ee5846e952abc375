#!/bin/sh
# A register replayed month by month, 2000 to 2022: each month's rows are imported, the nightly run of the month's end
# follows, and every status is compared with what a program that knows only the file computed.
#   REGISTER=file.csv test/scripts/replay.sh      a file of your own, otherwise a made-up one
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server python3
replay=$PM_ROOT/test/replay

pm_start replay
work=$PM_RUN/register
mkdir "$work"
register=${REGISTER:-$work/register.csv}
[ -n "${REGISTER:-}" ] || python3 "$replay/generate.py" >"$register" || exit 1
python3 "$replay/model.py" "$register" "$work" || exit 1

# on plain PostgreSQL, owned by a role that is no superuser
pm_psql postgres -c 'CREATE ROLE keeper LOGIN CREATEROLE' -c 'CREATE DATABASE register OWNER keeper' || exit 1
export PGUSER=keeper
pm_psql register -f "$PM_ROOT/contrib/supabase_parts.sql" || exit 1
pm_psql register -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' -f "$replay/begin.sql" || exit 1
pm_psql register -c "\\copy replay.expected_count FROM '$work/counts.csv' WITH (FORMAT csv)" \
	-c "\\copy replay.expected_status FROM '$work/statuses.csv' WITH (FORMAT csv)" || exit 1

loaded=0
for organisation in oslo chicago; do
	for part in "$work/$organisation"/*.csv; do
		step=$(basename "$part" .csv)
		pm_psql register -v batch="$organisation $step" -f "$PM_ROOT/examples/licences.sql" <"$part" && loaded=$((loaded + 1))
	done
done
is 'the example loads every file' $loaded "$(ls "$work"/oslo/*.csv "$work"/chicago/*.csv | wc -l)"
is 'and every row of it' "$(pm_value register 'SELECT count(*) FROM register_import')" \
	"$(pm_value register 'SELECT sum(rows) FROM replay.expected_count')"

# one session for all months; what differs is printed below the month's name
while IFS=, read -r step as_of; do
	printf '%s\n' "\\echo step $step" "\\set step $step" "\\set as_of '$as_of'" "\\ir $replay/step.sql"
done <"$work/steps.csv" >"$work/all.sql"
pm_psql register -At -f "$work/all.sql" >"$work/found" 2>"$work/errors"
is 'no error' "$(cat "$work/errors")" ''
is 'every month was replayed' "$(grep -c '^step ' "$work/found")" "$(wc -l <"$work/steps.csv")"
for year in $(cut -c 1-4 "$work/steps.csv" | sort -u); do
	is "$year: counts, statuses, days and promises are as computed" \
		"$(awk -v year="$year" '$1 == "step" { inside = substr($2, 1, 4) == year; step = $2; next } inside { print step ": " $0 }' "$work/found" | head -n 20)" ''
done

# Did it find anything to do?
is 'mentors of both organisations moved' "$(pm_value register "
	SELECT string_agg(DISTINCT o.name || ' ' || h.reason, ', ' ORDER BY o.name || ' ' || h.reason) FROM peer_mentor_status_history h
	  JOIN peer_mentors m ON m.id = h.mentor_id JOIN organisations o ON o.id = m.organisation_id")" \
	"$(for o in chicago oslo; do for r in expired renewed suspended; do printf '%s certification_%s, ' $o $r; done; printf '%s registered, ' $o; done | sed 's/, $//')"

# ---- nothing twice

last=$(tail -n 1 "$work/steps.csv" | cut -d , -f 2)
remember='TRUNCATE replay.remembered; INSERT INTO replay.remembered SELECT * FROM replay.everything()'
changed='SELECT e.what FROM replay.everything() e JOIN replay.remembered r USING (what) WHERE e.sum IS DISTINCT FROM r.sum'
pm_value register "$remember"
is 'importing again finds only what was rejected' "$(pm_value register "
	SELECT sum(i.imported + i.renewed + i.unchanged), sum(i.rejected) = (SELECT sum(rejected) FROM replay.expected_count)
	  FROM replay.expected_count e JOIN organisations o ON o.name = e.organisation,
	       peer_mentor.import_register(o.id, o.name || ' ' || e.step, create_missing => true) i")" '0|t'
is 'and changes nothing' "$(pm_value register "$changed")" ''
pm_psql register -c "CALL peer_mentor.run_nightly(as_of => '$last')"
is 'the same run again changes nothing' "$(pm_value register "$changed")" ''

# the same months copied once more, in the same order
pm_value register "INSERT INTO register_import (batch, mentor_key, chapter, certification_type, issued_on, expires_on, status)
	SELECT split_part(r.batch, ' ', 1) || ' again', r.mentor_key, r.chapter, r.certification_type, r.issued_on, r.expires_on, r.status
	  FROM register_import r WHERE r.imported_at IS NOT NULL ORDER BY r.id"
is 'the whole register once more brings nothing new' "$(pm_value register "
	SELECT o.name, i.imported, i.rejected, i.imported + i.renewed + i.unchanged
	       - (SELECT sum(e.rows - e.rejected) FROM replay.expected_count e WHERE e.organisation = o.name)
	  FROM organisations o, peer_mentor.import_register(o.id, o.name || ' again') i ORDER BY o.name")" 'chicago|0|0|0
oslo|0|0|0'
pm_psql register -c "CALL peer_mentor.run_nightly(as_of => '$last')"
is 'and changes nothing' "$(pm_value register "$changed")" ''
is 'the promises hold' "$(pm_psql register -At -v as_of="$last" -f "$PM_ROOT/test/checks/promises.sql")" ''
done_testing
