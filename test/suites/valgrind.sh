#!/bin/sh
# The regression tests on a server under valgrind.  The server itself gives reports that are harmless and not ours
# (padding bytes written to files); a report counts when a frame of its stack lies in our module.  A stock server hands
# out palloc memory from large blocks, so an overrun is seen at the end of a block only, uninitialised bytes in all.
#   ALL=1 test/suites/valgrind.sh     those of storage as well, which hardly call the engine, and every state by every path
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/regress.sh"
. "$(dirname "$0")/../lib/tap.sh"
cd "$PM_ROOT" || exit 1
pm_need server valgrind
pm_install
pm_init valgrind autovacuum=off max_parallel_workers=0 statement_timeout=0 wal_writer_delay=1s \
	shared_buffers=16MB max_wal_senders=0 wal_level=minimal checkpoint_timeout=1h authentication_timeout=10min
reports=$PM_RUN/valgrind/reports
pm_folder "$reports"
cp test/lib/valgrind.supp "$PM_RUN/valgrind.supp"

# In XML every frame names its object file, which the plain form leaves out where there is debugging information.
pm_as valgrind --quiet --trace-children=yes --leak-check=no --error-limit=no --num-callers=25 \
	--suppressions="$PM_RUN/valgrind.supp" --xml=yes --xml-file="$reports/%p.xml" \
	"$PM_BIN/postgres" -D "$(pm_data valgrind)" </dev/null >"$(pm_log valgrind)" 2>&1 &
server=$!
pm_use valgrind
tries=0
until "$PM_BIN/pg_isready" -q; do
	tries=$((tries + 1))
	[ $tries -lt 120 ] && kill -0 $server 2>/dev/null || pm_fail "the server under valgrind did not start: $(tail -n 5 "$(pm_log valgrind)")"
	sleep 1
done

tests=
[ "${ALL:-0}" = 1 ] || tests="install $(for t in sql/*.sql; do basename "$t" .sql; done |
	grep -vxE 'install|uninstall|tables|migrate|takeover|reference|transitions' | tr '\n' ' ')uninstall"
PGOPTIONS='-c statement_timeout=0' run_installcheck ISOLATION= "$PM_RUN" "$tests" | grep -v '^1\.\.' >"$PM_RUN/regress.tap"
tap_count=$(grep -cE '^(ok|not ok)' "$PM_RUN/regress.tap")
tap_failed=$(grep -c '^not ok' "$PM_RUN/regress.tap")
cat "$PM_RUN/regress.tap"
pm_down valgrind fast || pm_down valgrind immediate
wait

# <error> ... </error> blocks with a frame in peer_mentor.so
awk '
	/<error>/ { text = ""; ours = 0; inside = 1 }
	inside { text = text $0 "\n" }
	/<obj>.*peer_mentor\.so<\/obj>/ { ours = 1 }
	/<\/error>/ { if (ours) printf "%s", text; inside = 0 }' "$reports"/*.xml >"$PM_RUN/ours.xml"
ok 'valgrind watched the backends' sh -c '[ "$(ls "$1" | wc -l)" -gt 5 ] && grep -lq "<pid>" "$1"/*.xml' sh "$reports"
summary=$(sed -n 's/ *<\(what\|fn\|file\|line\)>\(.*\)<.*/\2/p' "$PM_RUN/ours.xml" | head -n 100)
is 'no report from our module' "$summary" ''
done_testing
