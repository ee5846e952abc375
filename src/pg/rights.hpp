// With whose rights statements run.  The engine's functions are SECURITY INVOKER in the catalog; they
// take the storage owner's rights for their own statements and give them back before they return or
// commit.  Transaction and subtransaction abort restore user and settings by themselves.
#pragma once

#include "pg/server.hpp"

namespace peer_mentor {

struct rights {
	Oid user;
	int security_context;
	int setting_level;
};

// Acts as this role, with a search_path in which no name can be captured.
rights act_as(Oid role);
void   act_as_before(const rights &before);

// The same past row security, for looking a row up in a way that its policies cannot blind.
rights act_as_unfiltered(Oid role);

} // namespace peer_mentor
