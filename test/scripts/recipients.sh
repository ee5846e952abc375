#!/bin/sh
# Whom a notification reaches, in random directories that change between the change, the claim and the retries, against an
# independent model: coordinators of several chapters or by assignment, who left, who are the mentor, who did it
# themselves; admins where there is none; nobody at all; mentors removed, and logins deleted.
#   WORLDS=2000 test/scripts/recipients.sh     the whole; without it a slice
#   SEED=7                                     other worlds
# At the end the model is broken, one rule after the other, and the comparison has to notice.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server python3 python3-psycopg2
pm_install
pm_start recipients synchronous_commit=off
pm_psql postgres -c 'CREATE ROLE keeper LOGIN CREATEROLE' -c 'CREATE DATABASE recipients OWNER keeper' || exit 1
PGUSER=keeper pm_psql recipients -f "$PM_ROOT/contrib/supabase_parts.sql" -o /dev/null -c 'CREATE EXTENSION peer_mentor' \
	-c 'SELECT peer_mentor.migrate()' || exit 1
compare() { # worlds seed
	"$PM_PYTHON" "$PM_ROOT/test/outbox/recipients.py" 'dbname=recipients' "$1" "$2"
}
is 'the model and the database tell the same people' "$(compare "${WORLDS:-30}" "${SEED:-1}" 2>"$PM_RUN/counts")" ''
cat "$PM_RUN/counts"
ok 'everything happened' grep -q 'chapter_admin.*coordinator.*mentor.*nobody to tell.*org_admin.*undeliverable' "$PM_RUN/counts"
seed=1000
for rule in actor self ended_role ended_chapter ended_assignment chapter_admin org_admin removed once actor_is_enough delivered; do
	seed=$((seed + 1))
	BREAK=$rule compare 60 $seed >"$PM_RUN/broken" 2>&1
	ok "a model without $rule is noticed" grep -q 'expected' "$PM_RUN/broken"
	pm_psql recipients -o /dev/null -c 'SET session_replication_role = replica' -c 'TRUNCATE outbox_events CASCADE' || exit 1
done
done_testing
