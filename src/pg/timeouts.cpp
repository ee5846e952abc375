#include "timeouts.hpp"

#include "server.hpp"

namespace peer_mentor {

void take_timeouts_away()
{
	disable_timeout(STATEMENT_TIMEOUT, false);
#if PG_VERSION_NUM >= 170000
	disable_timeout(TRANSACTION_TIMEOUT, false);
#endif
}

void commit_without_timeout()
{
	SPI_commit();
	take_timeouts_away();
}

} // namespace peer_mentor
