#include "pg/write_scope.hpp"

#include "pg/server.hpp"

namespace peer_mentor {

namespace {

struct scope {
	int trigger_depth;
	int nest_level;
};

constexpr int limit = 100;
scope         scopes[limit];
int           open_scopes = 0;

void forget_subtransaction(SubXactEvent event, SubTransactionId, SubTransactionId, void *)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		while (open_scopes > 0 && scopes[open_scopes - 1].nest_level >= GetCurrentTransactionNestLevel())
			--open_scopes;
}

void forget_transaction(XactEvent event, void *)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
		open_scopes = 0;
}

} // namespace

int trigger_depth()
{
	LOCAL_FCINFO(fcinfo, 0);
	InitFunctionCallInfoData(*fcinfo, nullptr, 0, InvalidOid, nullptr, nullptr);
	return DatumGetInt32(pg_trigger_depth(fcinfo));
}

void begin_write()
{
	if (open_scopes == limit)
		ereport(ERROR, (errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
		                errmsg("triggers call the engine more than %d levels deep", limit)));
	scopes[open_scopes] = {trigger_depth(), GetCurrentTransactionNestLevel()};
	++open_scopes;
}

void end_write()
{
	Assert(open_scopes > 0);
	--open_scopes;
}

bool fired_by_engine() { return open_scopes > 0 && trigger_depth() == scopes[open_scopes - 1].trigger_depth + 1; }

void register_write_scope_callbacks()
{
	RegisterXactCallback(forget_transaction, nullptr);
	RegisterSubXactCallback(forget_subtransaction, nullptr);
}

} // namespace peer_mentor
