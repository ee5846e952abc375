// Where a mentor should stand, given what blocks them.
#pragma once

#include "core/certification.hpp"
#include "core/status.hpp"

namespace peer_mentor {

// What keeps a mentor from being active, gathered over their certifications.
struct blockers {
	bool lapsed = false;
	bool suspended = false;
	day  lapsed_since = 0; // first day on which one was due

	constexpr bool any() const { return lapsed || suspended; }

	constexpr void consider(const certification &c, day today)
	{
		if (!blocks(c, today))
			return;
		if (c.stored == cert_status::suspended) {
			suspended = true;
			return;
		}
		const day since = due_on(c.expires_at, c.grace_days);
		lapsed_since = lapsed && lapsed_since < since ? lapsed_since : since;
		lapsed = true;
	}
};

// A pause that a lapse interrupted, waiting to be resumed.
struct held_pause {
	bool               held = false;
	std::optional<day> return_date;
};

struct change {
	status              to;
	peer_mentor::reason why;
	day                 effective_on;
};

constexpr std::optional<change> lapse(status now, const blockers &b, day today)
{
	if (!b.any() || now == status::expired_cert)
		return std::nullopt;
	if (b.lapsed)
		return change{status::expired_cert, reason::certification_expired, b.lapsed_since};
	return change{status::expired_cert, reason::certification_suspended, today};
}

// The pause goes on when the last blocker is gone, unless its return date has come by then.
constexpr std::optional<change> recovery(status now, const blockers &b, const held_pause &pause, reason why,
                                         day effective_on, day today)
{
	if (b.any() || now != status::expired_cert)
		return std::nullopt;
	const bool resumes = pause.held && (!pause.return_date || *pause.return_date > today);
	return change{resumes ? status::paused : status::active, why, effective_on};
}

// The return date of a pause is the first day after it.
constexpr std::optional<change> ended_pause(status now, const blockers &b, std::optional<day> return_date, day today)
{
	if (now != status::paused || b.any() || !return_date || *return_date > today)
		return std::nullopt;
	return change{status::active, reason::pause_ended, today};
}

constexpr bool is_overdue(status now, std::optional<day> return_date, day today)
{
	return now == status::paused && return_date && *return_date < today;
}

static_assert(!lapse(status::active, {}, 10));
static_assert(lapse(status::paused, {true, true, 7}, 10)->effective_on == 7);
static_assert(lapse(status::active, {false, true, 0}, 10)->why == reason::certification_suspended);
static_assert(recovery(status::expired_cert, {}, {true, 11}, reason::certification_renewed, 10, 10)->to ==
              status::paused);
static_assert(recovery(status::expired_cert, {}, {true, 10}, reason::certification_renewed, 10, 10)->to ==
              status::active);
static_assert(ended_pause(status::paused, {}, 10, 10) && !ended_pause(status::paused, {}, 11, 10));
static_assert(is_overdue(status::paused, 9, 10) && !is_overdue(status::paused, 10, 10));
static_assert(!recovery(status::expired_cert, {true, false, 1}, {}, reason::certification_renewed, 10, 10));

} // namespace peer_mentor
