#!/bin/sh
# Both builds, warnings being errors: they must agree on the SQL, the embedded migrations and the exports.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
cd "$PM_ROOT" || exit 1
pm_need server
exports() { nm -D --defined-only "$1" | awk '{print $3}' | sort; }

make -s clean >/dev/null 2>&1
# from a clean tree only: make takes what it finds built beside the sources for its own
mkdir -p build/vpath
plan=$(make -n -C build/vpath -f "$PM_ROOT/Makefile" all install DESTDIR=/nowhere 2>&1)
for want in src/pg/boundary.o embed_migrations.sh 'peer_mentor--[0-9].*\.sql'; do
	ok "a build in another folder makes $want" sh -c 'printf "%s" "$1" | grep -q -e "$2"' sh "$plan" "$want"
done

ok 'PGXS build without a warning' make -s -j2 WERROR=1
ok 'there is an install script' test -s "$(ls build/peer_mentor--*.sql | head -n 1)"

if [ "${PM_IN_CHROOT:-0}" != 1 ]; then
	pm_need cmake
	ok 'CMake configures' cmake -B build/cmake -DPEER_MENTOR_WERROR=ON -DPG_CONFIG="${PG_CONFIG:-pg_config}"
	ok 'CMake build without a warning' cmake --build build/cmake -j2
	for script in build/peer_mentor--*.sql; do
		ok "both build the same ${script##*/}" cmp "$script" "build/cmake/generated/${script##*/}"
	done
	is 'both build as many' "$(ls build/cmake/generated/peer_mentor--*.sql | wc -l)" "$(ls build/peer_mentor--*.sql | wc -l)"
	ok 'both embed the same migrations' cmp build/embedded_migrations.cpp build/cmake/generated/embedded_migrations.cpp
	is 'both export the same' "$(exports build/cmake/peer_mentor.so)" "$(exports peer_mentor.so)"
fi
done_testing
