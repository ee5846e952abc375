// What a login is to a mentor, and as what it may act.
#pragma once

#include "core/transition.hpp"

namespace peer_mentor {

struct relation {
	bool self = false;
	bool coordinator = false; // of a live chapter of the mentor, or assigned to them
	bool chapter_admin = false;
	bool org_admin = false;

	constexpr bool any() const { return self || coordinator || chapter_admin || org_admin; }
};

// Whoever acts on their own row acts as mentor only, whatever roles they hold: nobody certifies themselves.
// Of several roles the least that suffices is the one that acts.
constexpr std::optional<actor_kind> acts_as(const relation &r, actors allowed)
{
	const auto may = [allowed](actor_kind k) { return (allowed & only(k)) != 0; };
	if (r.self)
		return may(actor_kind::mentor) ? std::optional(actor_kind::mentor) : std::nullopt;
	if (r.coordinator && may(actor_kind::coordinator))
		return actor_kind::coordinator;
	if (r.chapter_admin && may(actor_kind::chapter_admin))
		return actor_kind::chapter_admin;
	if (r.org_admin && may(actor_kind::org_admin))
		return actor_kind::org_admin;
	return std::nullopt;
}

static_assert(acts_as({true, true, true, true}, staff) == std::nullopt);
static_assert(acts_as({true, true, true, true}, anybody) == actor_kind::mentor);
static_assert(acts_as({false, true, false, true}, staff & ~only(actor_kind::coordinator)) == actor_kind::org_admin);
static_assert(acts_as({false, true, true, true}, staff) == actor_kind::coordinator);
static_assert(acts_as({}, anybody) == std::nullopt);

} // namespace peer_mentor
