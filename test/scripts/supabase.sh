#!/bin/sh
# The real Supabase CLI against the migrated database: its advisors, its lint, the migrations applied by it and the types it
# generates; and every public function called as PostgREST does, with safeupdate loaded as there.
#   test/scripts/supabase.sh          the tests
#   test/scripts/supabase.sh types    writes types/database.ts anew
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
here=$PM_ROOT/test/supabase
packages='supabase@3.1.0 @supabase/supabase-js@2.109.0 typescript@5.9.3 prettier@3.10.1'

pm_need server npm
[ -f "$(pm_pg sharedir)/extension/plpgsql_check.control" ] || pm_apt "postgresql-$PM_MAJOR-plpgsql-check"
pm_install

# the folder's name says what is in it, so that a newer version is fetched once
npm=$PM_BUILD/npm/$(echo "$packages" | cksum | cut -d ' ' -f 1)
if [ ! -d "$npm" ]; then
	mkdir -p "$PM_BUILD/npm"
	npm install --no-audit --no-fund --loglevel=error --prefix "$npm.part" $packages </dev/null >"$PM_RUN/npm.log" 2>&1 || {
		cat "$PM_RUN/npm.log" >&2
		pm_fail "could not install $packages"
	}
	mv "$npm.part" "$npm"
fi

# The CLI speaks TCP only.
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
pm_start sb supabase_admin listen_addresses=127.0.0.1 port="$port"
export PGPORT="$port"

cli() { # database command...
	(
		db=$1
		shift
		cd "$PM_RUN" && HOME=$PM_RUN DO_NOT_TRACK=1 SUPABASE_TELEMETRY_DISABLED=1 timeout 120 "$npm/node_modules/.bin/supabase" "$@" \
			--remote="postgresql://postgres@127.0.0.1:$port/$db?sslmode=disable" </dev/null
	)
}

as() { # role command...
	(
		PGUSER=$1
		shift
		"$@"
	)
}

fresh() { # database
	pm_psql postgres -c "CREATE DATABASE $1"
	PGOPTIONS='-c client_min_messages=warning' pm_psql "$1" -o /dev/null -f "$PM_ROOT/test/fixtures/mock_supabase.sql" || exit 1
}

# The database as the CLI's migrations make it, without the stand-in for PostgREST.
fresh cli
pm_psql cli -c 'SET client_min_messages = error' -c 'DROP SCHEMA mock CASCADE' -c 'CREATE EXTENSION plpgsql_check SCHEMA extensions'
mkdir -p "$PM_RUN/supabase/migrations"
cp "$PM_ROOT"/migrations/*.sql "$PM_RUN/supabase/migrations/"
cli cli migration up --yes >"$PM_RUN/up.log" 2>&1
up=$?

generated_types() {
	cli cli gen types --schema public 2>/dev/null | "$npm/node_modules/.bin/prettier" --parser typescript --print-width 120 --use-tabs --no-semi
}

if [ "${1-}" = types ]; then
	[ $up = 0 ] || pm_fail "$(cat "$PM_RUN/up.log")"
	generated_types >"$PM_RUN/database.ts" && [ -s "$PM_RUN/database.ts" ] || pm_fail 'no types'
	cp "$PM_RUN/database.ts" "$PM_ROOT/types/database.ts"
	exit
fi

ok 'the CLI applies the migrations' sh -c "cat '$PM_RUN/up.log'; exit $up"

# ---- the same as migrate() makes

fresh app
as postgres pm_psql app -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()'
dump() { # database
	"$PM_BIN/pg_dump" -s -d "$1" -n public -n peer_mentor_private | grep -v '^\\'
}
dump cli >"$PM_RUN/cli.sql"
dump app >"$PM_RUN/app.sql"
ok 'and makes what migrate() makes' diff "$PM_RUN/cli.sql" "$PM_RUN/app.sql"

# ---- PostgREST is told; the words of another session are seen by whoever listens

told() { # SQL of another session
	pm_psql "$2" -c 'LISTEN pgrst' -c "\\! PGUSER=postgres '$PM_BIN/psql' -X -q -d $2 -o /dev/null -c \"$1\"" -c 'SELECT 1' 2>/dev/null |
		grep -c 'notification "pgrst" with payload "reload schema"'
}
fresh news
is 'CREATE EXTENSION reloads the schema cache' "$(told 'CREATE EXTENSION peer_mentor' news)" 1
is 'so does migrate()' "$(told 'SELECT peer_mentor.migrate()' news)" 1
is 'a second one as well' "$(told 'SELECT peer_mentor.migrate()' news)" 1
is 'and the way back' "$(told 'SELECT peer_mentor.migrate(target => 0)' news)" 1

# ---- advisors and lint

findings() { # node expression that picks what matters of each result
	node -e 'const found = JSON.parse(require("fs").readFileSync(0, "utf8")).results ?? []
		for (const r of found) { const line = ('"$1"')(r); if (line) console.log(line) }'
}
ok 'advisors: nothing to warn of' cli cli db advisors --level warn --fail-on warn
# an index nobody used yet and a table for nobody but the service are as they should be
is 'advisors: no other information' "$(cli cli db advisors --level info --output-format json 2>/dev/null |
	findings 'r => ["unused_index", "rls_enabled_no_policy"].includes(r.name) ? "" : r.detail')" ''
ok 'lint: clean' cli cli db lint --schema public,peer_mentor_private --level warning --fail-on warning
is 'lint: no finding' "$(cli cli db lint --schema public,peer_mentor_private --level warning --output-format json 2>/dev/null |
	findings 'r => r.function + ": " + r.issues.map(i => i.message).join("; ")')" ''
# not among the advisors of the CLI, but of the dashboard
is 'no definer function in the exposed schema' "$(pm_value cli "
	SELECT string_agg(oid::regprocedure::text, ', ') FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef")" ''
is 'every function pins its search_path' "$(pm_value cli "
	SELECT string_agg(oid::regprocedure::text, ', ') FROM pg_proc
	 WHERE pronamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace)
	   AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)")" ''

pm_psql postgres -c 'CREATE DATABASE planted TEMPLATE cli'
as postgres pm_psql planted -c 'CREATE TABLE public.planted (id integer PRIMARY KEY)' \
	-c "CREATE FUNCTION public.planted() RETURNS void LANGUAGE plpgsql SET search_path = '' AS 'BEGIN PERFORM nothing_of_this_name(); END'"
is 'advisors see what is planted' "$(cli planted db advisors --level warn --fail-on warn >/dev/null 2>&1 || echo found)" found
is 'lint sees what is planted' "$(cli planted db lint --schema public --fail-on warning >/dev/null 2>&1 || echo found)" found

# ---- types

generated_types >"$PM_RUN/database.ts"
ok 'the types are those of types/database.ts; anew: test/scripts/supabase.sh types' diff "$PM_ROOT/types/database.ts" "$PM_RUN/database.ts"
is 'the types know every function' "$(pm_value cli "
	SELECT string_agg(proname, ' ') FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND NOT pg_catalog.pg_read_file('$PM_RUN/database.ts') ~ ('\m' || proname || '\M')")" ''
# what the page shows compiles, the first block being the head of the file
{
	awk '/^```ts$/ { inside = 1; n++; if (n > 1) print "{"; next }
	     /^```$/ && inside { inside = 0; if (n > 1) print "}"; next }
	     inside' "$PM_ROOT/docs/supabase-js.md"
} >"$PM_RUN/page.ts"
mkdir -p "$PM_RUN/types"
cp "$PM_ROOT/types/database.ts" "$PM_RUN/types/"
ln -s "$npm/node_modules" "$PM_RUN/node_modules"
is 'docs/supabase-js.md shows code' "$([ "$(grep -c supabase.rpc "$PM_RUN/page.ts")" -ge 20 ] && echo yes)" yes
ok 'and it compiles' sh -c "cd '$PM_RUN' && node_modules/.bin/tsc --noEmit --strict --skipLibCheck --target es2022 --module es2022 --moduleResolution bundler --lib es2022,dom page.ts"

# ---- every public function, under safeupdate

cp -r "$PM_ROOT/test/safeupdate" "$PM_RUN/safeupdate"
make -s -C "$PM_RUN/safeupdate" >"$PM_RUN/safeupdate.log" 2>&1 || pm_fail "$(cat "$PM_RUN/safeupdate.log")"
chmod -R a+rX "$PM_RUN/safeupdate"
pm_psql app -c "ALTER ROLE authenticator SET session_preload_libraries = '$PM_RUN/safeupdate/pm_safeupdate'"
is 'safeupdate is at work' "$(as authenticator pm_psql app -v VERBOSITY=sqlstate -c 'CREATE TEMP TABLE t (n integer)' \
	-c "DO 'BEGIN UPDATE t SET n = 1; END'" 2>&1)" 'ERROR:  21000'
is 'in a CTE as well' "$(as authenticator pm_psql app -v VERBOSITY=sqlstate -c 'CREATE TEMP TABLE t (n integer)' \
	-c 'WITH gone AS (DELETE FROM t RETURNING n) SELECT FROM gone' 2>&1)" 'ERROR:  21000'

as postgres pm_psql app -f "$here/world.sql" || exit 1
# nothing but the claiming of events writes these
pm_psql app -c 'SET session_replication_role = replica' -c "INSERT INTO undeliverable_notifications (id, event_id, mentor_id, reason)
	OVERRIDING SYSTEM VALUE SELECT n, n, md5(m)::uuid, 'nobody' FROM (VALUES (1, 'mentor 10'), (2, 'other mentor')) v (n, m)"
as authenticator pm_psql app -At -f "$here/calls.sql" >"$PM_RUN/met" 2>&1
is 'every call answers as it should' "$(sed '/^--$/,$d' "$PM_RUN/met")" ''
sed -n '/^--$/,$p' "$PM_RUN/met" | sed 1d | sort >"$PM_RUN/pairs"
cut -d '|' -f 1 "$PM_RUN/pairs" | sort -u >"$PM_RUN/called"
pm_value app "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY proname" >"$PM_RUN/functions"
ok 'every public function was called' diff "$PM_RUN/functions" "$PM_RUN/called"
# the page: "### name" and a line "Errors: `code`, ..."
awk '/^### `/ { split($2, f, "`"); fn = f[2]; sub(/\(.*/, "", fn) }
     /^Errors:/ { n = split($0, part, "`"); for (i = 2; i <= n; i += 2) print fn "|" part[i] }' "$PM_ROOT/docs/supabase-js.md" |
	sort -u >"$PM_RUN/page"
cut -d '|' -f 1,2 "$PM_RUN/pairs" | sort -u >"$PM_RUN/seen"
ok 'docs/supabase-js.md names these errors of each function and no others' diff "$PM_RUN/page" "$PM_RUN/seen"
pm_value app "SELECT p.proname || '|' || c[1] FROM pg_proc p, regexp_matches(regexp_replace(obj_description(p.oid, 'pg_proc'), '^.*Errors: ', ''), '[a-z_]+', 'g') c
	WHERE p.pronamespace = 'public'::regnamespace" | sort -u >"$PM_RUN/comments"
ok 'so does the comment of each function' diff "$PM_RUN/comments" "$PM_RUN/seen"
is 'the codes and their HTTP status are those of the page' \
	"$(cut -d '|' -f 2,3 "$PM_RUN/pairs" | sort -u)" \
	"$(sed -n 's/^| `\([a-z_]*\)` | \(4[0-9]*\) .*/\1|\2/p' "$PM_ROOT/docs/supabase-js.md" | sort -u)"

# ---- without storage, without the engine

fresh bare
as postgres pm_psql bare -o /dev/null -c 'CREATE EXTENSION peer_mentor'
state_of() { # database SQL
	as postgres pm_psql "$1" -v VERBOSITY=verbose -o /dev/null -c "$2" 2>&1 | sed -n 's/^ERROR:  \([0-9A-Z]*\):.*/\1/p; s/^DETAIL:  //p' | tr '\n' ' '
}
is 'no storage: 55000, which is HTTP 500' "$(state_of bare 'SELECT peer_mentor.pause_mentor(NULL)')" '55000 {"code": "storage_missing"} '
pm_psql app -c 'CREATE DATABASE engineless TEMPLATE app'
as postgres pm_psql engineless -c 'DROP EXTENSION peer_mentor'
is 'no engine: refused' "$(state_of engineless 'SELECT public.pause_mentor(NULL)')" '3F000 '
done_testing
