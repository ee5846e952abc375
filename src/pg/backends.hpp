// The server's own table of backends, which hides nothing.
#pragma once

#include "pg/server.hpp"

namespace peer_mentor {

// Takes a new snapshot of it and returns how many there are.
inline int count_backends()
{
	pgstat_clear_backend_activity_snapshot();
	return pgstat_fetch_stat_numbackends();
}

// Counted from 1; may be null.
inline const PgBackendStatus *backend_at(int i)
{
#if PG_VERSION_NUM >= 160000
	const LocalPgBackendStatus *local = pgstat_get_local_beentry_by_index(i);
#else
	const LocalPgBackendStatus *local = pgstat_fetch_stat_local_beentry(i);
#endif
	return local == nullptr ? nullptr : &local->backendStatus;
}

} // namespace peer_mentor
