// The state machine against a list of its own: every combination of from, to, reason and actor.
#include "check.hpp"
#include "core/transition.hpp"

#include <set>
#include <tuple>

using namespace peer_mentor;

namespace {

using combination = std::tuple<std::string, std::string, std::string, std::string>; // from, to, reason, actor

constexpr const char *states[] = {"active", "paused", "expired_cert"};
constexpr const char *actor_names[] = {"mentor", "coordinator", "chapter_admin", "org_admin", "service", "operator", "system"};
constexpr const char *reasons[] = {"registered", "self_pause", "coordinator_manual_pause", "self_reactivation", "coordinator_reactivation",
                                   "pause_ended", "certification_expired", "certification_suspended", "certification_renewed",
                                   "certification_reinstated", "requirement_changed", "direct_update"};

std::set<combination> allowed;

void allow(std::initializer_list<const char *> from, std::initializer_list<const char *> to, const char *reason,
           std::initializer_list<const char *> who)
{
	for (const char *f : from)
		for (const char *t : to)
			for (const char *w : who)
				allowed.emplace(f, t, reason, w);
}

// Written from the description of the life cycle, not from the table under test.
void list_what_is_allowed()
{
	allow({""}, {"active"}, "registered", {"coordinator", "chapter_admin", "org_admin", "service", "operator", "system"});
	allow({"active"}, {"paused"}, "self_pause", {"mentor"});
	allow({"active"}, {"paused"}, "coordinator_manual_pause", {"coordinator", "chapter_admin", "org_admin", "service", "operator"});
	allow({"paused"}, {"active"}, "self_reactivation", {"mentor"});
	allow({"paused"}, {"active"}, "coordinator_reactivation", {"coordinator", "chapter_admin", "org_admin", "service", "operator"});
	allow({"paused"}, {"active"}, "pause_ended", {"system"});
	// found by whoever calls
	for (const char *reason : {"certification_expired", "certification_suspended"})
		allow({"active", "paused"}, {"expired_cert"}, reason,
		      {"mentor", "coordinator", "chapter_admin", "org_admin", "service", "operator", "system"});
	allow({"expired_cert"}, {"active", "paused"}, "requirement_changed",
	      {"mentor", "coordinator", "chapter_admin", "org_admin", "service", "operator", "system"});
	// nobody certifies themselves
	allow({"expired_cert"}, {"active", "paused"}, "certification_renewed",
	      {"coordinator", "chapter_admin", "org_admin", "service", "operator", "system"});
	allow({"expired_cert"}, {"active", "paused"}, "certification_reinstated", {"chapter_admin", "org_admin", "service", "operator", "system"});
	allow({"active"}, {"paused"}, "direct_update", {"operator"});
	allow({"paused"}, {"active"}, "direct_update", {"operator"});
}

void try_every_combination()
{
	int tried = 0, taken = 0;
	for (const char *from : {"", "active", "paused", "expired_cert"})
		for (const char *to : states)
			for (const char *reason : reasons)
				for (const char *who : actor_names) {
					const bool got = is_edge(parse_status(from), *parse_status(to), *parse_reason(reason), *parse_actor_kind(who));
					const bool want = allowed.contains({from, to, reason, who});
					CHECK_EQUAL(got, want, std::string(from) + " to " + to + " for " + reason + " by " + who);
					++tried;
					taken += want ? 1 : 0;
				}
	CHECK_EQUAL(tried, 4 * 3 * 12 * 7, "combinations");
	CHECK_EQUAL(taken, static_cast<int>(allowed.size()), "combinations that are allowed");
}

void compare_pairs_of_states()
{
	for (const char *from : states)
		for (const char *to : states)
			CHECK_EQUAL(may_become(*parse_status(from), *parse_status(to)), std::string(from) != to, std::string(from) + " may become " + to);
}

void check_reasons_of_requests()
{
	for (const char *who : actor_names) {
		const actor_kind k = *parse_actor_kind(who);
		const bool       self = k == actor_kind::mentor;
		CHECK_EQUAL(label(pause_reason_of(k)), self ? "self_pause" : "coordinator_manual_pause", who);
		CHECK_EQUAL(label(reactivation_reason_of(k)), self ? "self_reactivation" : "coordinator_reactivation", who);
	}
}

void check_the_table_itself()
{
	CHECK_EQUAL(edges.size(), std::size_t{18}, "edges");
	for (const edge &e : edges) {
		CHECK(e.who != 0, "somebody may take every edge");
		CHECK(!e.who_text.empty(), "every edge says who");
		CHECK_EQUAL(e.from.has_value(), e.reason != reason::registered, "only the first record comes from nowhere");
	}
}

} // namespace

int main()
{
	list_what_is_allowed();
	try_every_combination();
	compare_pairs_of_states();
	check_reasons_of_requests();
	check_the_table_itself();
	return checks_failed();
}
