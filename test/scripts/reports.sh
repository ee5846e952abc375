#!/bin/sh
# status_report() and mentor_status_on() against lives that a model lived day by day (test/reports/generate.py); what erasure leaves of a report, and a frozen
# one after correction.  REPORTS=20 takes more and larger worlds than the two of a quick run.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server python3
worlds=${REPORTS:-2}
pm_start reports
pm_psql postgres -o /dev/null -c 'CREATE DATABASE fresh' -c 'CREATE DATABASE world' || exit 1
PGOPTIONS='-c client_min_messages=warning' pm_psql fresh -o /dev/null -f "$PM_ROOT/contrib/supabase_parts.sql" -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' || exit 1
world=0
while [ $world -lt "$worlds" ]; do
	world=$((world + 1))
	pm_psql postgres -c 'DROP DATABASE world' -c 'CREATE DATABASE world TEMPLATE fresh' || exit 1
	told=$(python3 "$PM_ROOT/test/reports/generate.py" $world $((60 * world)) $((200 + 100 * world)) 40 "$PM_RUN") || exit 1
	pm_psql world -o /dev/null -f "$PM_RUN/world.sql" || exit 1
	pm_psql world -At -o "$PM_RUN/reported" -f "$PM_RUN/periods.sql" || exit 1
	ok "world $world: $told: as lived" sh -c 'diff "$1" "$2" >"$3" || { head -n 20 "$3"; false; }' sh "$PM_RUN/expected" "$PM_RUN/reported" "$PM_RUN/diff"
	pm_psql world -At -o "$PM_RUN/answered" -f "$PM_RUN/asked.sql" || exit 1
	ok "world $world: $(wc -l <"$PM_RUN/answers") questions of mentor_status_on(): as lived" sh -c 'diff "$1" "$2" >"$3" || { head -n 20 "$3"; false; }' sh "$PM_RUN/answers" "$PM_RUN/answered" "$PM_RUN/diff"
done
ok 'the model finds something to count' test "$(wc -l <"$PM_RUN/expected")" -gt 400

# ---- what was reported stays
snapshot=$(pm_value world "SELECT public.freeze_report(id, '2023-03-01', '2024-01-31') FROM public.organisations")
frozen() { pm_value world "SELECT md5(string_agg(r::text, ';' ORDER BY r::text)) FROM public.frozen_report('$snapshot') r"; }
now() { pm_value world "SELECT md5(string_agg(r::text, ';' ORDER BY r::text)) FROM public.organisations o, public.status_report(o.id, '2023-03-01', '2024-01-31') r"; }
before=$(frozen)
is 'a frozen report is the report' "$before" "$(now)"
pm_psql world -o /dev/null -c 'DELETE FROM public.peer_mentors WHERE id IN (SELECT id FROM public.peer_mentors ORDER BY id LIMIT 20)' \
	-c 'SELECT FROM public.peer_mentors m CROSS JOIN LATERAL peer_mentor.erase_mentor(m.id) ORDER BY m.id LIMIT 20' || exit 1
is 'deletion and erasure change no number' "$(now)" "$before"
pm_psql world -At -o "$PM_RUN/reported" -f "$PM_RUN/periods.sql" || exit 1
ok 'in whatever period' sh -c 'diff "$1" "$2" >"$3" || { head -n 20 "$3"; false; }' sh "$PM_RUN/expected" "$PM_RUN/reported" "$PM_RUN/diff"
pm_psql world -o /dev/null -c "SELECT count(public.correct_certification(c.peer_mentor_id, c.certification_type, c.expires_at, c.expires_at + 200))
	FROM public.peer_mentor_certifications c JOIN public.peer_mentors m ON m.id = c.peer_mentor_id WHERE m.deleted_at IS NULL AND c.status <> 'suspended'" || exit 1
ok 'corrections change the report of today' test "$(now)" != "$before"
is 'but not the frozen one' "$(frozen)" "$before"
pm_psql world -c "\\copy (SELECT * FROM public.frozen_report('$snapshot')) TO '$PM_RUN/report.csv' CSV HEADER" || exit 1
is 'it can be copied to a spreadsheet' "$(head -n 1 "$PM_RUN/report.csv")" chapter_id,chapter,status,mentors,mentor_days,certified_mentors,uncertified_mentors,certified_days,uncertified_days,transitions
noticed() { # what is changed
	pm_psql world -v VERBOSITY=sqlstate -o /dev/null -c 'SET session_replication_role = replica' -c BEGIN -c "UPDATE public.report_snapshots SET $1" \
		-c "SELECT * FROM public.frozen_report('$snapshot')" 2>&1 | grep -c XX001
}
for change in 'to_day = to_day + 1' 'from_day = from_day - 1' "report = jsonb_set(report, '{rows,0,mentors}', '7')" "checksum = md5('x')"; do
	is "one that was changed past the guards is noticed: $change" "$(noticed "$change")" 1
done
is 'otherwise not' "$(noticed 'number = number')" 0
done_testing
