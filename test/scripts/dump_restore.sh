#!/bin/sh
# versions: all
# Rows, keys, policies, grants and behaviour after pg_dump and restore, DROP EXTENSION and logical replication: on a
# Supabase-like server, whose storage owner is no superuser, and on plain PostgreSQL.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server
checks=$PM_ROOT/test/checks
pm_install
files=$PM_RUN/files
mkdir "$files"

as() { # role command...
	(
		export PGUSER="$1"
		shift
		"$@"
	)
}

contents() { # database
	pm_psql "$1" -At -f "$checks/contents.sql"
}

# Without comments, and with the engine's grants as they work: a dump has them as the difference to what CREATE
# EXTENSION grants, and that depends on who creates it.
schema() { # database
	"$PM_BIN/pg_dump" -s -d "$1" | grep -v -e '^\\' -e '^--' -e '^$' -e '^\(REVOKE\|GRANT\) .* ON \(FUNCTION\|PROCEDURE\) peer_mentor\.'
	pm_value "$1" "
		SELECT p.oid::regprocedure, r.rolname FROM pg_proc p, pg_roles r
		 WHERE p.pronamespace = to_regnamespace('peer_mentor') AND r.rolname !~ '^pg_' AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
		 ORDER BY p.oid::regprocedure::text, r.rolname"
}

template() { # name: a copy of the source
	pm_psql postgres -c "CREATE DATABASE $1 TEMPLATE source OWNER $database_owner" -c "GRANT ALL ON DATABASE $1 TO $owner" || exit 1
}

# as the storage owner; the transcript is also kept in a file
behaviour() { # owner database
	as "$1" "$PM_BIN/psql" -X -d "$2" -f "$checks/behaviour.sql" 2>&1 | sed 's/^psql:[^ ]* //' | tee "$files/behaviour-$2"
}

same() { # description, file, file
	is "$1" "$(diff "$2" "$3" 2>&1 | head -n 40)" ''
}

restore() { # role database file [options]
	restore_as=$1 restore_to=$2 restore_from=$3
	shift 3
	as "$restore_as" "$PM_BIN/pg_restore" -d "$restore_to" "$@" "$restore_from" 2>&1
}

# what the behaviour must be wherever it is looked at, so that two broken ones do not pass for equal
check_behaviour() { # name file
	while read -r line; do
		grep -q "^$line" "$2" || diag "missing: $line"
	done <<-'EOF' >"$files/missing"
		owner pauses|paused$
		service pauses|paused$
		service again, same key|paused$
		service reactivates|active$
		service suspends|expired_cert$
		service reinstates|active$
		service reads the history|4$
		a new mentor is|active|1$
		a direct update leaves|direct_update|operator$
		an erased mentor leaves|0$
		run|succeeded|[1-9]
		failures|0$
		unprotected|{}$
	EOF
	is "$1: does what it should" "$(cat "$files/missing")" ''
	is "$1: refuses what it should" "$(sed -n 's/.*ERROR: *//p' "$2" | sort | uniq -c | tr -s ' \n' ' ')" ' 1 22023 8 42501 2 PT409 '
}

# ---- one flavour after the other

make_supabase() {
	pm_start supabase supabase_admin wal_level=logical
	super=supabase_admin owner=postgres database_owner=supabase_admin
	pm_psql postgres -c 'CREATE DATABASE source' || exit 1
	pm_psql source -f "$PM_ROOT/test/fixtures/mock_supabase.sql" || exit 1
}

make_plain() {
	pm_start plain
	super=postgres owner=keeper database_owner=keeper
	# service_role as Supabase has it
	pm_psql postgres -c 'CREATE ROLE keeper LOGIN' -c 'CREATE ROLE anon' -c 'CREATE ROLE authenticated' -c 'CREATE ROLE service_role BYPASSRLS' \
		-c 'GRANT service_role, authenticated, anon TO keeper' -c 'CREATE DATABASE source OWNER keeper' || exit 1
	as keeper pm_psql source -f "$PM_ROOT/contrib/supabase_parts.sql" || exit 1
}

for flavour in supabase plain; do
	make_$flavour
	as $owner pm_psql source -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' -f "$checks/populate.sql" || exit 1
	contents source >"$files/rows"
	# (nothing writes these yet)
	is "$flavour: every table of the source has rows" "$(awk -F '|' '$2 == 0 { print $1 }' "$files/rows" |
		grep -v -e deliveries -e snapshots -e discrepancies -e undeliverable)" ''
	schema source >"$files/schema"
	"$PM_BIN/pg_dump" -Fc -d source -f "$files/whole" || exit 1

	# ---- a full dump, restored by a superuser into an empty database
	pm_psql postgres -c "CREATE DATABASE copy OWNER $database_owner" || exit 1
	is "$flavour: restore without an error" "$(restore $super copy "$files/whole")" ''
	contents copy >"$files/rows-copy"
	same "$flavour: the same rows" "$files/rows" "$files/rows-copy"
	schema copy >"$files/schema-copy"
	same "$flavour: the same keys, policies, triggers and grants" "$files/schema" "$files/schema-copy"

	# ---- what the superuser restored belongs to them now: does the owner still have all they need?
	template original
	behaviour $owner original >"$files/was"
	check_behaviour "$flavour, before the dump" "$files/was"
	behaviour $owner copy >"$files/is"
	check_behaviour "$flavour, restored" "$files/is"
	same "$flavour: no difference between the two" "$files/was" "$files/is"
	is "$flavour: promises hold in the copy" "$(pm_psql copy -At -f "$checks/promises.sql")" ''
	ok "$flavour: the owner can migrate the copy" as $owner pm_value copy 'SELECT * FROM peer_mentor.migrate()'
	schema copy >"$files/schema-migrated"
	same "$flavour: which changes nothing" "$files/schema" "$files/schema-migrated"

	# ---- DROP EXTENSION takes nothing along
	template dropped
	as $owner pm_psql dropped -c 'DROP EXTENSION peer_mentor'
	contents dropped >"$files/rows-dropped"
	same "$flavour: DROP EXTENSION leaves every row" "$files/rows" "$files/rows-dropped"
	schema dropped >"$files/schema-dropped"
	is "$flavour: and every table, key, policy, trigger and grant" \
		"$(diff "$files/schema" "$files/schema-dropped" | grep '^[<>]' | grep -v -e 'EXTENSION.*peer_mentor' -e '^< peer_mentor\.')" ''
	for role in $owner $super; do
		for write in "UPDATE peer_mentor_status SET status = 'paused' WHERE status = 'active'" \
			'INSERT INTO peer_mentor_status_history SELECT * FROM peer_mentor_status_history LIMIT 1' \
			'DELETE FROM pause_records' 'TRUNCATE outbox_events CASCADE' "SELECT pause_mentor(md5('mentor 20')::uuid)" \
			'DELETE FROM peer_mentors'; do
			is "$flavour: without the engine $role cannot: $write" \
				"$(as $role pm_psql dropped -v VERBOSITY=sqlstate -o /dev/null -c "SET client_min_messages = error" -c "$write" 2>&1 | sed 's/.*ERROR: *//')" 3F000
		done
	done
	ok "$flavour: reading goes on" as $owner pm_value dropped 'SELECT * FROM job_health, peer_mentor_status_log LIMIT 1'
	as $owner pm_psql dropped -c 'CREATE EXTENSION peer_mentor'
	is "$flavour: CREATE EXTENSION brings the writes back" \
		"$(as $owner pm_value dropped "SELECT (pause_mentor(md5('mentor 20')::uuid)).new_status")" paused
	as $owner pm_psql dropped -o /dev/null -c 'SELECT public.reactivate_mentor(md5('"'mentor 20'"')::uuid)' -c 'SELECT peer_mentor.migrate()'
	schema dropped >"$files/schema-dropped"
	same "$flavour: and migrate() the grants" "$files/schema" "$files/schema-dropped"

	[ $flavour = supabase ] || break
	# ---- a dump of the schemas alone, into a database with Supabase's old default privileges
	pm_psql postgres -c 'CREATE DATABASE partial' || exit 1
	pm_psql partial -f "$PM_ROOT/test/fixtures/mock_supabase.sql" || exit 1
	"$PM_BIN/pg_dump" -Fc -n public -n peer_mentor_private -d source -f "$files/partial"
	"$PM_BIN/pg_dump" -Fc -a -t auth.users -d source -f "$files/users"
	restore $super partial "$files/users" | sed 's/^/# /'
	"$PM_BIN/pg_restore" -l "$files/partial" | grep -v ' SCHEMA - public ' >"$files/list"
	is 'partial dump: restore without an error' "$(restore $super partial "$files/partial" -L "$files/list")" ''
	contents partial >"$files/rows-partial"
	same 'partial dump: the same rows' "$files/rows" "$files/rows-partial"
	open='SELECT count(*) FILTER (WHERE has_table_privilege(r, c.oid, p)) FROM pg_class c, unnest($${anon,authenticated,service_role}$$::text[]) r,
		unnest($${INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}$$::text[]) p
		WHERE c.relnamespace = $$public$$::regnamespace AND c.relkind = $$r$$ AND c.relname IN (SELECT peer_mentor_private.engine_tables())'
	is 'partial dump: it comes back open' "$([ "$(pm_value partial "$open")" -gt 100 ] && echo open)" open
	is 'partial dump: closed all the same while the engine is missing' \
		"$(pm_psql partial -v VERBOSITY=sqlstate -c 'SET ROLE service_role' -c 'DELETE FROM peer_mentor_status' 2>&1 | sed 's/.*ERROR: *//')" 3F000
	as $owner pm_psql partial -c 'CREATE EXTENSION peer_mentor'
	is 'partial dump: job_health tells of it' \
		"$(pm_value partial 'SELECT cardinality(missing_protection) > 100 FROM job_health')" t
	as $owner pm_psql partial -o /dev/null -c 'SELECT peer_mentor.migrate()'
	is 'partial dump: migrate() closes it again' "$(pm_value partial "$open")" 0
	is 'partial dump: and job_health is content' "$(pm_value partial 'SELECT missing_protection FROM job_health')" '{}'
	schema partial | grep -v '^ALTER DEFAULT PRIVILEGES' >"$files/schema-partial"
	grep -v '^ALTER DEFAULT PRIVILEGES' "$files/schema" >"$files/schema-source"
	same 'partial dump: nothing else differs from the source' "$files/schema-source" "$files/schema-partial"
	behaviour $owner partial >"$files/is"
	same 'partial dump: it behaves like the source' "$files/was" "$files/is"

	# ---- logical replication into a database with the same storage
	tables=$(pm_value source "SELECT string_agg(c.oid::regclass::text, ', ' ORDER BY 1) FROM pg_class c
		WHERE c.relkind = 'r' AND (c.relnamespace = 'public'::regnamespace OR c.oid IN ('auth.users'::regclass, 'peer_mentor_private.mentor_reviews'::regclass, 'peer_mentor_private.ladder_changes'::regclass, 'peer_mentor_private.portal_mentors'::regclass))")
	pm_psql postgres -c 'CREATE DATABASE replica' || exit 1
	pm_psql replica -f "$PM_ROOT/test/fixtures/mock_supabase.sql" || exit 1
	as $owner pm_psql replica -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()'
	# a server that follows itself would wait for its own CREATE SUBSCRIPTION if that made the slot
	pm_psql source -o /dev/null -c "CREATE PUBLICATION storage FOR TABLE $tables" \
		-c "SELECT pg_create_logical_replication_slot('replica', 'pgoutput')"
	pm_psql replica -c "CREATE SUBSCRIPTION replica CONNECTION 'host=$PGHOST port=$PGPORT user=$super dbname=source'
		PUBLICATION storage WITH (create_slot = false, slot_name = 'replica')"
	follow() {
		n=0
		while [ $n -lt 100 ]; do
			contents source | grep -v -e '\.made|' -e '\.migrations|' >"$files/rows-source"
			contents replica | grep -v -e '\.made|' -e '\.migrations|' >"$files/rows-replica"
			! cmp -s "$files/rows-source" "$files/rows-replica" || return 0
			n=$((n + 1))
			sleep 0.1
		done
	}
	follow
	same 'logical replication: the first copy has the same rows' "$files/rows-source" "$files/rows-replica"
	as $owner "$PM_BIN/psql" -X -d source -f "$checks/behaviour.sql" >/dev/null 2>&1
	as $owner pm_psql source -o /dev/null -c "SELECT public.pause_mentor(m.id) FROM peer_mentors m JOIN peer_mentor_status s ON s.mentor_id = m.id
			WHERE s.status = 'active' AND m.deleted_at IS NULL" \
		-c "DELETE FROM peer_mentors WHERE id = md5('mentor 5')::uuid" -c "DELETE FROM auth.users WHERE id = md5('user 31')::uuid"
	follow
	same 'logical replication: and follows' "$files/rows-source" "$files/rows-replica"
	is 'logical replication: promises hold there' "$(pm_psql replica -At -f "$checks/promises.sql")" ''
	pm_psql replica -c 'ALTER SUBSCRIPTION replica DISABLE' -c 'ALTER SUBSCRIPTION replica SET (slot_name = NONE)' -c 'DROP SUBSCRIPTION replica'
	pm_psql source -o /dev/null -c "SELECT pg_drop_replication_slot('replica')"
	pm_stop supabase
done

# ---- on plain PostgreSQL the owner of the database dumps and restores without a superuser
as keeper "$PM_BIN/pg_dump" -Fc -d source -f "$files/owners" || exit 1
pm_psql postgres -c 'CREATE DATABASE own OWNER keeper' || exit 1
is 'owner: restore without an error' "$(restore keeper own "$files/owners")" ''
contents own >"$files/rows-own"
same 'owner: the same rows' "$files/rows" "$files/rows-own"
schema own >"$files/schema-own"
same 'owner: the same keys, policies, triggers and grants' "$files/schema" "$files/schema-own"
behaviour keeper own >"$files/is"
same 'owner: it behaves like the source' "$files/was" "$files/is"
done_testing
