#!/bin/sh
# Native tests under the address and undefined behaviour sanitisers.
. "$(dirname "$0")/../lib/cluster.sh"
cd "$PM_ROOT" || exit 1
pm_need server cmake
cmake -B build/cmake >/dev/null && cmake --build build/cmake -j2 >/dev/null || exit 1
# the symbols check is ctest's too, but a suite of its own here
ctest --test-dir build/cmake --output-on-failure --no-tests=error -E '^symbols$' >build/ctest.log 2>&1
status=$?
awk '
	$2 ~ /^Test/ && $3 ~ /^#/ {
		verdict = /Passed/ ? "ok" : "not ok"
		printf "%s %d - %s\n", verdict, ++n, $4
		next
	}
	{ print "# " $0 }
	END { print "1.." n }' build/ctest.log
rm -f build/ctest.log
exit $status
