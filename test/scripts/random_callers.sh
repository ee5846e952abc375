#!/bin/sh
# 10,000 random calls of the public functions by random users, in organisations that the calls change as they go, against
# an independent model of the rules; and what row security shows to everybody in between.
#   SEED=7 CALLS=100000 test/scripts/random_callers.sh
. "$(dirname "$0")/../lib/cluster.sh"
pm_need server pgtap python3
pm_start random supabase_admin
"$PM_BIN/createdb" calls || exit 1
PGOPTIONS='-c client_min_messages=warning' pm_psql calls -v VERBOSITY=terse -f "$PM_ROOT/test/fixtures/pgtap.sql" >/dev/null || exit 1
PSQL=$PM_BIN/psql PYTHONDONTWRITEBYTECODE=1 python3 "$PM_ROOT/test/rights/random_callers.py" calls "${CALLS:-10000}" "${SEED:-20261121}"
