#!/bin/sh
# pg_regress on a private server.
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/regress.sh"
cd "$PM_ROOT" || exit 1
pm_need server
pm_start regress
run_installcheck ISOLATION=
