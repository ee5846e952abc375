#include "pg/rights.hpp"

namespace peer_mentor {

namespace {

rights become(Oid role, int flags)
{
	rights before;
	GetUserIdAndSecContext(&before.user, &before.security_context);
	before.setting_level = NewGUCNestLevel();
	set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
	                  false);
	// Otherwise code of this role could leave something behind that runs at commit, with the caller's rights: a
	// deferred trigger, or a cursor WITH HOLD.
	if (!has_privs_of_role(role, before.user))
		flags |= SECURITY_RESTRICTED_OPERATION;
	SetUserIdAndSecContext(role, before.security_context | flags);
	return before;
}

} // namespace

rights act_as(Oid role) { return become(role, SECURITY_LOCAL_USERID_CHANGE); }

rights act_as_unfiltered(Oid role) { return become(role, SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS); }

void act_as_before(const rights &before)
{
	SetUserIdAndSecContext(before.user, before.security_context);
	AtEOXact_GUC(true, before.setting_level);
}

} // namespace peer_mentor
