#!/bin/sh
# Do the tests of rights notice when a protection is gone?  Every policy, grant, search_path pin, SECURITY property, guard
# and check of a caller is taken away in turn, the first ones by SQL that is generated from the catalogs, those of the
# engine by building it from altered sources; some test must fail each time.
# Building takes its time: of those of the engine only every sixth is made.
#   ENGINE=all test/rights/mutation.sh               all of them
#   ONLY=visible_mentors test/rights/mutation.sh     those, of either kind, whose name matches
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server pgtap python3
pm_install
tests=$PM_ROOT/test/pgtap
tab=$(printf '\t')
workers=$(nproc)
[ "$workers" -le 8 ] || workers=8

# Each worker has a server, an installation and a build tree of its own.
start_worker() { # number
	prefix=$PM_RUN/prefix.$1
	cp -a "$PM_PREFIX" "$prefix"
	PM_BIN=$prefix$(pm_pg bindir)
	pm_start "worker$1" supabase_admin autovacuum=off
	"$PM_BIN/createdb" mutants || pm_fail 'no database'
	PGOPTIONS='-c client_min_messages=warning' pm_psql mutants -v VERBOSITY=terse -f "$PM_ROOT/test/fixtures/pgtap.sql" >/dev/null ||
		pm_fail 'no storage'
	mkdir -p "$PM_RUN/tree.$1/build"
	(cd "$PM_ROOT" && cp -a Makefile ./*.control ./*.so migrations rollback sql src tools "$PM_RUN/tree.$1" && cp -a build/embedded_migrations.* build/*.sql "$PM_RUN/tree.$1/build")
	: >"$PM_RUN/done.$1"
}

# Prints the first failure; nothing when all tests pass.  A client that has seen enough goes away.
first_failure() { # mutant's SQL or '', files...
	sql=$1
	shift
	for file; do
		if [ -n "$sql" ]; then set -- -v mutant="$sql"; else set --; fi
		failure=$("$PM_BIN/psql" -X -q -d mutants -v VERBOSITY=terse -v FETCH_COUNT=50 "$@" -f "$tests/$file.sql" 2>&1 | awk '
			/^1\.\.[0-9]/ { planned = 1 }
			/^not ok|ERROR:|FATAL:|server closed/ { print; planned = 1; exit }
			END { if (!planned) print "no plan" }')
		if [ -n "$failure" ]; then
			echo "$failure"
			return
		fi
	done
}

note() { # name what-the-tests-said
	printf '%s\t%s\n' "$1" "$2" >>"$PM_RUN/done.$worker"
}

# The cheapest test first, for all mutants in one session; prints number, whether it could be made, and the first failure.
try_invariants() { # file of mutants
	awk -F "$tab" -v file="$tests/rights_invariants.sql" '{
		printf "\\echo # mutant %d\n\\set mutant `printf %%s %s | base64 -d`\n\\i %s\n", NR, $2, file
	}' "$1" | "$PM_BIN/psql" -X -q -d mutants -v VERBOSITY=terse -v keep_going=1 2>&1 | awk '
		function tell() { if (n) print n "\t" made "\t" said }
		/^# mutant / { tell(); n = $3; made = "no"; said = "" }
		/^# mutated/ { made = "yes" }
		said == "" && /^not ok|ERROR:|FATAL:/ { said = $0 }
		END { tell() }'
}

sql_mutants() { # file
	try_invariants "$1" | while IFS=$tab read -r number made said; do
		mutant=$(sed -n "${number}p" "$1")
		name=${mutant%%"$tab"*}
		if [ "$made" = no ]; then
			said='the mutant itself failed'
		elif [ -z "$said" ]; then
			said=$(first_failure "$(printf '%s' "${mutant#*"$tab"}" | base64 -d)" rights_tables rights_functions)
		fi
		note "$name" "$said"
	done
}

# Only what includes the altered file is compiled; make would compile everything after a header changed.
build_mutant() { # folder
	file=$(cat "$1/file")
	cp -p "$tree/src/$file" "$tree/original"
	cp "$1/content" "$tree/src/$file"
	touch -r "$tree/original" "$tree/src/$file"
	case $file in
	*.hpp) objects=$(cd "$tree" && grep -l "#include \"$file\"" src/*.cpp | sed 's/cpp$/o/') ;;
	*) objects=src/${file%.cpp}.o ;;
	esac
	(cd "$tree" && rm -f peer_mentor.so $objects && make -s all >make.log 2>&1)
	built=$?
	[ $built = 0 ] || tail -n 5 "$tree/make.log"
	cp -p "$tree/original" "$tree/src/$file"
	(cd "$tree" && rm -f $objects)
	return $built
}

engine_mutant() { # folder
	name=$(cat "$1/name")
	if ! said=$(build_mutant "$1"); then
		note "$name" 'the mutant itself failed'
		return
	fi
	install_module "$tree/peer_mentor.so"
	note "$name" "$(first_failure '' rights_functions rights_tables)"
}

# A new file: the old one is mapped by servers.
install_module() { # file
	cp "$1" "$prefix$(pm_pg pkglibdir)/peer_mentor.so.new"
	mv "$prefix$(pm_pg pkglibdir)/peer_mentor.so.new" "$prefix$(pm_pg pkglibdir)/peer_mentor.so"
}

work() { # number
	worker=$1
	prefix=$PM_RUN/prefix.$1
	tree=$PM_RUN/tree.$1
	PM_BIN=$prefix$(pm_pg bindir)
	pm_use "worker$1"
	awk -v n="$workers" -v k="$1" 'NR % n == k % n' "$PM_RUN/sql_mutants" >"$PM_RUN/sql_mutants.$1"
	sql_mutants "$PM_RUN/sql_mutants.$1"
	for folder in $(awk -v n="$workers" -v k="$1" 'NR % n == k % n' "$PM_RUN/engine_mutants"); do
		engine_mutant "$folder"
	done
}

i=0
while [ $((i += 1)) -le "$workers" ]; do start_worker $i; done
worker=1
is 'the tests pass where nothing is taken away' "$(first_failure '' rights_invariants rights_tables rights_functions)" ''
"$PM_BIN/psql" -X -q -v ON_ERROR_STOP=1 -d mutants -f "$PM_ROOT/test/rights/mutants.sql" | grep -e "${ONLY:-.}" >"$PM_RUN/sql_mutants"
python3 "$PM_ROOT/test/rights/cpp_mutants.py" "$PM_ROOT" "$PM_RUN/engine"
step=6
[ -z "${ONLY:-}" ] && [ "${ENGINE:-}" != all ] || step=1
grep -l -e "${ONLY:-.}" "$PM_RUN"/engine/*/name | awk -v step=$step 'NR % step == 0 { sub("/name$", ""); print }' >"$PM_RUN/engine_mutants"

pids=
i=0
while [ $((i += 1)) -le "$workers" ]; do
	work $i &
	pids="$pids $!"
done
for pid in $pids; do wait "$pid"; done
cat "$PM_RUN"/done.* >"$PM_RUN/done"
is 'every mutant was tried' "$(wc -l <"$PM_RUN/done")" "$(cat "$PM_RUN/sql_mutants" "$PM_RUN/engine_mutants" | wc -l)"
is 'and could be made' "$(grep "$tab"'the mutant itself failed$' "$PM_RUN/done")" ''
is 'every mutant was killed' "$(grep "$tab\$" "$PM_RUN/done")" ''
diag "$(wc -l <"$PM_RUN/sql_mutants") mutants of the storage, $(wc -l <"$PM_RUN/engine_mutants") of the engine, $(grep -c "$tab\$" "$PM_RUN/done") survived"
done_testing
