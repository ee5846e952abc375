// One call of a public function: who really calls, and the storage owner's rights while it is served.
#pragma once

#include "core/transition.hpp"
#include "pg/errors.hpp"
#include "pg/rights.hpp"
#include "pg/statement.hpp"

namespace peer_mentor {

// Who a change is attributed to.
struct actor {
	actor_kind          kind;
	std::optional<uuid> user;
};

struct call {
	Oid                 owner;
	Oid                 role; // the real one
	actor_kind          kind; // operator or service; for a user decided with the mentor at hand
	std::optional<uuid> user; // auth.uid() of an app user
	rights              before;

	bool is_app_user() const
	{
		return kind != actor_kind::operator_ && kind != actor_kind::service && kind != actor_kind::system;
	}
};

// Notes the caller, checks that storage fits, connects to SPI and takes the owner's rights.
call begin_call();
void end_call(const call &c);

// The same for a trigger or the nightly run, which act for nobody.
call begin_system_call();

struct mentor;

// The actor as whom this caller may act on the mentor, out of those the function allows; refuses otherwise.
actor require_actor(const call &c, const mentor &m, actors allowed);

// For functions that need no mentor: operator and service.
actor require_staff(const call &c);

} // namespace peer_mentor
