#!/bin/sh
# pg_upgrade from this machine's server to PostgreSQL 17: rows, keys, policies and behaviour are the same.
#   pg_upgrade.sh                     with the system of another release, in which both servers are at hand
#   pg_upgrade.sh inside FOLDER       within it; FOLDER has the programs of the old server
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
to=17

if [ "${1-}" != inside ]; then
	pm_need server
	if [ "$PM_MAJOR" -ge $to ]; then
		echo "1..0 # SKIP this machine's server is $PM_MAJOR already"
		exit 0
	fi
	. "$PM_ROOT/test/lib/chroot.sh"
	pm_need debootstrap
	pm_install
	chroot_prepare $to
	chroot_copy_source $to
	old=$(chroot_add_host_server $to) || exit 1
	in_chroot $to /src/test/scripts/pg_upgrade.sh inside "$old"
	exit
fi

old_bin=$2
checks=$PM_ROOT/test/checks
pm_install
new_bin=$PM_BIN
files=$PM_RUN/files
mkdir "$files"
old_major=$("$old_bin/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')

as_owner() {
	(
		export PGUSER=postgres
		"$@"
	)
}

rows() { pm_psql "$1" -At -f "$checks/contents.sql"; }

# pg_get_constraintdef and its kin write things differently in each release, so what they wrote is left out
objects() {
	pm_psql "$1" -At -c "
		SELECT k.conrelid::regclass, k.conname, k.contype, k.confrelid::regclass, k.conkey, k.confkey, k.confdeltype, k.convalidated FROM pg_constraint k
		 WHERE k.connamespace = 'public'::regnamespace AND k.contype <> 'n'" \
		-c "SELECT t.tgrelid::regclass, t.tgname, t.tgfoid::regprocedure, t.tgtype, t.tgenabled FROM pg_trigger t WHERE NOT t.tgisinternal" \
		-c "SELECT c.oid::regclass, c.relowner::regrole, c.relrowsecurity, a.grantee::regrole, a.privilege_type FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
		     WHERE c.relnamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace) AND c.relkind <> 'S' AND a.privilege_type <> 'MAINTAIN'" \
		-c "SELECT p.oid::regprocedure, p.proowner::regrole, p.prosecdef, p.proconfig, a.grantee::regrole, a.privilege_type FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
		     WHERE p.pronamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace, 'peer_mentor'::regnamespace)" \
		-c "SELECT * FROM pg_policies" \
		-c "SELECT indexrelid::regclass, indisunique, indisvalid, indkey FROM pg_index WHERE indrelid::regclass::text !~ '^(pg_|information_schema)'" \
		-c "SELECT classoid::regclass, objoid::regclass, objsubid, description FROM pg_description WHERE classoid = 'pg_class'::regclass AND objoid > 16383" \
		-c "SELECT extname, extversion FROM pg_extension" \
		-c "SELECT e.enumlabel, rank() OVER (ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = 'public.mentor_status'::regtype" | sort
}

behaviour() { as_owner "$PM_BIN/psql" -X -d "$1" -f "$checks/behaviour.sql" 2>&1 | sed 's/^psql:[^ ]* //'; }

# ---- the old server

PM_BIN=$old_bin
pm_init old supabase_admin
pm_up old
pm_psql postgres -c 'CREATE DATABASE app' -c 'CREATE DATABASE reference' || exit 1
pm_psql app -f "$PM_ROOT/test/fixtures/mock_supabase.sql" || exit 1
as_owner pm_psql app -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' -f "$checks/populate.sql" || exit 1
rows app >"$files/rows-old"
objects app >"$files/objects-old"
pm_psql postgres -c 'DROP DATABASE reference' -c 'CREATE DATABASE reference TEMPLATE app'
behaviour reference >"$files/behaviour-old"
pm_psql postgres -c 'DROP DATABASE reference'
pm_down old || pm_fail 'the old server does not stop'

# ---- the new one

PM_BIN=$new_bin
pm_init new supabase_admin
pm_upgrade old new >"$files/log" 2>&1
is "pg_upgrade from $old_major to $PM_MAJOR succeeds" "$?$(grep -iE 'fatal|error|failure' "$files/log")" 0
sed 's/^/# /' "$files/log" | tail -n 4
pm_up new
is 'the server is the new one' "$(pm_value app 'SHOW server_version_num' | cut -c 1-2)" "$PM_MAJOR"
rows app >"$files/rows-new"
is 'the same rows' "$(diff "$files/rows-old" "$files/rows-new" | head -n 20)" ''
objects app >"$files/objects-new"
is 'the same keys, triggers, grants, policies, indexes and comments' "$(diff "$files/objects-old" "$files/objects-new" | head -n 20)" ''
is 'promises hold' "$(pm_psql app -At -f "$checks/promises.sql")" ''
pm_psql postgres -c 'CREATE DATABASE reference TEMPLATE app'
behaviour reference >"$files/behaviour-new"
is 'it behaves like before' "$(diff "$files/behaviour-old" "$files/behaviour-new" | head -n 20)" ''
ok 'as it should' grep -q '^run|succeeded|[1-9]' "$files/behaviour-new"
is 'migrate() has nothing to do' "$(as_owner pm_value app 'SELECT * FROM peer_mentor.migrate()')" ''
objects app >"$files/objects-new"
is 'and changes nothing' "$(diff "$files/objects-old" "$files/objects-new" | head -n 20)" ''
done_testing
