#include "call.hpp"

#include "core/relation.hpp"
#include "parent.hpp"
#include "storage.hpp"

namespace peer_mentor {

namespace {

statement login_of_caller = {"SELECT auth.uid()", 0, {}};

#define RELATION_COLUMNS                                                                                                                       \
	"SELECT m.user_id IS NOT DISTINCT FROM $2, "                                                                                               \
	"       EXISTS (SELECT FROM public.mentor_chapters c JOIN public.role_assignments r ON r.chapter_id = c.chapter_id "                       \
	"                WHERE c.mentor_id = m.id AND c.until IS NULL AND r.user_id = $2 AND r.ended_at IS NULL AND r.role = 'coordinator') "      \
	"    OR EXISTS (SELECT FROM public.coordinator_assignments a WHERE a.mentor_id = m.id AND a.coordinator_id = $2 AND a.ended_at IS NULL), " \
	"       EXISTS (SELECT FROM public.mentor_chapters c JOIN public.role_assignments r ON r.chapter_id = c.chapter_id "                       \
	"                WHERE c.mentor_id = m.id AND c.until IS NULL AND r.user_id = $2 AND r.ended_at IS NULL AND r.role = 'chapter_admin'), "   \
	"       EXISTS (SELECT FROM public.role_assignments r WHERE r.organisation_id = m.organisation_id AND r.user_id = $2 "                     \
	"                AND r.ended_at IS NULL AND r.role = 'org_admin') "                                                                        \
	"  FROM public.peer_mentors m WHERE m.id = $1 "

statement relation_of_mentor = {RELATION_COLUMNS "AND m.deleted_at IS NULL", 2, {UUIDOID, UUIDOID}};
statement relation_of_removed = {RELATION_COLUMNS "AND m.deleted_at IS NOT NULL", 2, {UUIDOID, UUIDOID}};

#undef RELATION_COLUMNS

// Coordinator or admin of every one of the chapters, as coordinator where not admin of all; of none is
// nobody but the organisation's admin.
statement relation_of_chapters = {
	"SELECT COALESCE(bool_and(c.coordinator OR c.chapter_admin) AND bool_or(c.coordinator), false), "
	"       COALESCE(bool_and(c.chapter_admin), false), "
	"       EXISTS (SELECT FROM public.role_assignments r WHERE r.organisation_id = $1 AND r.user_id = $2 "
	"                AND r.ended_at IS NULL AND r.role = 'org_admin') "
	"  FROM unnest($3) u (id) "
	" CROSS JOIN LATERAL ("
	"       SELECT COALESCE(bool_or(r.role = 'coordinator'), false) AS coordinator, "
	"              COALESCE(bool_or(r.role = 'chapter_admin'), false) AS chapter_admin "
	"         FROM public.role_assignments r "
	"        WHERE r.chapter_id = u.id AND r.organisation_id = $1 AND r.user_id = $2 AND r.ended_at IS NULL) c",
	3,
	{UUIDOID, UUIDOID, UUIDARRAYOID}};

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

bool is_staff(const call &c) { return !c.is_app_user(); }

// The login's row is locked first of all, against its deletion, which goes on to the rows that name it.
void require_login(const call &c)
{
	const bool exists = c.user && (c.reads ? !is_gone("auth.users", to_cstring(*c.user)) : keep_login(*c.user));
	if (!exists)
		raise_not_allowed();
}

relation find_relation(const call &c, const uuid &mentor, statement &query)
{
	require_login(c);
	const rows found = query.run({of(mentor), of(*c.user)});
	if (found.empty())
		return {};
	const row r = found[0];
	return {r.boolean(1), r.boolean(2), r.boolean(3), r.boolean(4)};
}

actor actor_among(const call &c, const uuid &mentor, statement &query, actors allowed)
{
	const relation to = find_relation(c, mentor, query);
	if (!to.any())
		mentor_not_found(mentor);
	const auto kind = acts_as(to, allowed);
	if (!kind)
		raise_not_allowed();
	return {*kind, c.user};
}

} // namespace

[[noreturn]] void raise_not_allowed() { raise(error::not_allowed, "permission denied"); }

call begin_call()
{
	call c{};
	SPI_connect();
	c.owner = require_storage();
	identify(c);
	c.before = act_as_owner(c.owner);
	return c;
}

call begin_reading_call()
{
	call c = begin_call();
	c.reads = true;
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

actor require_actor(const call &c, const uuid &mentor, actors allowed)
{
	return is_staff(c) ? actor{c.kind, std::nullopt} : actor_among(c, mentor, relation_of_mentor, allowed);
}

bool may_see(const call &c, const uuid &mentor)
{
	return is_staff(c) || find_relation(c, mentor, relation_of_mentor).any();
}

actor require_actor_of_removed(const call &c, const uuid &mentor, actors allowed)
{
	return is_staff(c) ? actor{c.kind, std::nullopt} : actor_among(c, mentor, relation_of_removed, allowed);
}

actor require_actor_of_chapters(const call &c, const uuid &organisation, std::span<const uuid> chapters, actors allowed)
{
	if (is_staff(c))
		return {c.kind, std::nullopt};
	require_login(c);
	const rows found =
		relation_of_chapters.run({of(organisation), of(*c.user),
	                              array_of(chapters.size(), UUIDOID, [&](std::size_t i) { return of(chapters[i]); })});
	const auto kind = acts_as({false, found[0].boolean(1), found[0].boolean(2), found[0].boolean(3)}, allowed);
	if (!kind)
		raise_not_allowed();
	return {*kind, c.user};
}

void require_anothers_login(const call &c, const std::optional<uuid> &login)
{
	if (c.is_app_user() && login && c.user && *login == *c.user)
		raise(error::not_allowed, "permission denied to make yourself a mentor",
		      "Somebody else in charge has to do this: nobody certifies themselves.");
}

uuid require_app_user(const call &c)
{
	if (is_staff(c))
		raise_not_allowed();
	require_login(c);
	return *c.user;
}

actor require_actor_of_organisation(const call &c, const uuid &organisation)
{
	return require_actor_of_chapters(c, organisation, {}, only(actor_kind::org_admin));
}

} // namespace peer_mentor
