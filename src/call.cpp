#include "call.hpp"

#include "standing.hpp"
#include "storage.hpp"

namespace peer_mentor {

namespace {

statement login_of_caller = {"SELECT auth.uid()", 0, {}};

bool has_role(const char *name)
{
	const Oid role = get_role_oid(name, true);
	return OidIsValid(role) && has_privs_of_role(GetUserId(), role);
}

// The claims of a session prove nothing by themselves: any SQL session can set them.  They count only
// for a role that PostgREST takes after it has verified them.
void identify(call &c)
{
	c.role = GetUserId();
	c.kind = actor_kind::mentor;
	if (has_privs_of_role(c.role, c.owner))
		c.kind = actor_kind::operator_;
	else if (has_role("service_role"))
		c.kind = actor_kind::service;
	else if (has_role("authenticated")) {
		const rights before = act_as(c.role);
		c.user = login_of_caller.run({})[0].optional_id(1);
		act_as_before(before);
	}
}

} // namespace

call begin_call()
{
	call c{};
	SPI_connect();
	c.owner = require_storage();
	identify(c);
	c.before = act_as_owner(c.owner);
	return c;
}

call begin_system_call()
{
	call c{};
	SPI_connect();
	c.owner = require_storage();
	require_operator(c.owner, "run the engine of peer_mentor");
	c.role = GetUserId();
	c.kind = actor_kind::system;
	c.before = act_as_owner(c.owner);
	return c;
}

void end_call(const call &c)
{
	act_as_before(c.before);
	SPI_finish();
}

actor require_staff(const call &c)
{
	if (c.is_app_user())
		raise(error::not_allowed, "permission denied");
	return {c.kind, std::nullopt};
}

actor require_actor(const call &c, const mentor &, actors allowed)
{
	if (c.is_app_user() || (allowed & only(c.kind)) == 0)
		raise(error::not_allowed, "permission denied");
	return {c.kind, std::nullopt};
}

} // namespace peer_mentor
