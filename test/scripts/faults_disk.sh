#!/bin/sh
# The disk of the tables is full in mid run, in every step: the run ends with 53100 and says so as far as it can, no mentor is
# blamed, and when there is room again the next run does the rest, as in a night that nothing disturbed.  Needs root, and
# the right to mount.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
. "$PM_ROOT/test/faults/lib.sh"
pm_need server
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || pm_fail "needs root or sudo"
	exec sudo -E sh "$0" "$@"
fi

# a vacuum would make room, or need some
pm_start disk autovacuum=off
small=$PM_RUN/small
pm_folder "$small"
unmount() {
	pm_down disk immediate
	umount "$small"
}
mount -t tmpfs -o "size=48m,mode=0700,uid=$(id -u "$pm_user")" tmpfs "$small" || pm_fail 'cannot mount the small disk that this test is about'
trap 'status=$?; unmount; (exit $status); pm_cleanup' EXIT
pm_folder "$small/tablespace"
faults_world 25
pm_psql postgres -c "CREATE TABLESPACE small LOCATION '$small/tablespace'"

# What a user's own trigger writes beside it takes a page for each row, so that a full disk is noticed at once, whatever
# room is left in the pages of the tables.  Storage external, or it would be compressed away.
pm_psql world -c 'CREATE TABLE faults.audit (line text)' -c 'ALTER TABLE faults.audit ALTER line SET STORAGE EXTERNAL' -c 'ALTER TABLE faults.audit OWNER TO keeper' \
	-c "CREATE FUNCTION faults.note() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN INSERT INTO faults.audit VALUES (repeat('x', 6000)); RETURN NULL; END\$\$"
for t in peer_mentor_status cert_expiry_reminders pause_records status_discrepancies; do
	pm_psql world -c "CREATE TRIGGER note AFTER UPDATE ON $t FOR EACH ROW EXECUTE FUNCTION faults.note()"
done
pm_psql world -c 'CREATE TRIGGER note AFTER DELETE ON idempotent_requests FOR EACH ROW EXECUTE FUNCTION faults.note()'

# All but 12 MB, which is more than a run needs and quickly filled.
almost_fill() {
	dd if=/dev/zero of="$small/ballast" bs=1k count=$(($(df -k --output=avail "$small" | tail -n 1) - 12288)) 2>/dev/null
}

strike() { # step
	cat >"$PM_RUN/strike.sql" <<-EOS
		SELECT coalesce(faults.reach($(faults_moment "$1")), 0) AS worker \\gset
		\\! for size in 256k 4k; do dd if=/dev/zero bs=\$size >>$small/ballast 2>/dev/null; done
		\\echo :worker
	EOS
	worker=$(pm_psql try -f "$PM_RUN/strike.sql" 2>/dev/null)
	wait_until "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $worker AND query LIKE 'CALL%' AND state = 'active')"
}

count_hits
for target in $steps; do
	tries=0
	while [ "$(hits "$target")" = 0 ] && [ $tries -lt 10 ]; do
		tries=$((tries + 1))
		rm -f "$small/ballast"
		fresh small
		almost_fill
		begin_run
		strike "$target"
		step=$(struck_step "$target")
		if [ "$step" != "$target" ]; then
			end_session
			continue
		fi
		hit "$step"
		at="disk full in $step"
		is "$at: its client is told" "$(grep -c 'ERROR:  53100:' "$PM_RUN/session")" 1
		check_promises_at_once "$at: promises hold"
		is "$at: nobody is blamed" "$(pm_value try "SELECT step, sqlstate, message FROM job_run_failures WHERE sqlstate <> 'XX000'")" ''
		is "$at: the run says so itself" "$(pm_value try "SELECT status, error LIKE 'could not extend file%' FROM job_runs WHERE as_of = '$as_of'")" 'failed|t'
		rm "$small/ballast"
		# the session lives on
		next_run
		is "$at: the next run does the rest" "$(statuses)" 'failed succeeded'
		end_session
		is_undisturbed "$at"
	done
done
all_hit 'full in every step' 1
diag_hits

# ---- no room even to say so

rm -f "$small/ballast"
fresh small
pm_psql try -c 'CREATE TRIGGER note AFTER UPDATE ON job_runs FOR EACH ROW EXECUTE FUNCTION faults.note()'
almost_fill
begin_run
strike rules
at='no room to say so'
is "$at: the client is told" "$(grep -c 'ERROR:  53100:' "$PM_RUN/session")" 1
is "$at: the run stands open" "$(statuses)" running
check_promises_at_once "$at: promises hold"
rm "$small/ballast"
next_run
is "$at: it keeps its lease while its session lives on" "$(statuses)" 'running skipped'
pm_value try "SELECT pg_terminate_backend($worker, 10000)" >/dev/null
end_session
next_run
is "$at: the next run takes over" "$(statuses)" 'interrupted skipped succeeded'
is "$at: nobody is blamed" "$(pm_value try "SELECT step, sqlstate, message FROM job_run_failures WHERE sqlstate <> 'XX000'")" ''
is_undisturbed "$at"
done_testing
