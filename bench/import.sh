#!/bin/sh
# A register imported into fresh storage, and into storage that was vacuumed while it was empty: after a rehearsal, and in
# the session that rehearsed.  The three should cost about the same.
#   bench/import.sh [register.csv]
. "$(dirname "$0")/../test/lib/cluster.sh"
pm_need server python3
pm_start import autovacuum=off
register=${1:-$PM_RUN/register.csv}
[ $# -gt 0 ] || python3 "$PM_ROOT/test/replay/generate.py" >"$register" || exit 1
pm_psql postgres -c 'CREATE ROLE keeper LOGIN CREATEROLE' || exit 1
PGUSER=keeper && export PGUSER
organisation=00000000-0000-4000-8000-000000000001
import="SELECT * FROM peer_mentor.import_register('$organisation', 'licences', create_missing => true"

load() { # database
	PGUSER=postgres pm_psql postgres -c "CREATE DATABASE $1 OWNER keeper" &&
		pm_psql "$1" -f "$PM_ROOT/contrib/supabase_parts.sql" -o /dev/null -c 'CREATE EXTENSION peer_mentor' -c 'SELECT peer_mentor.migrate()' &&
		pm_psql "$1" -c "INSERT INTO organisations (id, name) VALUES ('$organisation', 'register')" &&
		pm_psql "$1" -f "$PM_ROOT/examples/licences.sql" <"$register" || exit 1
}

import() { # what database [before...]
	what=$1 database=$2
	shift 2
	printf '%-32s' "$what"
	pm_psql "$database" -At "$@" -c '\timing on' -c "$import)" | paste -s -d ' '
}

load fresh
import 'fresh' fresh
load rehearsed
pm_psql rehearsed -o /dev/null -c "$import, dry_run => true)" -c 'SET client_min_messages = error' -c VACUUM
import 'after dry_run and VACUUM' rehearsed
load same
import 'the same, in one session' same -c "$import, dry_run => true)" -c 'SET client_min_messages = error' -c VACUUM
