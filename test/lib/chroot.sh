# Another Debian release in a folder of the build tree, for servers that this machine's release does not have; to be
# sourced after cluster.sh.  Needs root, and the right to mount.
#
#   chroot_prepare 17                      # make it, or reuse it
#   chroot_copy_source 17                  # this tree becomes /src
#   old=$(chroot_add_host_server 17)       # after pm_install: this machine's server beside it, for pg_upgrade
#   in_chroot 17 /src/test/scripts/some.sh inside "$old"

if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || pm_fail "needs root or sudo"
	exec sudo -E sh "$0" "$@"
fi

# chroot_of 17: folder and release
chroot_dir() { echo "$PM_BUILD/server-$1"; }
chroot_release() {
	case $1 in
	17) echo trixie ;;
	*) echo sid ;;
	esac
}
chroot_packages() {
	echo "postgresql-$1 postgresql-server-dev-$1 postgresql-$1-cron postgresql-$1-pgtap" \
		libtap-parser-sourcehandler-pgtap-perl g++ make pgbouncer procps
}

# A mirror this machine itself uses, by apt's label of it: Debian or Debian-Security.  Nothing when it is no Debian;
# then debootstrap knows a default.
chroot_mirror() {
	apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk -v label="$1" '$1 == "Debian" && $2 == label { print $3; exit }'
}

# Security updates exist for stable releases only.  Without them pg_upgrade may meet a newer minor version here than
# there and refuse what it dumped.
chroot_add_security() { # version
	security=$(chroot_mirror Debian-Security)
	case $(chroot_release "$1") in sid) security= ;; esac
	[ -z "$security" ] ||
		echo "deb $security $(chroot_release "$1")-security main" >"$(chroot_dir "$1")/etc/apt/sources.list.d/security.list"
}

chroot_proxy() {
	apt-config shell proxy Acquire::http::Proxy 2>/dev/null | sed -n "s/^proxy='\(.*\)'$/\1/p"
}

# Run a command inside, with its own mounts and processes: both vanish with it, whatever happens.
in_chroot() { # version command...
	in_dir=$(chroot_dir "$1")
	shift
	unshare --mount --pid --fork --kill-child sh -c '
		dir=$1
		shift
		mount -t proc proc "$dir/proc" && mkdir -p "$dir/dev/shm" && mount -t tmpfs -o mode=1777 tmpfs "$dir/dev/shm" || exit 1
		exec chroot "$dir" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C "$@"' sh "$in_dir" "$@"
}

chroot_complete() {
	[ "$(cat "$(chroot_dir "$1")/.complete" 2>/dev/null)" = "$(chroot_packages "$1")" ]
}

# No cluster of the system's is wanted inside, no service starts, and nothing waits for the disk.
chroot_configure() {
	mkdir -p "$1/etc/postgresql-common" "$1/etc/dpkg/dpkg.cfg.d" "$1/usr/sbin"
	echo 'create_main_cluster = false' >"$1/etc/postgresql-common/createcluster.conf"
	echo force-unsafe-io >"$1/etc/dpkg/dpkg.cfg.d/tests"
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
	chmod +x "$1/usr/sbin/policy-rc.d"
	# a mirror may lag behind the moving release by more than its index promises; signatures are checked all the same
	echo 'Acquire::Check-Valid-Until "false";' >"$1/etc/apt/apt.conf.d/90valid"
	[ ! -f /etc/resolv.conf ] || cp -L /etc/resolv.conf "$1/etc/resolv.conf"
	chroot_p=$(chroot_proxy)
	[ -z "$chroot_p" ] || echo "Acquire::http::Proxy \"$chroot_p\";" >"$1/etc/apt/apt.conf.d/90proxy"
}

chroot_bootstrap() { # version
	boot_dir=$(chroot_dir "$1")
	boot_mirror=$(chroot_mirror Debian)
	boot_include=
	case $boot_mirror in https:*) boot_include=--include=ca-certificates ;; esac
	rm -rf "$boot_dir"
	http_proxy=${http_proxy:-$(chroot_proxy)} debootstrap --variant=minbase $boot_include \
		"$(chroot_release "$1")" "$boot_dir" $boot_mirror || return 1
	touch "$boot_dir/.bootstrapped"
}

chroot_make() { # version
	chroot_complete "$1" && return 0
	pm_need debootstrap
	[ -f "$(chroot_dir "$1")/.bootstrapped" ] || chroot_bootstrap "$1" || return 1
	chroot_configure "$(chroot_dir "$1")"
	chroot_add_security "$1"
	in_chroot "$1" sh -c 'apt-get update -qq &&
		DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" </dev/null && apt-get clean' \
		sh $(chroot_packages "$1") || return 1
	chroot_packages "$1" >"$(chroot_dir "$1")/.complete"
}

# Make the system of a version, or finish one that was begun; kept for the next run.  Waits when another process is
# making it.
chroot_prepare() { # version
	mkdir -p "$PM_BUILD/log"
	(
		flock 8
		chroot_make "$1" 8>&- >"$PM_BUILD/log/server-$1.prepare.log" 2>&1
	) 8>"$PM_BUILD/.server-$1.lock" || {
		tail -n 30 "$PM_BUILD/log/server-$1.prepare.log" >&2
		pm_fail "the system for PostgreSQL $1 could not be made"
	}
}

# The source tree as git would commit it, plus what is new and not ignored, to /src.  Objects of an earlier run stay:
# times are kept, so make knows what is out of date.
chroot_copy_source() { # version
	copy_to=$(chroot_dir "$1")/src
	mkdir -p "$copy_to"
	find "$copy_to" -path "$copy_to/build" -prune -o -type f ! -name '*.o' ! -name '*.so' -exec rm -f {} +
	(
		cd "$PM_ROOT" || exit 1
		git -c safe.directory="$PM_ROOT" ls-files --cached --others --exclude-standard |
			while IFS= read -r f; do [ ! -e "$f" ] || printf '%s\n' "$f"; done |
			tar -c -T - -f - | tar -x --no-same-owner -f - -C "$copy_to"
	)
	[ -f "$copy_to/peer_mentor.control" ] || pm_fail "could not copy the sources"
}

# Libraries that the programs below a folder load here and the other system does not have.
chroot_missing_libraries() { # version folder
	find "$2" -type f \( -name '*.so' -o -perm /111 \) ! -name 'llvmjit*' -exec ldd {} + 2>/dev/null |
		awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u |
		while IFS= read -r lib; do
			[ -n "$(find "$(chroot_dir "$1")/usr/lib" -name "${lib##*/}" | head -n 1)" ] || echo "$lib"
		done
}

# This machine's own server, with the extension, beside the newer one, for pg_upgrade: in the other system its
# programs are in the folder this prints.  Only libraries the other system lacks are added, so nothing there changes.
chroot_add_host_server() { # version
	add_root=$(chroot_dir "$1")
	add_libs=$add_root/usr/local/lib/server-$PM_MAJOR
	rm -rf "$add_root/opt/server-$PM_MAJOR" "$add_libs"
	mkdir -p "$add_root/opt" "$add_libs"
	cp -a "$PM_PREFIX" "$add_root/opt/server-$PM_MAJOR"
	chroot_missing_libraries "$1" "$PM_PREFIX" | while IFS= read -r lib; do cp -L "$lib" "$add_libs/"; done
	echo "/usr/local/lib/server-$PM_MAJOR" >"$add_root/etc/ld.so.conf.d/server-$PM_MAJOR.conf"
	in_chroot "$1" ldconfig || pm_fail "ldconfig failed"
	echo "/opt/server-$PM_MAJOR$(pm_pg bindir)"
}
