// Who may act as what, and what speaks against a request: every combination against rules written out anew.
#include "check.hpp"
#include "core/relation.hpp"
#include "core/request.hpp"

using namespace peer_mentor;

namespace {

constexpr actors no_coordinators = staff & ~only(actor_kind::coordinator);
constexpr actors with_mentor = staff | only(actor_kind::mentor);

std::string shown(std::optional<actor_kind> k) { return k ? std::string(label(*k)) : "nobody"; }

// "mentor only on the own row; of several roles the least that suffices"
std::optional<actor_kind> expected(const relation &r, bool mentor_allowed, bool coordinator_allowed)
{
	if (r.self)
		return mentor_allowed ? std::optional(actor_kind::mentor) : std::nullopt;
	if (coordinator_allowed && r.coordinator)
		return actor_kind::coordinator;
	if (r.chapter_admin)
		return actor_kind::chapter_admin;
	if (r.org_admin)
		return actor_kind::org_admin;
	return std::nullopt;
}

void callers()
{
	for (int bits = 0; bits < 16; ++bits) {
		const relation    r = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
		const std::string who = "relation " + std::to_string(bits);
		CHECK_EQUAL(shown(acts_as(r, with_mentor)), shown(expected(r, true, true)), who + ", M C A");
		CHECK_EQUAL(shown(acts_as(r, staff)), shown(expected(r, false, true)), who + ", C A");
		CHECK_EQUAL(shown(acts_as(r, no_coordinators)), shown(expected(r, false, false)), who + ", A");
		CHECK_EQUAL(r.any(), bits != 0, who + ", visible");
	}
}

void requests()
{
	constexpr status     statuses[] = {status::active, status::paused, status::expired_cert};
	constexpr actor_kind kinds[] = {actor_kind::mentor,    actor_kind::coordinator, actor_kind::chapter_admin,
	                                actor_kind::org_admin, actor_kind::service,     actor_kind::operator_};
	for (const status now : statuses)
		for (const status to : statuses)
			for (const actor_kind who : kinds)
				for (const bool blocked : {false, true})
					for (const bool own : {false, true}) {
						const blockers   against = {blocked, false, 0};
						const objections o =
							object(now, to, who, against, own ? reason::self_pause : reason::coordinator_manual_pause);
						const bool legal = (now == status::active && to == status::paused) ||
						                   (now == status::paused && to == status::active) ||
						                   (now == status::expired_cert && to == status::active && !blocked);
						const auto what = std::string(label(now)) + " to " + std::string(label(to)) + " by " +
						                  std::string(label(who));
						CHECK_EQUAL(o.no_edge, !legal, what + ": edge");
						CHECK_EQUAL(o.certification, blocked && now != to && to != status::expired_cert,
						            what + ": certification");
						CHECK_EQUAL(o.anothers_pause,
						            now == status::paused && to == status::active && who == actor_kind::mentor && !own,
						            what + ": another's pause");
					}
}

} // namespace

int main()
{
	callers();
	requests();
	return checks_failed();
}
