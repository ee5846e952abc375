#!/bin/sh
# Proves the boundary rules from the object files: arguments are the objects and the module.
# Needs optimised objects (-O1 or more), or trivial cleanups leave a trace of their own.
status=0
fail() {
	echo "FAILED: $*"
	status=1
}

check_object() {
	case $1 in
	*boundary*.o) return ;; # the one try and catch
	esac
	if readelf -SW "$1" | grep -q gcc_except_table; then fail "$1 holds a destructor or a catch across a call"; fi
	if readelf -SW "$1" | grep -q init_array; then fail "$1 has a dynamic initialiser"; fi
	if nm -u "$1" | grep -qE ' (_Znw|_Zna|_Zdl|_Zda|__cxa_)'; then
		fail "$1 uses new or delete, throws, or guards a static:" "$(nm -u "$1" | grep -oE '(_Znw|_Zna|_Zdl|_Zda|__cxa_).*' | tr '\n' ' ')"
	fi
}

check_module() {
	stray=$(nm -D --defined-only "$1" | awk '{print $3}' |
		grep -vE '^(Pg_magic_func|_PG_init|pg_finfo_peer_mentor_[a-z0-9_]+|peer_mentor_[a-z0-9_]+|_ZT[ISV].*)$')
	[ -z "$stray" ] || fail "$1 exports more than its SQL functions:" $stray
	nm -D --defined-only "$1" | grep -q ' Pg_magic_func$' || fail "$1 has no magic block"
	for f in $(nm -D --defined-only "$1" | sed -n 's/.* pg_finfo_//p'); do
		nm -D --defined-only "$1" | grep -q " $f\$" || fail "$1 declares $f and does not export it"
	done
}

objects=0 modules=0
for o in "$@"; do
	[ -f "$o" ] || { fail "$o is missing"; continue; }
	case $o in
	*.o) check_object "$o"; objects=$((objects + 1)) ;;
	*.so | *.dylib) check_module "$o"; modules=$((modules + 1)) ;;
	esac
done
[ $objects -gt 0 ] && [ $modules -gt 0 ] || fail "needs objects and a module"
[ $status = 0 ] && echo "ok: $objects objects, no skipped destructors, no stray exports"
exit $status
