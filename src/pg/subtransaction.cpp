#include "pg/subtransaction.hpp"

extern "C" {
#include "utils/resowner.h"
}

namespace peer_mentor {

namespace {

ErrorData *run(attempt_body body, void *arg, bool keep)
{
	MemoryContext const context = CurrentMemoryContext;
	ResourceOwner const owner = CurrentResourceOwner;
	ErrorData *volatile failure = nullptr;

	BeginInternalSubTransaction(nullptr);
	MemoryContextSwitchTo(context);
	PG_TRY()
		;
		{
			body(arg);
			if (keep)
				ReleaseCurrentSubTransaction();
			else
				RollbackAndReleaseCurrentSubTransaction();
		}
		PG_CATCH();
		{
			MemoryContextSwitchTo(context);
			failure = CopyErrorData();
			FlushErrorState();
			RollbackAndReleaseCurrentSubTransaction();
		}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return failure;
}

} // namespace

ErrorData *attempt(attempt_body body, void *arg) { return run(body, arg, true); }

ErrorData *rehearse(attempt_body body, void *arg) { return run(body, arg, false); }

bool concerns_everybody(const ErrorData *e)
{
	switch (e->sqlerrcode) {
	case ERRCODE_QUERY_CANCELED:
	case ERRCODE_ADMIN_SHUTDOWN:
	case ERRCODE_DISK_FULL:
	case ERRCODE_OUT_OF_MEMORY:
	case ERRCODE_INSUFFICIENT_RESOURCES:
		return true;
	default:
		return false;
	}
}

} // namespace peer_mentor
