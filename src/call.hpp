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
	Oid                 role;  // the real one
	actor_kind          kind;  // operator or service; for a user decided with the mentor at hand
	std::optional<uuid> user;  // auth.uid() of an app user
	bool                reads; // and writes nothing, not even a lock
	rights              before;

	bool is_app_user() const
	{
		return kind != actor_kind::operator_ && kind != actor_kind::service && kind != actor_kind::system;
	}
};

// Notes the caller, checks that storage fits, connects to SPI and takes the owner's rights.
call begin_call();
call begin_reading_call();
void end_call(const call &c);

// The same for a trigger or the nightly run, which act for nobody.
call begin_system_call();

// The actor as whom this caller may act on the mentor, out of those the function allows.  Decided before
// anything is read or locked for the caller: whoever may not see the mentor is told that there is none.
actor require_actor(const call &c, const uuid &mentor, actors allowed);

// Does this caller see the mentor at all?
bool may_see(const call &c, const uuid &mentor);

// As require_actor(), for a mentor who is removed.
actor require_actor_of_removed(const call &c, const uuid &mentor, actors allowed);

// Who makes a mentor of their own login might have certified that mentor before.
void require_anothers_login(const call &c, const std::optional<uuid> &login);

[[noreturn]] void raise_not_allowed();

// The login of an app user; nobody else is served.
uuid require_app_user(const call &c);

// The same for functions that concern chapters or a whole organisation.
actor require_actor_of_chapters(const call &c, const uuid &organisation, std::span<const uuid> chapters,
                                actors allowed);
actor require_actor_of_organisation(const call &c, const uuid &organisation);

} // namespace peer_mentor
