# Private PostgreSQL clusters for the tests and the demo.  POSIX sh, to be sourced:
#
#   . "$(dirname "$0")/../lib/cluster.sh"
#   pm_need server                         # install what is missing
#   pm_install                             # build the extension into a private copy of the server
#   pm_start main                          # initdb and start; superuser postgres
#   pm_start app supabase_admin cron=app work_mem=8MB    # another one: superuser's name, then settings
#   pm_use main                            # PGHOST, PGPORT, PGUSER now lead to it
#   pm_psql postgres -c 'SELECT 1'         # psql DATABASE arguments...
#   pm_stop main
#
# Everything is stopped and removed when the shell exits, unless KEEP=1; a script with an EXIT trap of its own calls
# pm_cleanup last in it.  The server logs of a script that failed are kept in build/log.
#
# No folder of the system and no cluster of the system is touched: PostgreSQL finds its files relative to its binary, so
# a copy of its folders is a second installation.  The servers listen on a Unix socket only and do not run as root.
#
# What a script may use:
#   PM_ROOT, PM_BUILD   the source tree, its build folder         PM_MAJOR    15, 16, ...
#   PM_BIN              programs of the private copy              PM_RUN      scratch folder, writable for the servers
#   pm_data NAME        data folder                               pm_log NAME server log
#   pm_socket NAME      folder of its socket                      pm_as CMD   run CMD as the servers' user
#   pm_init NAME [role] [setting=value...]   initdb only          pm_up NAME  start what was initialised or stopped
#   pm_set NAME setting=value...   append to postgresql.conf      pm_down NAME [fast|immediate]  stop, keep the data
#   pm_crash NAME       kill -9 the server and all its processes  pm_value DB SQL   unaligned tuples only
#   PM_PYTHON           the Python that python3-... packages are for
#   pm_upgrade OLD NEW  pg_upgrade between two stopped clusters
#
# The pseudo setting cron=DATABASE preloads pg_cron for that database; cron_workers=on makes it use background workers
# instead of connections.  fsync is off unless fsync=on is given.

# make passes its own options to every make below it
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
# nor may psql's environment lead elsewhere
unset PGDATABASE PGOPTIONS PGSERVICE PGSERVICEFILE PGSSLMODE PGPASSFILE PGPASSWORD PGHOSTADDR
unset PGTZ PGDATESTYLE PGCLIENTENCODING
export LC_ALL=C

pm_fail() {
	echo "$*" >&2
	exit 1
}

pm_find_root() {
	pm__d=$(cd "$(dirname "$0")" && pwd -P)
	while [ ! -f "$pm__d/peer_mentor.control" ]; do
		[ "$pm__d" != / ] || pm_fail "no source tree of peer_mentor above $0"
		pm__d=$(dirname "$pm__d")
	done
	echo "$pm__d"
}

PM_ROOT=${PM_ROOT:-$(pm_find_root)}
PM_BUILD=$PM_ROOT/build
# the one that modules of packages are for, whatever comes first in the path
PM_PYTHON=$([ -x /usr/bin/python3 ] && echo /usr/bin/python3 || command -v python3 || echo python3)

# ---- programs and packages

pm_sudo() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# The packages are installed by apt where there is one; elsewhere the message names what is missing.
pm_apt() {
	echo "installing: $*" >&2
	command -v apt-get >/dev/null || pm_fail "missing, and there is no apt-get to install it: $*"
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null || pm_fail "missing, and neither root nor sudo to install it: $*"
	mkdir -p "$PM_BUILD/log"
	pm__try="env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends -o DPkg::Lock::Timeout=600"
	if ! pm_sudo $pm__try "$@" </dev/null >"$PM_BUILD/log/apt.$$" 2>&1; then
		# the package lists of a fresh machine are empty, those of an old one out of date
		pm_sudo apt-get update -qq </dev/null >/dev/null 2>&1
		pm_sudo $pm__try "$@" </dev/null >"$PM_BUILD/log/apt.$$" 2>&1 || {
			tail -n 20 "$PM_BUILD/log/apt.$$" >&2
			pm_fail "could not install $*"
		}
	fi
	rm -f "$PM_BUILD/log/apt.$$"
}

pm_pg() {
	${PG_CONFIG:-pg_config} "--$1" 2>/dev/null
}

# A pg_config without the server's headers is a client's.
pm_has_server_dev() {
	[ -n "$(pm_pg pgxs)" ] && [ -f "$(pm_pg pgxs)" ]
}

# The server that a plain "apt-get install postgresql" would bring.
pm_default_major() {
	apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | head -n 1
}

pm_major() {
	if pm_has_server_dev; then
		pm_pg version | sed 's/[^0-9]*\([0-9]*\).*/\1/'
		return
	fi
	[ -n "$(pm_default_major)" ] || pm_sudo apt-get update -qq >/dev/null 2>&1
	pm_default_major
}

pm_has_header() {
	echo "#include <$1>" | c++ -E -x c++ - >/dev/null 2>&1
}

# Packages that the named needs lack.  A need is judged by what it brings, so that servers from other sources count.
pm_missing() {
	pm__m=$(pm_major)
	for pm__need in "$@"; do
		case $pm__need in
		server)
			pm_has_server_dev || echo "postgresql-server-dev-${pm__m:-all}"
			[ -x "$(pm_pg bindir)/postgres" ] || echo "postgresql${pm__m:+-$pm__m}"
			command -v c++ >/dev/null || command -v g++ >/dev/null || echo g++
			command -v make >/dev/null || echo make
			command -v ps >/dev/null || echo procps
			;;
		cron) [ -f "$(pm_pg sharedir)/extension/pg_cron.control" ] || echo "postgresql-$pm__m-cron" ;;
		pgtap)
			[ -f "$(pm_pg sharedir)/extension/pgtap.control" ] || echo "postgresql-$pm__m-pgtap"
			command -v pg_prove >/dev/null || echo libtap-parser-sourcehandler-pgtap-perl
			;;
		python3-*) "$PM_PYTHON" -c "import ${pm__need#python3-}" 2>/dev/null || echo "$pm__need" ;;
		dispatch)
			pm_has_header curl/curl.h || echo libcurl4-openssl-dev
			pm_has_header openssl/hmac.h || echo libssl-dev
			[ -f "$(pm_pg includedir)/libpq-fe.h" ] || echo libpq-dev
			;;
		*) command -v "$pm__need" >/dev/null || [ -x "/usr/sbin/$pm__need" ] || echo "$pm__need" ;;
		esac
	done
}

# pm_need server cron pgtap cmake valgrind ...: install what is missing, saying so.
pm_need() {
	pm__list=$(pm_missing "$@" | sort -u)
	[ -z "$pm__list" ] || pm_apt $pm__list
	PM_MAJOR=$(pm_major)
	[ "${PM_MAJOR:-0}" -ge 15 ] ||
		pm_fail "PostgreSQL 15 or later is needed, ${PG_CONFIG:-pg_config} says ${PM_MAJOR:-nothing}"
}

# ---- users and folders

# A server refuses to run as root.
if [ "$(id -u)" != 0 ]; then
	pm_user=
else
	pm_user=nobody
	! id postgres >/dev/null 2>&1 || pm_user=postgres
fi

pm_as() {
	if [ -z "$pm_user" ]; then (cd / && "$@"); else (cd / && runuser -u "$pm_user" -- "$@"); fi
}

# A folder that the servers' user may write.
pm_folder() {
	mkdir -p "$1"
	[ -z "$pm_user" ] || chown "$pm_user" "$1"
}

# Where copies and clusters live: the build folder, or one below /tmp when the servers' user cannot reach it.
pm_place() {
	[ -z "${PM_WORK:-}" ] || return 0
	mkdir -p "$PM_BUILD"
	PM_WORK=$PM_BUILD
	if ! pm_as test -r "$PM_BUILD" -a -x "$PM_BUILD"; then
		PM_WORK=$(mktemp -d /tmp/peer_mentor.XXXXXX)
		chmod 755 "$PM_WORK"
		pm_work_is_ours=1
	fi
	PM_RUN=$(mktemp -d "$PM_WORK/run.XXXXXX")
	chmod 755 "$PM_RUN"
	pm_folder "$PM_RUN"
	# a socket's path may have 107 bytes: never below the build folder
	pm_sockets=$(mktemp -d /tmp/pm.XXXXXX)
	chmod 755 "$pm_sockets"
	trap pm_cleanup EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# ---- the private copy of the server

pm_copy_tree() {
	mkdir -p "$2$(dirname "$1")"
	cp -a "$1" "$2$(dirname "$1")/"
}

# What the copy was made from: it is made anew when the server or its extensions change.
pm_server_stamp() {
	{
		pm_pg version
		ls -l "$(pm_pg bindir)/postgres"
		ls "$(pm_pg sharedir)/extension" "$(pm_pg pkglibdir)" | grep -v peer_mentor
	} | cksum
}

pm_copy_server() {
	pm_place
	PM_PREFIX=$PM_WORK/prefix-$PM_MAJOR
	PM_BIN=$PM_PREFIX$(pm_pg bindir)
	pm__stamp=$(pm_server_stamp)
	[ "$(cat "$PM_PREFIX/.made-from" 2>/dev/null)" != "$pm__stamp" ] || return 0
	pm__tmp=$(mktemp -d "$PM_WORK/prefix.XXXXXX")
	chmod 755 "$pm__tmp"
	for pm__dir in $(for d in bindir pkglibdir sharedir; do pm_pg $d; done); do
		pm_copy_tree "$pm__dir" "$pm__tmp"
	done
	rm -rf "$pm__tmp$(pm_pg pkglibdir)/bitcode" # only the JIT reads it
	rm -f "$pm__tmp$(pm_pg pkglibdir)/peer_mentor.so" "$pm__tmp$(pm_pg sharedir)/extension/peer_mentor"*
	echo "$pm__stamp" >"$pm__tmp/.made-from"
	rm -rf "$PM_PREFIX"
	mv "$pm__tmp" "$PM_PREFIX"
}

# Build the extension and install it into the private copy; a file lock keeps two scripts apart.
pm_install() {
	[ -n "${PM_MAJOR:-}" ] || pm_need server
	pm_place
	(
		flock 9
		pm_copy_server
		make -s -C "$PM_ROOT" -j2 all >"$PM_RUN/make.log" 2>&1 &&
			make -s -C "$PM_ROOT" install DESTDIR="$PM_PREFIX" >>"$PM_RUN/make.log" 2>&1
	) 9>"$PM_BUILD/.install.lock" || {
		tail -n 40 "$PM_RUN/make.log" >&2
		pm_fail "building the extension failed"
	}
	PM_PREFIX=$PM_WORK/prefix-$PM_MAJOR
	PM_BIN=$PM_PREFIX$(pm_pg bindir)
}

# ---- clusters

pm_data() { echo "$PM_RUN/$1/data"; }
pm_log() { echo "$PM_RUN/$1/log"; }
pm_socket() { echo "$pm_sockets/$1"; }

# pm_set NAME setting=value...
pm_set() {
	pm__conf=$(pm_data "$1")/postgresql.conf
	shift
	for pm__s in "$@"; do
		case $pm__s in
		cron=*)
			echo "shared_preload_libraries = 'pg_cron'"
			echo "cron.database_name = '${pm__s#*=}'"
			;;
		cron_workers=*) echo "cron.use_background_workers = ${pm__s#*=}" ;;
		fsync=on) printf '%s\n' 'fsync = on' 'full_page_writes = on' 'synchronous_commit = on' ;;
		*=*) echo "${pm__s%%=*} = '${pm__s#*=}'" ;;
		*) pm_fail "not a setting: $pm__s" ;;
		esac
	done >>"$pm__conf"
}

# pm_init NAME [superuser] [setting=value...]
pm_init() {
	pm__name=$1
	shift
	pm__role=postgres
	case ${1-} in '' | *=*) ;; *) pm__role=$1 && shift ;; esac
	[ ! -d "$PM_RUN/$pm__name" ] || pm_fail "cluster $pm__name exists"
	pm_folder "$PM_RUN/$pm__name"
	pm_folder "$(pm_socket "$pm__name")"
	echo "$pm__role" >"$PM_RUN/$pm__name/role"
	echo "$PM_BIN" >"$PM_RUN/$pm__name/bin"
	pm_as "$PM_BIN/initdb" -D "$(pm_data "$pm__name")" -U "$pm__role" -A trust -E UTF8 --locale=C --no-sync \
		>"$PM_RUN/initdb.log" 2>&1 || {
		cat "$PM_RUN/initdb.log" >&2
		pm_fail "initdb failed"
	}
	cat >>"$(pm_data "$pm__name")/postgresql.conf" <<-EOF
		listen_addresses = ''
		unix_socket_directories = '$(pm_socket "$pm__name")'
		port = 5432
		fsync = off
		full_page_writes = off
		max_connections = 60
		max_prepared_transactions = 10
		jit = off
		timezone = 'UTC'
		log_timezone = 'UTC'
		log_line_prefix = '%m [%p] %q%u@%d '
	EOF
	# pg_cron's own settings exist only where it is loaded; its connections go through our socket
	for pm__s in "$@"; do
		case $pm__s in cron=*) pm_set "$pm__name" "cron.host=$(pm_socket "$pm__name")" ;; esac
	done
	pm_set "$pm__name" "$@"
}

pm_ctl() { # name arguments
	pm__cluster=$1
	shift
	pm_as "$(cat "$PM_RUN/$pm__cluster/bin")/pg_ctl" -D "$(pm_data "$pm__cluster")" -w "$@" </dev/null
}

pm_up() {
	# the server keeps standard output and error: were they ours, a pipe behind us would never end
	pm_ctl "$1" -l "$(pm_log "$1")" -t 120 start >"$PM_RUN/pg_ctl.log" 2>&1 || {
		tail -n 30 "$PM_RUN/pg_ctl.log" "$(pm_log "$1")" >&2
		pm_fail "cluster $1 did not start"
	}
	pm_use "$1"
}

pm_down() {
	pm_ctl "$1" -m "${2:-fast}" -t 60 stop >/dev/null 2>&1
}

# pm_start NAME [superuser] [setting=value...]: initialise, start, use
pm_start() {
	[ -n "${PM_BIN:-}" ] || pm_install
	pm_init "$@"
	pm_up "$1"
}

pm_stop() {
	[ ! -f "$(pm_data "$1")/postmaster.pid" ] || pm_down "$1" fast || pm_down "$1" immediate
	rm -rf "${PM_RUN:?}/$1" "$(pm_socket "$1")"
}

pm_use() {
	PGHOST=$(pm_socket "$1") PGPORT=5432 PGUSER=$(cat "$PM_RUN/$1/role")
	export PGHOST PGPORT PGUSER
}

# Processes of these that still run; one that is dead but not yet collected by its parent does not count.
pm_alive() {
	ps -o stat=,pid= -p "$(echo "$@" | tr -s ' ' ',')" | sed -n 's/^[^Z][^ ]* *//p'
}

# The postmaster first, so that it starts nothing new; then those it started, or they would block the next start.
pm_crash() {
	pm__pid=$(head -n 1 "$(pm_data "$1")/postmaster.pid")
	pm__kids=$(ps -o pid= --ppid "$pm__pid")
	pm__tries=0
	kill -9 $pm__pid $pm__kids 2>/dev/null
	while [ -n "$(pm_alive $pm__pid $pm__kids)" ]; do
		pm__tries=$((pm__tries + 1))
		[ $pm__tries -lt 100 ] || pm_fail "processes of cluster $1 do not die"
		sleep 0.1
	done
	# its number may still be taken by the uncollected dead process, which the next start would take for a server
	rm -f "$(pm_data "$1")/postmaster.pid" "$(pm_socket "$1")"/.s.PGSQL.*
}

# pm_upgrade OLD NEW: pg_upgrade from one stopped cluster into another, which is only initialised.  A cluster belongs to
# the server that PM_BIN named when it was initialised.
pm_upgrade() {
	pm_folder "$PM_RUN/upgrade"
	pm_as sh -c 'cd "$1" && shift && exec "$@"' sh "$PM_RUN/upgrade" \
		"$(cat "$PM_RUN/$2/bin")/pg_upgrade" -b "$(cat "$PM_RUN/$1/bin")" -B "$(cat "$PM_RUN/$2/bin")" \
		-d "$(pm_data "$1")" -D "$(pm_data "$2")" -U "$(cat "$PM_RUN/$1/role")" -s "$PM_RUN/upgrade"
}

# pm_psql DATABASE [psql arguments]
pm_psql() {
	pm__db=$1
	shift
	"$PM_BIN/psql" -X -q -v ON_ERROR_STOP=1 -d "$pm__db" "$@"
}

# pm_value DATABASE SQL
pm_value() {
	pm_psql "$1" -At -c "$2"
}

pm_running() {
	for pm__r in "$PM_RUN"/*/data/postmaster.pid; do
		[ ! -f "$pm__r" ] || basename "$(dirname "$(dirname "$pm__r")")"
	done
}

# The logs of a script that failed outlive it.
pm_save_logs() {
	mkdir -p "$PM_BUILD/log"
	for pm__r in "$PM_RUN"/*/log; do
		[ -f "$pm__r" ] || continue
		pm__to=$PM_BUILD/log/$(basename "$0" .sh)-$(basename "$(dirname "$pm__r")").server.log
		cp "$pm__r" "$pm__to" && echo "# server log: $pm__to"
	done
}

pm_cleanup() {
	pm__status=$?
	trap - EXIT
	trap '' HUP INT TERM
	[ $pm__status = 0 ] || pm_save_logs
	if [ "${KEEP:-0}" = 1 ] && [ -n "$(pm_running)" ]; then
		for pm__r in $(pm_running); do
			echo "kept: $PM_BIN/psql -h $(pm_socket "$pm__r") -U $(cat "$PM_RUN/$pm__r/role") postgres"
			echo "stop: kill -INT $(head -n 1 "$(pm_data "$pm__r")/postmaster.pid")   # then remove $PM_RUN and $pm_sockets"
		done >&2
	else
		for pm__r in $(pm_running); do pm_down "$pm__r" immediate; done
		rm -rf "$PM_RUN" "$pm_sockets"
		[ -z "${pm_work_is_ours:-}" ] || rm -rf "$PM_WORK"
	fi
	exit $pm__status
}
