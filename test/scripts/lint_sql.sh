#!/bin/sh
# The rules of pgspot, and safeupdate's, over the built extension scripts, the migrations and the statements of the engine;
# each rule is shown to find what it is for.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server
python=/usr/bin/python3
"$python" -c 'import pglast' 2>/dev/null || pm_apt python3-pglast
pm_install

lint() { # mode file...
	"$python" "$PM_ROOT/test/lint/lint_sql.py" "$@"
}

ok 'the extension scripts' lint extension "$PM_BUILD"/peer_mentor--*.sql
ok 'the migrations' lint migration "$PM_ROOT"/migrations/*.sql
ok 'their rollbacks' lint migration "$PM_ROOT"/rollback/*.sql
ok 'the statements of the engine' lint sources $(find "$PM_ROOT/src" -name '*.[ch]pp')
# the linter joins literals as the compiler does; were it to miss them, it would find fewer writes than stand there
is 'and it saw them' "$(lint sources $(find "$PM_ROOT/src" -name '*.[ch]pp') 2>&1 | sed -n 's/^# \([0-9]*\) writes.*/\1/p')" \
	"$(find "$PM_ROOT/src" -name '*.[ch]pp' | xargs grep -ohE '\b(UPDATE (public|peer_mentor_private)\.|DELETE FROM )' | wc -l | tr -d ' ')"
# CREATE EXTENSION runs the script with this schema first, and nothing but pg_temp behind it
is 'the script runs in pg_catalog' "$(sed -n "s/^schema *= *'\{0,1\}\([a-z_]*\).*/\1/p" "$PM_ROOT/peer_mentor.control")" pg_catalog

secure="LANGUAGE sql SET search_path = pg_catalog, pg_temp AS 'SELECT 1'"
while IFS='|' read -r mode code sql; do
	printf 'CREATE SCHEMA made;\n%s;\n' "$sql" | sed "s/PINNED/$secure/" >"$PM_RUN/planted.sql"
	is "$mode: $code $sql" "$(lint "$mode" "$PM_RUN/planted.sql" 2>/dev/null | sed 's/^[^ ]* \([A-Z0-9]*\) .*/\1/' | sort -u | tr '\n' ' ' | sed 's/ $//')" "$code"
done <<'END'
extension||CREATE FUNCTION made.f() RETURNS integer PINNED
extension||CREATE OR REPLACE FUNCTION made.f() RETURNS integer PINNED
extension||CREATE FUNCTION made.f() RETURNS integer LANGUAGE sql SET search_path = pg_catalog, made, pg_temp AS 'SELECT count(*) FROM t WHERE a = 1'
extension||CREATE FUNCTION made.f() RETURNS boolean AS 'MODULE_PATHNAME', 'f' LANGUAGE C
extension||SELECT pg_catalog.count(*) FROM made.t WHERE a OPERATOR(pg_catalog.=) 1
extension||WITH c AS (SELECT 1) SELECT * FROM c
extension|PS001|SELECT 1 = 1
extension|PS001|SELECT 1 IN (1, 2)
extension|PS001|SELECT 1 IN (SELECT 2)
extension|PS001|SELECT 1 BETWEEN 1 AND 2
extension|PS001|SELECT NULLIF(1, 2)
extension|PS001|SELECT 'a'::text LIKE 'b'
extension|PS001|SELECT FROM made.a JOIN made.b USING (id)
extension|PS001|CREATE POLICY p ON made.t USING (id = 1)
extension|PS001|CREATE TABLE made.t (id integer CHECK (id > 0))
extension|PS001|DO $$ BEGIN IF 1 = 1 THEN RETURN; END IF; END $$
extension|PS001|DO $$ DECLARE n integer := 1 + 1; BEGIN PERFORM pg_catalog.now(); END $$
extension|PS002|CREATE OR REPLACE FUNCTION public.f() RETURNS integer PINNED
extension|PS002 PS017|CREATE OR REPLACE FUNCTION f() RETURNS integer PINNED
extension|PS003|CREATE FUNCTION made.f() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'
extension|PS003|CREATE FUNCTION made.f() RETURNS integer AS 'MODULE_PATHNAME', 'f' LANGUAGE C SECURITY DEFINER
extension|PS004|CREATE FUNCTION made.f() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS 'SELECT 1'
extension|PS004|CREATE FUNCTION made.f() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT 1'
extension|PS004|CREATE FUNCTION made.f() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT 1'
extension|PS005|CREATE FUNCTION made.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'
extension|PS005|CREATE FUNCTION made.f() RETURNS integer LANGUAGE plpgsql SET search_path = pg_temp, pg_catalog AS 'BEGIN RETURN 1; END'
extension|PS006|CREATE OR REPLACE TRANSFORM FOR integer LANGUAGE c (FROM SQL WITH FUNCTION made.f(internal), TO SQL WITH FUNCTION made.g(internal))
extension|PS007|CREATE OR REPLACE AGGREGATE made.a (integer) (SFUNC = made.f, STYPE = integer)
extension|PS007|CREATE TABLE IF NOT EXISTS made.t AS SELECT 1
extension|PS009|SELECT CASE 1 WHEN 2 THEN 3 END
extension|PS001 PS009|DO $$ BEGIN CASE 1 WHEN 2 THEN NULL; END CASE; END $$
extension|PS010|CREATE SCHEMA IF NOT EXISTS x
extension|PS011|CREATE SEQUENCE IF NOT EXISTS made.s
extension|PS012|CREATE TABLE IF NOT EXISTS made.t ()
extension|PS013|CREATE SERVER IF NOT EXISTS s FOREIGN DATA WRAPPER w
extension|PS014|CREATE INDEX IF NOT EXISTS i ON made.t (id)
extension|PS015|CREATE OR REPLACE VIEW made.v AS SELECT 1
extension|PS016|SELECT now()
extension|PS016|ALTER TABLE made.t ALTER COLUMN c SET DEFAULT gen_random_uuid()
extension|PS016|CREATE VIEW made.v AS SELECT now()
extension|PS016|DO $$ BEGIN PERFORM now(); END $$
extension|PS017|SELECT FROM pg_proc
extension|PS017|CREATE TABLE t ()
extension|PS017|SELECT 1::citext
extension|PS018|SET search_path TO 'pg_catalog, pg_temp'
extension|PS005 PS018|CREATE FUNCTION made.f() RETURNS integer LANGUAGE sql SET search_path = 'pg_catalog, pg_temp' AS 'SELECT 1'
migration||CREATE TABLE IF NOT EXISTS public.t (id integer CHECK (id > 0))
migration|PS004|CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS 'SELECT 1'
migration|PS005|CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'
migration|PS016|SELECT now()
migration|PS017|CREATE TABLE t ()
migration|WHERE|UPDATE public.t SET a = 1
migration|WHERE|WITH gone AS (DELETE FROM public.t RETURNING a) SELECT a FROM gone
migration|WHERE|DO $$ BEGIN DELETE FROM public.t; END $$
migration|WHERE|CREATE FUNCTION public.f() RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS 'BEGIN UPDATE public.t SET a = 1; RETURN 1; END'
END
while IFS='|' read -r found literal; do
	echo "const char *sql = $literal;" >"$PM_RUN/planted.cpp"
	is "source: $literal" "$(lint sources "$PM_RUN/planted.cpp" 2>/dev/null | grep -c WHERE)" "$found"
done <<'END'
0|"UPDATE public.t SET a = 1 " "WHERE id = $1"
1|"UPDATE public.t " "SET a = 1"
1|"WITH g AS (DELETE FROM public.t RETURNING id) SELECT id FROM g"
1|"UPDATE public.t SET a = " COLUMN " + 1"
0|"SELECT 1"
END
done_testing
