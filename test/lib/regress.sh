# pg_regress and its isolation variant with their outcome as TAP; to be sourced.
# Up to 15 they print "test NAME ... ok 12 ms", later versions print TAP themselves.

as_tap() {
	sed -E \
		-e 's/^(test|    ) +([A-Za-z0-9_.-]+) +\.\.\. ok +([0-9]+ ms)?.*/ok - \2 # \3/' \
		-e 's/^(test|    ) +([A-Za-z0-9_.-]+) +\.\.\. FAILED.*/not ok - \2/' \
		-e 's/^(ok|not ok) ([0-9]+) +[-+] /\1 \2 - /' \
		-e '/^(ok|not ok|1\.\.)/!s/^/# /' "$1"
}

# run_installcheck REGRESS= or ISOLATION= [OUTPUT [TESTS]]: leave out the one that is named; where the output goes, if not
# into the source tree; which regression tests, if not all
run_installcheck() {
	make -s -C "$PM_ROOT" installcheck "$1" ${2:+EXTRA_REGRESS_OPTS="--outputdir=$2"} ${3:+REGRESS="$3"} >"$PM_RUN/installcheck.log" 2>&1 </dev/null
	regress_status=$?
	as_tap "$PM_RUN/installcheck.log"
	if [ $regress_status != 0 ] && [ -f "${2:-$PM_ROOT}/regression.diffs" ]; then
		sed 's/^/# /' "${2:-$PM_ROOT}/regression.diffs"
	fi
	return $regress_status
}
