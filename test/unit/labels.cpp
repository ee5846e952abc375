// Names that enumerations have outside the program: there and back, and nothing else is taken.
#include "check.hpp"
#include "core/certification.hpp"
#include "core/status.hpp"

#include <initializer_list>
#include <set>

using namespace peer_mentor;

namespace {

template <typename Enum, std::size_t N>
void round_trip(const std::array<std::string_view, N> &labels, std::initializer_list<const char *> want, const char *what)
{
	CHECK_EQUAL(N, want.size(), std::string(what) + ": how many");
	std::set<std::string_view> seen;
	std::size_t                i = 0;
	for (const char *name : want) {
		const auto value = parse_label<Enum>(labels, name);
		CHECK(value.has_value() && static_cast<std::size_t>(*value) == i, std::string(what) + ' ' + name);
		CHECK_EQUAL(label_of(labels, static_cast<Enum>(i)), name, what);
		CHECK(seen.insert(name).second, std::string(what) + ": once");
		// prefixes and other spellings are no names
		const std::string text(name);
		for (const std::string &other : {std::string(), text.substr(0, text.size() - 1), text + ' ', ' ' + text, text + '\0', "A" + text.substr(1)})
			CHECK(!parse_label<Enum>(labels, other), std::string(what) + ": \"" + other + '"');
		++i;
	}
}

} // namespace

int main()
{
	round_trip<status>(status_labels, {"active", "paused", "expired_cert"}, "status");
	round_trip<reason>(reason_labels,
	                   {"registered", "self_pause", "coordinator_manual_pause", "self_reactivation", "coordinator_reactivation", "pause_ended",
	                    "certification_expired", "certification_suspended", "certification_renewed", "certification_reinstated",
	                    "requirement_changed", "direct_update"},
	                   "reason");
	round_trip<actor_kind>(actor_kind_labels, {"mentor", "coordinator", "chapter_admin", "org_admin", "service", "operator", "system"}, "actor");
	round_trip<cert_status>(cert_status_labels, {"active", "expired", "suspended"}, "certification status");
	round_trip<renewal_mode>(renewal_mode_labels, {"from_expiry", "from_completion", "fixed_day"}, "renewal mode");

	CHECK_EQUAL(label(status::expired_cert), "expired_cert", "status");
	CHECK_EQUAL(label(reason::certification_reinstated), "certification_reinstated", "reason");
	CHECK_EQUAL(label(actor_kind::operator_), "operator", "actor");
	CHECK(parse_renewal_mode("fixed_day") == renewal_mode::fixed_day, "renewal mode");
	CHECK(parse_cert_status("suspended") == cert_status::suspended, "certification status");
	return checks_failed();
}
