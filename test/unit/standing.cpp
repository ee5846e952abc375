// Where a mentor should stand: the truth tables of lapse and recovery.
#include "check.hpp"
#include "core/standing.hpp"
#include "core/transition.hpp"

using namespace peer_mentor;

namespace {

constexpr day    today = 1000;
constexpr status every_status[] = {status::active, status::paused, status::expired_cert};
constexpr reason recoveries[] = {reason::certification_renewed, reason::certification_reinstated, reason::requirement_changed};

std::string name_of(const blockers &b)
{
	return std::string(b.lapsed ? "lapsed " : "") + (b.suspended ? "suspended " : "") + (b.any() ? "" : "nothing blocks ");
}

void lapses()
{
	for (const status now : every_status)
		for (const bool lapsed : {false, true})
			for (const bool suspended : {false, true}) {
				const blockers b = {lapsed, suspended, lapsed ? today - 7 : 0};
				const auto     got = lapse(now, b, today);
				const auto     what = name_of(b) + "while " + std::string(label(now));
				CHECK_EQUAL(got.has_value(), (lapsed || suspended) && now != status::expired_cert, what);
				if (!got)
					continue;
				CHECK_EQUAL(label(got->to), "expired_cert", what);
				CHECK_EQUAL(label(got->why), lapsed ? "certification_expired" : "certification_suspended", what);
				CHECK_EQUAL(got->effective_on, lapsed ? today - 7 : today, what);
				CHECK(is_edge(now, got->to, got->why, actor_kind::system), what + ": an edge");
			}
}

void recoveries_from_expiry()
{
	const std::optional<day> return_dates[] = {std::nullopt, today - 1, today, today + 1};
	for (const status now : every_status)
		for (const bool blocked : {false, true})
			for (const bool held : {false, true})
				for (const auto &return_date : return_dates)
					for (const reason why : recoveries) {
						const blockers b = {blocked, false, today};
						const auto     got = recovery(now, b, {held, return_date}, why, today - 3, today);
						const auto     what = name_of(b) + "while " + std::string(label(now)) + (held ? ", pause held" : "") + ", for " +
						                  std::string(label(why));
						CHECK_EQUAL(got.has_value(), !blocked && now == status::expired_cert, what);
						if (!got)
							continue;
						const bool resumes = held && (!return_date || *return_date > today);
						CHECK_EQUAL(label(got->to), resumes ? "paused" : "active", what);
						CHECK_EQUAL(label(got->why), label(why), what);
						CHECK_EQUAL(got->effective_on, today - 3, what);
						CHECK(is_edge(now, got->to, got->why, actor_kind::system), what + ": an edge");
					}
	for (const bool suspended : {false, true})
		CHECK_EQUAL(recovery(status::expired_cert, {false, suspended, 0}, {}, reason::certification_renewed, today, today).has_value(), !suspended,
		            "a suspension blocks as well");
}

// Never both, and never neither where something has to move.
void exactly_one()
{
	for (const status now : every_status)
		for (const bool lapsed : {false, true})
			for (const bool suspended : {false, true}) {
				const blockers b = {lapsed, suspended, today};
				const bool     moves = (now == status::expired_cert) != b.any();
				CHECK_EQUAL(lapse(now, b, today).has_value() + recovery(now, b, {}, reason::requirement_changed, today, today).has_value(),
				            moves ? 1 : 0, name_of(b) + "while " + std::string(label(now)));
			}
}

void gathered()
{
	blockers b;
	b.consider({cert_status::active, today, 0, true}, today);     // its last valid day
	b.consider({cert_status::active, today - 5, 10, true}, today); // in grace
	b.consider({cert_status::expired, today - 50, 0, false}, today); // not required
	b.consider({cert_status::suspended, today + 50, 0, false}, today);
	b.consider({cert_status::expired, today + 50, 0, true}, today); // renewed since it was stored
	CHECK(!b.any(), "none of these blocks");
	b.consider({cert_status::active, today - 10, 0, true}, today);
	CHECK(b.lapsed && !b.suspended, "a lapsed one");
	CHECK_EQUAL(b.lapsed_since, today - 9, "from the day after");
	b.consider({cert_status::expired, today - 40, 10, true}, today);
	CHECK_EQUAL(b.lapsed_since, today - 29, "the earliest one, grace counted");
	b.consider({cert_status::active, today - 2, 0, true}, today);
	CHECK_EQUAL(b.lapsed_since, today - 29, "a later one changes nothing");
	b.consider({cert_status::suspended, today - 500, 0, true}, today);
	CHECK(b.lapsed && b.suspended, "and a suspended one");
	CHECK_EQUAL(b.lapsed_since, today - 29, "which has no day");
	blockers before_epoch;
	before_epoch.consider({cert_status::active, -20, 0, true}, today);
	before_epoch.consider({cert_status::active, -10, 0, true}, today);
	CHECK_EQUAL(before_epoch.lapsed_since, -19, "days before 2000 are days");
}

} // namespace

int main()
{
	lapses();
	recoveries_from_expiry();
	exactly_one();
	gathered();
	return checks_failed();
}
