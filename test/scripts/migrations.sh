#!/bin/sh
# The migrations by every way there is: the Supabase CLI, migrate(), psql; twice; back; and over tables that a team
# already has.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server npm
checks=$PM_ROOT/test/checks
count=$(find "$PM_ROOT/migrations" -name '*.sql' | wc -l)
rollbacks=$(find "$PM_ROOT/rollback" -name '*.sql' | sort -r)

# The CLI takes no socket, so this server listens on the loopback interface; it is the only one that does.
port=$(node -e 's = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
pm_start supabase supabase_admin listen_addresses=127.0.0.1 "port=$port"
PGPORT=$port
export PGPORT
files=$PM_RUN/files
mkdir "$files"

pm_psql postgres -c 'CREATE DATABASE empty' || exit 1
pm_psql empty -f "$PM_ROOT/test/fixtures/mock_supabase.sql" || exit 1
pm_psql empty -c 'CREATE ROLE rival LOGIN' -c 'GRANT CREATE ON SCHEMA public TO rival'

as_owner() { # command...
	(
		export PGUSER=postgres
		"$@"
	)
}

database() { # name: a new one, as a new Supabase project
	pm_psql postgres -c "CREATE DATABASE $1 TEMPLATE empty" -c "GRANT ALL ON DATABASE $1 TO postgres" || exit 1
}

# The engine's grants come and go with the extension.
schema() { # database
	"$PM_BIN/pg_dump" -s -N supabase_migrations -d "$1" |
		grep -v -e '^\\' -e '^--' -e '^$' -e '^\(REVOKE\|GRANT\) .* ON \(FUNCTION\|PROCEDURE\) peer_mentor\.'
}

rows() {
	pm_psql "$1" -At -f "$checks/contents.sql"
}

objects() {
	pm_psql "$1" -At -f "$checks/objects.sql"
}

same() { # description file file
	is "$1" "$(diff "$2" "$3" 2>&1 | head -n 40)" ''
}

# The code and the first line of the error
error_of() { # database psql-arguments
	error_in=$1
	shift
	as_owner "$PM_BIN/psql" -X -q -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -o /dev/null -d "$error_in" "$@" 2>&1 | sed -n 's/.*ERROR: *//p' | head -n 1
}

# ---- the files themselves

is 'names as the Supabase CLI wants them' "$(find "$PM_ROOT/migrations" -type f | sed 's|.*/||' | grep -v -E '^[0-9]{14}_[a-z0-9_]+\.sql$')" ''
is 'each has its rollback in another folder' "$(ls "$PM_ROOT/rollback")" "$(ls "$PM_ROOT/migrations")"

# ---- every way gives the same schema

database by_function
as_owner pm_psql by_function -c 'CREATE EXTENSION peer_mentor'
schema by_function >"$files/bare"
is 'migrate() applies every migration' "$(as_owner pm_value by_function "SELECT count(*) FROM peer_mentor.migrate() WHERE action = 'applied'")" "$count"
schema by_function >"$files/schema"

database by_files
for file in "$PM_ROOT"/migrations/*.sql; do
	ok "psql -f migrations/$(basename "$file")" as_owner pm_psql by_files -o /dev/null -f "$file"
done
schema by_files >"$files/by-files"
same 'psql gives the same schema as migrate()' "$files/schema" "$files/by-files"

install_cli() {
	mkdir -p "$PM_BUILD/supabase-cli"
	(
		flock 9
		[ -x "$PM_BUILD/supabase-cli/node_modules/.bin/supabase" ] ||
			npm install --prefix "$PM_BUILD/supabase-cli" --cache "$PM_BUILD/supabase-cli/cache" --no-audit --no-fund --no-update-notifier supabase@3
	) 9>"$PM_BUILD/.supabase-cli.lock"
}

# The CLI steps down to role postgres by itself.  It keeps what it knows of us in a home of its own.
cli() { # database command...
	url="postgresql://postgres@127.0.0.1:$port/$1?sslmode=disable"
	shift
	(
		cd "$PM_RUN/project" && unset PGHOST PGPORT PGUSER &&
			HOME=$PM_RUN/home DO_NOT_TRACK=1 timeout 120 "$PM_BUILD/supabase-cli/node_modules/.bin/supabase" "$@" --remote="$url" --yes </dev/null 2>&1
	)
}

ok 'the Supabase CLI can be installed' install_cli
mkdir -p "$PM_RUN/project/supabase/migrations" "$PM_RUN/home"
echo 'project_id = "peer_mentor"' >"$PM_RUN/project/supabase/config.toml"
cp "$PM_ROOT"/migrations/*.sql "$PM_RUN/project/supabase/migrations/"
database by_cli
is 'supabase migration up applies every migration' "$(cli by_cli migration up | tee "$files/up" | grep -c '^Applying migration')" "$count"
ok 'without a warning' sh -c '! grep -iE "warn|error|skip" "$1"' sh "$files/up"
schema by_cli >"$files/by-cli"
same 'the same schema as migrate()' "$files/schema" "$files/by-cli"
is 'supabase migration up a second time applies none' "$(cli by_cli migration up | grep -c '^Applying migration')" 0
is 'nor has migrate() anything to do' "$(as_owner pm_value by_cli 'SELECT * FROM peer_mentor.migrate()')" ''
as_owner pm_psql by_cli -o /dev/null -f "$checks/populate.sql" || exit 1
is 'supabase db reset applies every migration' "$(cli by_cli db reset | tee "$files/reset" | grep -c '^Applying migration')" "$count"
schema by_cli >"$files/by-cli"
same 'and gives the same schema' "$files/schema" "$files/by-cli"
is 'without a row' "$(pm_value by_cli 'SELECT count(*) FROM peer_mentors')" 0
is 'it works' "$(as_owner pm_value by_cli "
	INSERT INTO organisations (id, name) VALUES (md5('o')::uuid, 'New');
	SELECT (register_mentor(md5('m')::uuid, md5('o')::uuid, '{}')).new_status")" active

# ---- twice changes nothing

as_owner pm_psql by_files -o /dev/null -f "$checks/populate.sql" || exit 1
rows by_files >"$files/rows"
for file in "$PM_ROOT"/migrations/*.sql; do
	ok "once more: migrations/$(basename "$file")" as_owner pm_psql by_files -o /dev/null -f "$file"
done
as_owner pm_psql by_files -o /dev/null -c 'SELECT peer_mentor.migrate()' -c 'SELECT peer_mentor.migrate()'
schema by_files >"$files/twice"
same 'the schema is the same' "$files/schema" "$files/twice"
rows by_files >"$files/rows-twice"
same 'and so is every row' "$files/rows" "$files/rows-twice"

# ---- and back

for file in $rollbacks; do
	names=$(grep -o 'CREATE TABLE IF NOT EXISTS public\.[a-z_]*' "$PM_ROOT/migrations/$(basename "$file")" | sed 's/.*\.//' | sort)
	[ -n "$names" ] || continue
	case $(error_of by_files -f "$file") in
	"55000: rollback would lose the rows of: "*) refused=yes ;;
	*) refused=no ;;
	esac
	is "refused while it would lose rows: rollback/$(basename "$file")" $refused yes
done
error=$(error_of by_files -c 'SELECT peer_mentor.migrate(target => 0)')
is 'migrate(0) is refused as well' "$(printf '%s' "$error" | cut -c 1-40)" '55000: rollback would lose the rows of: '
is 'and names the tables' "$(printf '%s' "$error" | grep -o -e ' peer_mentors,' -e ' peer_mentor_status_history,' -e ' job_runs,' | wc -l)" 3
rows by_files >"$files/rows-twice"
same 'nothing is lost by the attempts' "$files/rows" "$files/rows-twice"
schema by_files >"$files/twice"
same 'not even a trigger' "$files/schema" "$files/twice"

is 'unless forced' "$(as_owner pm_value by_files "SELECT count(*) FROM peer_mentor.migrate(target => 0, force => true) WHERE action = 'rolled back'")" "$count"
schema by_files >"$files/after"
same 'after which nothing is left but the extension' "$files/bare" "$files/after"
is 'and everything can come again' "$(as_owner pm_value by_files 'SELECT count(*) FROM peer_mentor.migrate()')" "$count"
schema by_files >"$files/again"
same 'as it was' "$files/schema" "$files/again"

for file in $rollbacks; do
	ok "psql -f rollback/$(basename "$file")" as_owner pm_psql by_files -o /dev/null -f "$file"
done
schema by_files >"$files/after"
same 'the files leave nothing but the extension either' "$files/bare" "$files/after"
is 'migrate(0) of nothing does nothing' "$(as_owner pm_value by_files 'SELECT * FROM peer_mentor.migrate(target => 0)')" ''
as_owner pm_psql by_files -c 'DROP EXTENSION peer_mentor'
schema empty >"$files/empty"
schema by_files >"$files/after"
same 'and without that the database is as it was' "$files/empty" "$files/after"

for target in $(seq 1 "$((count - 1))"); do
	as_owner pm_value by_function "SELECT * FROM peer_mentor.migrate(target => $target)" >/dev/null || echo "# down to $target failed"
	as_owner pm_value by_function 'SELECT * FROM peer_mentor.migrate()' >/dev/null || echo "# up from $target failed"
done
schema by_function >"$files/after"
same 'down to any number and up again gives the same' "$files/schema" "$files/after"

# ---- tables that the team already has

team_tables() { # database
	as_owner pm_psql "$1" <<-'EOF'
		CREATE TABLE public.organisations (id uuid PRIMARY KEY, title varchar(80) NOT NULL, name varchar(60), created_by text DEFAULT current_user);
		COMMENT ON TABLE public.organisations IS 'ours';
		CREATE TABLE public.peer_mentors (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organisation_id uuid NOT NULL REFERENCES public.organisations (id),
			full_name text NOT NULL, shoe_size integer CHECK (shoe_size > 10), boss uuid REFERENCES public.peer_mentors (id) ON DELETE SET NULL);
		CREATE INDEX by_name ON public.peer_mentors (lower(full_name));
		CREATE TABLE public.visits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mentor uuid NOT NULL REFERENCES public.peer_mentors (id) ON DELETE CASCADE);
		CREATE FUNCTION public.shout() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.full_name := upper(NEW.full_name); RETURN NEW; END';
		CREATE TRIGGER shout BEFORE INSERT ON public.peer_mentors FOR EACH ROW EXECUTE FUNCTION public.shout();
		ALTER TABLE public.organisations ENABLE ROW LEVEL SECURITY;
		CREATE POLICY everybody ON public.organisations FOR SELECT TO authenticated USING (title <> '');
		GRANT SELECT, UPDATE (full_name) ON public.peer_mentors TO authenticated;
		GRANT ALL ON public.organisations TO anon;
		INSERT INTO public.organisations (id, title) SELECT md5('o' || n)::uuid, 'Title ' || n FROM generate_series(1, 3) n;
		INSERT INTO public.peer_mentors (id, organisation_id, full_name, shoe_size)
		SELECT md5('m' || n)::uuid, md5('o' || 1 + n % 3)::uuid, 'Name ' || n, 30 + n FROM generate_series(1, 20) n;
		INSERT INTO public.visits (mentor) SELECT id FROM public.peer_mentors;
	EOF
}

theirs() { # database: their rows, in their columns
	pm_psql "$1" -At -c 'SELECT id, title, name, created_by FROM organisations ORDER BY id' \
		-c 'SELECT id, organisation_id, full_name, shoe_size, boss FROM peer_mentors ORDER BY id' -c 'SELECT * FROM visits ORDER BY id'
}

database taken
team_tables taken
objects taken >"$files/team-objects"
theirs taken >"$files/team-rows"
as_owner pm_psql taken -c 'CREATE EXTENSION peer_mentor'
is 'take-over: migrate() succeeds' "$(as_owner pm_value taken 'SELECT count(*) FROM peer_mentor.migrate()')" "$count"
objects taken >"$files/taken-objects"
is 'take-over: nothing of theirs is gone or changed' "$(LC_ALL=C comm -23 "$files/team-objects" "$files/taken-objects")" ''
theirs taken >"$files/taken-rows"
same 'take-over: nor any row' "$files/team-rows" "$files/taken-rows"
is 'take-over: nothing was done to their tables unasked' \
	"$(LC_ALL=C comm -13 "$files/team-objects" "$files/taken-objects" |
		grep -E '^(grant|row security|comment|owner) (organisations|peer_mentors|visits) |^policy .*"tablename": "(organisations|peer_mentors|visits)"')" ''
is 'take-over: the missing columns are there' "$(pm_value taken "
	SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public' AND (table_name = 'peer_mentors' AND column_name IN ('user_id', 'external_key', 'display_name', 'listed', 'deleted_at')
	    OR table_name = 'organisations' AND column_name IN ('time_zone', 'reminder_days', 'auto_reactivate', 'portal_sync'))")" 9
is 'take-over: every mentor has a status' "$(pm_psql taken -At -f "$checks/promises.sql")" ''
is 'take-over: as registered' "$(pm_value taken "SELECT count(*), min(s.status::text), min(h.reason::text) FROM peer_mentor_status s JOIN peer_mentor_status_history h USING (mentor_id)")" '20|active|registered'
is 'take-over: it works' "$(as_owner pm_value taken "SELECT (pause_mentor(md5('m1')::uuid)).new_status")" paused
as_owner pm_psql taken -c "DELETE FROM peer_mentors WHERE id = md5('m2')::uuid" -c "INSERT INTO peer_mentors (organisation_id, full_name) VALUES (md5('o1')::uuid, 'new')"
is 'take-over: their own writes go on, and are followed' "$(pm_psql taken -At -f "$checks/promises.sql")" ''
is 'take-over: a second migrate() does nothing' "$(as_owner pm_value taken 'SELECT * FROM peer_mentor.migrate()')" ''
error=$(error_of taken -c 'SELECT peer_mentor.migrate(target => 0)')
is 'take-over: rollback is refused for the rows it would take' "$(printf '%s' "$error" | grep -c '^55000: rollback would lose the rows of: .*peer_mentor_status,')" 1
is 'take-over: which none of theirs alone are' "$(printf '%s' "$error" | grep -c visits)" 0
theirs taken >"$files/team-rows"
as_owner pm_psql taken -o /dev/null -c 'SELECT peer_mentor.migrate(target => 0, force => true)' -c 'DROP EXTENSION peer_mentor'
objects taken >"$files/taken-objects"
same 'take-over: rollback removes what was added, and only that' "$files/team-objects" "$files/taken-objects"
theirs taken >"$files/taken-rows"
same 'take-over: and no row' "$files/team-rows" "$files/taken-rows"

# A table that cannot be taken over is named, and nothing is left of the attempt.
refuse_number=0
refuses() { # description, beginning of the error, SQL that makes the obstacle
	refuse_number=$((refuse_number + 1))
	database "refuse$refuse_number"
	as_owner pm_psql "refuse$refuse_number" -c 'CREATE EXTENSION peer_mentor'
	pm_psql "refuse$refuse_number" -c "$3" || exit 1
	objects "refuse$refuse_number" >"$files/before"
	error=$(error_of "refuse$refuse_number" -c 'SELECT peer_mentor.migrate()')
	is "refused: $1" "$(printf '%s' "$error" | cut -c "1-${#2}")" "$2"
	objects "refuse$refuse_number" >"$files/after"
	same "and nothing is left: $1" "$files/before" "$files/after"
}
refuses 'a key of another type' '42804: table "public.peer_mentors" cannot be taken over: column "id"' \
	'SET ROLE postgres; CREATE TABLE public.peer_mentors (id bigint PRIMARY KEY)'
refuses 'no key' '42830: table "public.organisations" cannot be taken over: column "id"' \
	'SET ROLE postgres; CREATE TABLE public.organisations (id uuid)'
refuses 'a column of another type' '42804: table "public.organisations" cannot be taken over: column "time_zone"' \
	'SET ROLE postgres; CREATE TABLE public.organisations (id uuid PRIMARY KEY, time_zone integer)'
refuses 'a row that breaks a constraint' '23514: table "public.organisations" cannot be taken over:' \
	"SET ROLE postgres; CREATE TABLE public.organisations (id uuid PRIMARY KEY, portal_sync text); INSERT INTO public.organisations VALUES (gen_random_uuid(), 'sometimes')"
refuses 'a row that breaks a key' '23505: table "public.peer_mentors" cannot be taken over:' \
	"SET ROLE postgres; CREATE TABLE public.peer_mentors (id uuid PRIMARY KEY, user_id uuid); INSERT INTO public.peer_mentors SELECT gen_random_uuid(), md5('x')::uuid FROM generate_series(1, 2)"
refuses 'a view' '42809: "public.chapters" is not a' \
	'SET ROLE postgres; CREATE VIEW public.chapters AS SELECT gen_random_uuid() AS id'
refuses 'a table of another role' '42501: table "public.chapters" belongs to another role' \
	'SET ROLE rival; CREATE TABLE public.chapters (id uuid PRIMARY KEY)'
refuses 'a table of ours by name' '42P07: objects of these names exist already in schema "public": job_runs' \
	'SET ROLE postgres; CREATE TABLE public.job_runs (id integer)'
refuses 'a type of ours by name' '42P07: objects of these names exist already in schema "public": mentor_status' \
	"SET ROLE postgres; CREATE TYPE public.mentor_status AS ENUM ('happy')"
done_testing
