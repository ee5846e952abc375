# pg_regress and its isolation variant with their outcome as TAP; to be sourced.
# Up to 15 they print "test NAME ... ok 12 ms", later versions print TAP themselves.

as_tap() {
	sed -E \
		-e 's/^(test|    ) +([A-Za-z0-9_.-]+) +\.\.\. ok .*/ok - \2/' \
		-e 's/^(test|    ) +([A-Za-z0-9_.-]+) +\.\.\. FAILED.*/not ok - \2/' \
		-e 's/^(ok|not ok) ([0-9]+) +[-+] /\1 \2 - /' \
		-e '/^(ok|not ok|1\.\.)/!s/^/# /' "$1"
}

# run_installcheck REGRESS= or ISOLATION=: leave out the one that is named
run_installcheck() {
	make -s -C "$PM_ROOT" installcheck "$1" >"$PM_RUN/installcheck.log" 2>&1 </dev/null
	regress_status=$?
	as_tap "$PM_RUN/installcheck.log"
	if [ $regress_status != 0 ] && [ -f "$PM_ROOT/regression.diffs" ]; then
		sed 's/^/# /' "$PM_ROOT/regression.diffs"
	fi
	return $regress_status
}
