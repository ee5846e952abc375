#!/bin/sh
# The boundary rules, from the object files of both builds.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
cd "$PM_ROOT" || exit 1
pm_need server
ok 'PGXS objects' make -s check-symbols
if [ "${PM_IN_CHROOT:-0}" != 1 ]; then
	pm_need cmake
	cmake -B build/cmake >/dev/null && cmake --build build/cmake --target peer_mentor >/dev/null || exit 1
	objects=$(find build/cmake/CMakeFiles/peer_mentor.dir -name '*.o')
	ok 'CMake objects' sh test/symbols.sh $objects build/cmake/peer_mentor.so
fi
# the proof must be able to fail
cat >"$PM_BUILD/unsafe.cpp" <<'EOF'
#include <string>
extern void call_server(const char *);
extern "C" void stray(const char *name) { std::string copy(name); call_server(copy.c_str()); }
EOF
c++ -std=c++20 -O2 -fPIC -c -o "$PM_BUILD/unsafe.o" "$PM_BUILD/unsafe.cpp"
ok 'a destructor across a call is found' sh -c '! sh test/symbols.sh "$1" peer_mentor.so' sh "$PM_BUILD/unsafe.o"
rm -f "$PM_BUILD/unsafe.cpp" "$PM_BUILD/unsafe.o"
done_testing
