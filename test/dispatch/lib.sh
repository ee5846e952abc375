# A world with an outbox, a receiver of HTTP and workers between them; to be sourced after cluster.sh and tap.sh.
#   dispatch_build                      the program
#   dispatch_database NAME MENTORS      a database with test/dispatch/world.sql, and the login "dispatcher"
#   receiver_up NAME [PORT]             start a receiver; its folder is $PM_RUN/NAME
#   receiver_down NAME
#   mode NAME WORDS...                  how it answers from now on
#   seen NAME EXPRESSION                see seen.py
#   dispatch ARGUMENTS...               run the worker with $PM_RUN/dispatch.conf
#   worker_up NAME ARGUMENTS...         in the background; its log is $PM_RUN/NAME.log, its process $NAME_pid
#   worker_down NAME [SIGNAL]           stop it; its exit status is then $worker_status
#   soon COMMAND...                     until it succeeds, for 20 s at most
dispatch_dir=$PM_ROOT/test/dispatch
program=${PM_DISPATCH:-$PM_BUILD/dispatch/peer_mentor_dispatch} # another build of it, with sanitisers
dispatch_pids=

dispatch_build() {
	make -s -C "$PM_ROOT" dispatch >"$PM_RUN/dispatch.log" 2>&1 || {
		tail -n 30 "$PM_RUN/dispatch.log" >&2
		pm_fail "building the worker failed"
	}
	# a proxy of this machine's does not lead to this machine
	export no_proxy='*'
}

dispatch_database() { # name mentors
	pm_psql postgres -o /dev/null -c "CREATE DATABASE $1" || exit 1
	pm_psql "$1" -o /dev/null -f "$PM_ROOT/contrib/supabase_parts.sql" -c 'SET client_min_messages = warning' \
		-c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' || exit 1
	pm_psql "$1" -v mentors="$2" -f "$dispatch_dir/world.sql" || exit 1
	[ "$(pm_value postgres "SELECT to_regrole('dispatcher') IS NULL")" = f ] ||
		pm_psql postgres -c 'CREATE ROLE dispatcher LOGIN IN ROLE service_role' || exit 1
}

soon() {
	soon_tries=0
	until "$@" >/dev/null 2>&1; do
		soon_tries=$((soon_tries + 1))
		[ $soon_tries -lt 200 ] || return 1
		sleep 0.1
	done
}

receiver_up() { # name [port]
	mkdir -p "$PM_RUN/$1"
	[ -f "$PM_RUN/$1/mode" ] || echo ok >"$PM_RUN/$1/mode"
	printf '%s' "$secret" >"$PM_RUN/$1/secret"
	rm -f "$PM_RUN/$1/port"
	python3 "$dispatch_dir/receiver.py" "$PM_RUN/$1" ${2-} >"$PM_RUN/$1/log" 2>&1 &
	echo $! >"$PM_RUN/$1/pid"
	dispatch_pids="$dispatch_pids $!"
	soon test -f "$PM_RUN/$1/port" || pm_fail "no receiver: $(cat "$PM_RUN/$1/log")"
}
receiver_down() { # name
	kill "$(cat "$PM_RUN/$1/pid")" && wait "$(cat "$PM_RUN/$1/pid")" 2>/dev/null
	:
}
port() { cat "$PM_RUN/$1/port"; }
mode() { # name words...
	mode_of=$1
	shift
	echo "$*" >"$PM_RUN/$mode_of/mode.new"
	mv "$PM_RUN/$mode_of/mode.new" "$PM_RUN/$mode_of/mode"
}
seen() { python3 "$dispatch_dir/seen.py" "$PM_RUN/$1" "$2"; }
forget() { # name: only where it is not asked for again what was taken before
	rm -f "$PM_RUN/$1/seen.jsonl"
}

dispatch() { "$program" --config="$PM_RUN/dispatch.conf" "$@"; }

worker_up() { # name arguments...
	worker=$1
	shift
	"$program" --config="$PM_RUN/dispatch.conf" "$@" 2>"$PM_RUN/$worker.log" &
	eval "${worker}_pid=$!"
	dispatch_pids="$dispatch_pids $!"
}
# leaves its exit status in worker_status; not in a subshell, which could not wait for it
worker_down() { # name [signal]
	eval "worker_process=\$${1}_pid"
	kill "-${2:-TERM}" "$worker_process" 2>/dev/null
	wait "$worker_process" 2>/dev/null
	worker_status=$?
}

dispatch_cleanup() {
	dispatch_status=$?
	[ -z "$dispatch_pids" ] || kill -9 $dispatch_pids 2>/dev/null
	(exit $dispatch_status)
	pm_cleanup
}
