#!/bin/sh
# Nothing of a mentor who is erased, or of a login that is deleted, is found in any column of any table; everything of
# others is as it was; reports of past days give the same numbers, by a count that looks at every mentor on every day.
#   SEED=7 test/scripts/erasure.sh       another random past
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server
erasure=$PM_ROOT/test/erasure
seed=${SEED:-1}
id=aaaaaaaa-0000-4000-8000-00000000beef login=bbbbbbbb-0000-4000-8000-00000000beef
pm_install
pm_start erasure
pm_psql postgres -c 'CREATE ROLE keeper LOGIN CREATEROLE' -c 'CREATE DATABASE template OWNER keeper' || exit 1
(
	export PGUSER=keeper
	pm_psql template -f "$PM_ROOT/contrib/supabase_parts.sql" -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' &&
		pm_psql template -f "$PM_ROOT/test/checks/populate.sql" &&
		pm_psql template -o /dev/null -c 'CALL peer_mentor.run_nightly()'
) || exit 1
pm_psql template -v seed="$seed" -f "$erasure/begin.sql" && pm_psql template -f "$erasure/person.sql" \
	-c "CREATE TABLE erasure.theirs AS SELECT ARRAY['$id', 'Unmistakable'] || ARRAY(SELECT id::text FROM peer_mentor_certifications WHERE peer_mentor_id = '$id') AS needles,
		ARRAY(SELECT id::text FROM outbox_events WHERE mentor_id = '$id') AS events" || exit 1

copy() { # database
	pm_psql postgres -c "CREATE DATABASE $1 TEMPLATE template OWNER keeper" || exit 1
}
as_keeper() { PGUSER=keeper pm_value "$@"; }
found() { # database: where anything of the mentor is
	pm_value "$1" "SELECT f.place FROM unnest(ARRAY['$id', 'Unmistakable']) n CROSS JOIN LATERAL erasure.found(n) f GROUP BY 1 ORDER BY 1"
}
# DETAIL's code, else SQLSTATE, of an error
error_of() { # database role statement
	PGUSER=$2 pm_psql "$1" -v VERBOSITY=verbose -c "$3" 2>&1 | sed -n 's/^ERROR:  \([0-9A-Z]\{5\}\):.*/\1/p; s/.*"code": "\([a-z_]*\)".*/\1/p' | tr '\n' ' '
}
others() { # database table: what is not the mentor's
	pm_psql "$1" -c "CREATE TABLE erasure.$2 AS SELECT r.* FROM erasure.theirs t CROSS JOIN LATERAL erasure.rows_without(t.needles, t.events) r"
}
# What changed of others; which job runs say is compared without what the mentor's id stood in.
changed() { # database before after
	pm_value "$1" "SELECT relation, left(row_text, 300) FROM ((TABLE erasure.$2 EXCEPT ALL TABLE erasure.$3) UNION ALL (TABLE erasure.$3 EXCEPT ALL TABLE erasure.$2)) x
		WHERE relation NOT IN ('public.job_runs', 'public.job_run_failures') LIMIT 5"
}

places=$(found template | wc -l)
ok "the mentor is found before, in $places columns" test "$places" -ge 25
is 'in every table of mentors there is' "$(pm_value template "
	SELECT t FROM unnest(ARRAY['peer_mentors', 'mentor_chapters', 'coordinator_assignments', 'peer_mentor_status', 'peer_mentor_status_history', 'pause_records',
		'peer_mentor_certifications', 'certification_renewal_events', 'cert_expiry_reminders', 'outbox_events', 'outbox_deliveries', 'undeliverable_notifications',
		'job_runs', 'job_run_failures', 'status_discrepancies', 'idempotent_requests', 'register_import']) t
	 WHERE coalesce((peer_mentor_private.rows_of('$id', 'Unmistakable Key') ->> t)::int, CASE t WHEN 'job_runs' THEN (SELECT n::int FROM erasure.found('$id') WHERE place = 'public.job_runs.counts') END, 0) = 0")" ''

for way in function delete; do
	db=by_$way
	copy $db
	others $db before
	pm_psql $db -c 'CREATE TABLE erasure.numbers_before AS SELECT * FROM erasure.numbers()' -c 'CREATE TABLE erasure.frozen AS TABLE report_snapshots'
	case $way in
	function)
		is 'erase_mentor() says how much it erased' \
			"$(as_keeper $db "SELECT string_agg(key, ' ' ORDER BY key) FROM jsonb_each(peer_mentor.erase_mentor('$id')) WHERE value::int = 0")" ''
		;;
	delete) PGUSER=keeper pm_psql $db -c "DELETE FROM peer_mentors WHERE id = '$id'" ;;
	esac
	is "$way: nothing is found but the portal's event" "$(found $db)" 'public.outbox_events.mentor_id
public.outbox_events.payload'
	is "$way: which is a removal" "$(pm_value $db "SELECT channel, event_type, payload - '{effective_on,job_run_id}'::text[] FROM outbox_events WHERE mentor_id = '$id'")" \
		"portal_sync|mentor_removed|{\"mentor_id\": \"$id\", \"schema_version\": 1, \"organisation_id\": \"$(pm_value $db "SELECT md5('organisation 1')::uuid")\"}"
	others $db after
	is "$way: everything of others is as it was" "$(changed $db before after)" ''
	is "$way: job runs keep their counts" "$(pm_value $db "SELECT count(*) FROM job_runs WHERE counts ? 'expire' AND error = 'mentor \"(erased)\" is poisoned'")" "$(pm_value $db 'SELECT count(*) FROM job_runs')"
	is "$way: reports of past days give the same numbers" \
		"$(pm_value $db 'SELECT * FROM ((SELECT * FROM erasure.numbers() EXCEPT ALL TABLE erasure.numbers_before) UNION ALL (TABLE erasure.numbers_before EXCEPT ALL SELECT * FROM erasure.numbers())) x LIMIT 5')" ''
	is "$way: frozen reports are unchanged" "$(pm_value $db 'TABLE report_snapshots EXCEPT ALL TABLE erasure.frozen')" ''
	is "$way: reconcile() finds nothing" "$(as_keeper $db "SELECT kind, about FROM peer_mentor.reconcile() WHERE mentor_id IS NULL")" ''
	is "$way: the login is still there" "$(pm_value $db "SELECT count(*) FROM auth.users WHERE id = '$login'")" 1
	# the portal is told, and forgets
	pm_psql $db -o /dev/null -c "SELECT complete_event(id, claim_token) FROM (SELECT 1) x, LATERAL claim_events('portal_sync', 1000, '1 hour') WHERE mentor_id = '$id'"
	PGUSER=keeper pm_psql $db -c "CALL peer_mentor.run_nightly(now() + interval '2 days')"
	is "$way: once the portal was told nothing is left at all" "$(found $db)" ''
	is "$way: the mentor is not found" "$(error_of $db keeper "SELECT peer_mentor.erase_mentor('$id')")" 'PT404 mentor_not_found '
	is "$way: nor the login, when it is deleted as well" \
		"$(pm_psql $db -c "DELETE FROM auth.users WHERE id = '$login'" 2>&1; pm_value $db "SELECT place FROM erasure.found('$login')")" ''
done
is 'both ways leave the same' "$(pm_value by_function 'SELECT organisation_id, chapter_id, status::text, certified, from_day, to_day, mentors FROM erased_spans UNION ALL SELECT organisation_id, chapter_id, reason, NULL, effective_on, NULL, transitions FROM erased_transitions' | sort)" \
	"$(pm_value by_delete 'SELECT organisation_id, chapter_id, status::text, certified, from_day, to_day, mentors FROM erased_spans UNION ALL SELECT organisation_id, chapter_id, reason, NULL, effective_on, NULL, transitions FROM erased_transitions' | sort)"

# ---- many at once, some of them removed before

copy many
pm_psql many -c 'CREATE TABLE erasure.numbers_before AS SELECT * FROM erasure.numbers()'
PGUSER=keeper pm_psql many -o /dev/null -c "SELECT peer_mentor.erase_mentor(id) FROM peer_mentors WHERE display_name = 'past' AND id < '80000000-0000-0000-0000-000000000000'" \
	-c "DELETE FROM peer_mentors WHERE display_name = 'past' OR external_key IS NOT NULL"
is 'no random past is left' "$(pm_value many "SELECT count(*) FROM peer_mentors WHERE display_name = 'past'")" 0
numbers=$(pm_value many 'SELECT count(*) FROM erasure.numbers_before')
is "and $numbers numbers of days, reports and transitions are the same" \
	"$(pm_value many 'SELECT * FROM ((SELECT * FROM erasure.numbers() EXCEPT ALL TABLE erasure.numbers_before) UNION ALL (TABLE erasure.numbers_before EXCEPT ALL SELECT * FROM erasure.numbers())) x LIMIT 5')" ''
is 'no id is among what is left' "$(pm_value many "SELECT count(*) FROM information_schema.columns WHERE table_name IN ('erased_spans', 'erased_transitions') AND data_type = 'uuid' AND column_name NOT IN ('id', 'organisation_id', 'chapter_id')")" 0

# ---- a login that is deleted

copy login
pm_psql login -o /dev/null -c "SELECT public.grant_role('$login', md5('organisation 1')::uuid, 'coordinator', md5('chapter 3')::uuid)" \
	-c "SELECT public.assign_coordinator(md5('mentor 3')::uuid, '$login')" \
	-c "SELECT public.register_mentor(md5('another')::uuid, md5('organisation 1')::uuid, ARRAY[md5('chapter 3')::uuid])" \
	-c "SELECT set_config('request.jwt.claims', '{\"sub\": \"$login\", \"role\": \"authenticated\"}', false)" -c 'SET ROLE authenticated' \
	-c "SELECT public.pause_mentor(md5('another')::uuid, idempotency_key => 'mine')" -c "SELECT public.record_certification(md5('another')::uuid, 'basic', current_date - 9)" \
	-c 'RESET ROLE' -c "SELECT public.reactivate_mentor(md5('another')::uuid)" -c "SELECT public.claim_events('notification', 1000, '1 hour')"
places=$(pm_value login "SELECT count(*) FROM erasure.found('$login')")
ok "the login is found before, in $places columns" test "$places" -ge 8
pm_psql login -c "CREATE TABLE erasure.before AS SELECT * FROM erasure.rows_without(ARRAY['$login'], '{}')" -c "DELETE FROM auth.users WHERE id = '$login'" \
	-c "CREATE TABLE erasure.after AS SELECT * FROM erasure.rows_without(ARRAY['$login'], '{}')"
is 'and nowhere after its deletion' "$(pm_value login "SELECT place FROM erasure.found('$login')")" ''
is 'what it did stays, by nobody' "$(pm_value login "SELECT changed_by, actor_kind, reason FROM peer_mentor_status_history WHERE mentor_id = md5('another')::uuid AND version = 2")" '|coordinator|coordinator_manual_pause'
is 'the mentor it was is still there' "$(pm_value login "SELECT display_name, user_id FROM peer_mentors WHERE id = '$id'")" 'Unmistakable Name|'
is 'nothing else is gone' "$(pm_value login 'TABLE erasure.before EXCEPT ALL TABLE erasure.after')" ''

# ---- refused, cut short, left over

copy odd
for role in anon authenticated service_role; do
	is "$role may not erase" "$(error_of odd postgres "SET ROLE $role; SELECT peer_mentor.erase_mentor('$id')")" '42501 '
done
is 'nobody is not found' "$(error_of odd keeper "SELECT peer_mentor.erase_mentor(gen_random_uuid())")" 'PT404 mentor_not_found '
is 'null is no mentor' "$(error_of odd keeper "SELECT peer_mentor.erase_mentor(NULL)")" '22023 invalid_argument '
is 'nor is null a wish for reconcile()' "$(error_of odd keeper "SELECT peer_mentor.reconcile(NULL)")" '22023 invalid_argument '
is 'the counts are written by nobody else' "$(error_of odd keeper 'DELETE FROM erased_spans')$(error_of odd keeper "INSERT INTO erased_transitions (organisation_id, reason, new_status, effective_on) SELECT id, 'registered', 'active', current_date FROM organisations LIMIT 1")$(error_of odd keeper 'TRUNCATE erased_spans')" \
	'42501 engine_only 42501 engine_only 42501 engine_only '
PGUSER=keeper pm_psql odd -c "CREATE FUNCTION public.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE public.peer_mentors SET deleted_at = now() WHERE id = OLD.id; RETURN NULL; END'" \
	-c 'CREATE TRIGGER zz_keep BEFORE DELETE ON peer_mentors FOR EACH ROW EXECUTE FUNCTION public.keep()'
is 'a trigger that keeps the mentor is an error' "$(error_of odd keeper "SELECT peer_mentor.erase_mentor('$id')")" '27000 '
counted=$(pm_value odd 'SELECT sum(mentors) FROM erased_spans')
PGUSER=keeper pm_psql odd -c "DELETE FROM peer_mentors WHERE id = '$id'"
is 'whom it keeps is not counted as erased' "$(pm_value odd 'SELECT sum(mentors) FROM erased_spans')" "$counted"
PGUSER=keeper pm_psql odd -c 'DROP TRIGGER zz_keep ON peer_mentors'
is 'a removed mentor can be erased' "$(as_keeper odd "SELECT peer_mentor.erase_mentor('$id') ->> 'peer_mentors'")" 1
pm_psql odd -c 'SET session_replication_role = replica' -c "DELETE FROM peer_mentors WHERE id = md5('mentor 24')::uuid"
ok 'what is left of one who was deleted with triggers off is found' test "$(as_keeper odd "SELECT count(*) FROM peer_mentor.reconcile(true) WHERE kind = 'reference_broken' AND outcome LIKE 'refused%'")" -ge 6
pm_value odd "SELECT peer_mentor.erase_mentor(md5('mentor 24')::uuid)" >/dev/null
is 'and erased' "$(pm_value odd "SELECT place FROM erasure.found((md5('mentor 24')::uuid)::text) WHERE place NOT LIKE 'public.outbox_events.%' AND place NOT LIKE 'peer_mentor_private.portal%'")" ''
PGUSER=keeper pm_psql odd -c 'DROP EXTENSION peer_mentor'
is 'without the engine nobody is deleted' "$(error_of odd keeper "DELETE FROM peer_mentors WHERE id = md5('past 2')::uuid")" '3F000 '
done_testing
