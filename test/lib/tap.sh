# A few TAP assertions for shell scripts; to be sourced.
#   ok DESCRIPTION COMMAND...      passes when the command succeeds
#   is DESCRIPTION GOT WANT        passes when both are equal
#   done_testing                   prints the plan; the exit status says whether all passed

tap_count=0
tap_failed=0

tap_result() { # status description
	tap_count=$((tap_count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_count - $2"
	else
		echo "not ok $tap_count - $2"
		tap_failed=$((tap_failed + 1))
	fi
}

diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

ok() {
	tap_desc=$1
	shift
	tap_out=$("$@" 2>&1)
	tap_status=$?
	tap_result $tap_status "$tap_desc"
	[ $tap_status = 0 ] || diag "$tap_out"
}

is() {
	if [ "$2" = "$3" ]; then
		tap_result 0 "$1"
	else
		tap_result 1 "$1"
		diag "got:  $2"
		diag "want: $3"
	fi
}

done_testing() {
	echo "1..$tap_count"
	[ $tap_failed = 0 ]
}
