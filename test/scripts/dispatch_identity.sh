#!/bin/sh
# A copy of a database mails nobody: neither a restored dump, in the same server or another one, nor a database that took the
# name of the confirmed one, nor a physical copy of the whole server, unless it stands where the original stood.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/tap.sh"
pm_need server dispatch python3
. "$PM_ROOT/test/dispatch/lib.sh"
secret=a-secret-of-some-length
pm_start main wal_level=replica
trap dispatch_cleanup EXIT
dispatch_build
dispatch_database mentors 3
receiver_up hook
(umask 077 && echo "$secret" >"$PM_RUN/secret")
cat >"$PM_RUN/dispatch.conf" <<END
conninfo = host=$(pm_socket main) dbname=mentors user=dispatcher
url = http://127.0.0.1:$(port hook)/
channel = portal_sync
secret_file = $PM_RUN/secret
confirmed_file = $PM_RUN/confirmed
END
ok 'the original is confirmed' dispatch --confirm
pm_value mentors 'SELECT world.change(n) FROM generate_series(1, 3) n' >/dev/null

# exit status, first words, requests seen, most attempts there
refused() { # arguments
	dispatch --once "$@" 2>"$PM_RUN/said"
	echo "$? $(sed -n 's/.*error="\([^:]*\):.*/\1/p' "$PM_RUN/said"), $(seen hook 'len(seen)') seen"
}
untouched() { # database
	pm_value "$1" "SELECT count(*), max(attempts), count(leased_until) FROM outbox_events WHERE delivered_at IS NULL AND channel = 'portal_sync'"
}
other='77 this is not the confirmed database, 0 seen'

pm_as "$PM_BIN/pg_dump" -h "$PGHOST" -U postgres -d mentors -Fc -f "$PM_RUN/mentors.dump"
pm_value postgres 'CREATE DATABASE copy' >/dev/null
pm_as "$PM_BIN/pg_restore" -h "$PGHOST" -U postgres -d copy "$PM_RUN/mentors.dump"
pm_value copy 'SELECT count(*) FROM (SELECT peer_mentor.migrate()) m' >/dev/null
is 'a dump restored beside it' "$(refused --conninfo="host=$PGHOST dbname=copy user=dispatcher")" "$other"
is 'nothing of it was touched' "$(untouched copy)" '3|0|0'

pm_value postgres 'ALTER DATABASE mentors RENAME TO original' >/dev/null
pm_value postgres 'ALTER DATABASE copy RENAME TO mentors' >/dev/null
is 'one that took its name' "$(refused)" "$other"
is 'nothing of that was touched' "$(untouched mentors)" '3|0|0'
is 'the original under another name is another one, too' "$(refused --conninfo="host=$PGHOST dbname=original user=dispatcher")" "$other"
pm_value postgres 'ALTER DATABASE mentors RENAME TO copy' >/dev/null
pm_value postgres 'ALTER DATABASE original RENAME TO mentors' >/dev/null

pm_start second
pm_psql postgres -o /dev/null -c 'CREATE ROLE anon' -c 'CREATE ROLE authenticated' -c 'CREATE ROLE service_role' \
	-c 'CREATE ROLE dispatcher LOGIN IN ROLE service_role' -c 'CREATE DATABASE mentors'
pm_as "$PM_BIN/pg_restore" -h "$PGHOST" -U postgres -d mentors "$PM_RUN/mentors.dump"
pm_value mentors 'SELECT count(*) FROM (SELECT peer_mentor.migrate()) m' >/dev/null
is 'a dump restored in another server, same name' "$(refused --conninfo="host=$PGHOST dbname=mentors user=dispatcher")" "$other"
is 'nothing of that was touched either' "$(untouched mentors)" '3|0|0'

# a physical copy has the same system identifier, names and numbers
pm_use main
pm_folder "$PM_RUN/twin"
pm_folder "$(pm_socket twin)"
echo postgres >"$PM_RUN/twin/role"
echo "$PM_BIN" >"$PM_RUN/twin/bin"
pm_as "$PM_BIN/pg_basebackup" -h "$PGHOST" -U postgres -D "$(pm_data twin)" -c fast
pm_set twin "unix_socket_directories=$(pm_socket twin)"
pm_up twin
twin="host=$(pm_socket twin) dbname=mentors user=dispatcher"
is 'a physical copy is the same to the server' "$(dispatch --identity --conninfo="$twin" | sed 's/.*= //; s/@.*//')" "$(sed 's/@.*//' "$PM_RUN/confirmed")"
is 'but stands elsewhere' "$(refused --conninfo="$twin")" "$other"
is 'nothing of it was touched' "$(untouched mentors)" '3|0|0'

# where the identity cannot be read nothing is delivered either
pm_psql mentors -c 'REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC'
is 'an identity that nobody may know' "$(dispatch --once --conninfo="$twin" 2>"$PM_RUN/said"; echo "$? $(grep -c 'permission denied for function pg_control_system' "$PM_RUN/said")") $(untouched mentors)" '69 1 3|0|0'
pm_psql mentors -c 'GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC'

# behind one address the server may change between two claims: what a pooler does when it is led elsewhere
ok 'the copy can be confirmed' dispatch --confirm --conninfo="$twin" --confirmed_file="$PM_RUN/of.twin"
is 'and is delivered then' "$(dispatch --once --conninfo="$twin" --confirmed_file="$PM_RUN/of.twin" 2>/dev/null; echo $?) $(seen hook 'len(seen)')" '0 3'
pm_stop twin

# a failover is none of it: the same system goes on at the same address
pm_use main
is 'the original delivers as before' "$(dispatch --once 2>/dev/null; echo $?) $(seen hook 'len(seen)')" '0 6'
is 'the same events under the same keys: the receiver takes them once' "$(seen hook 'len(taken)')" 3
done_testing
