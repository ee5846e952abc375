// What is true about certifications: how long one is valid, when it blocks, what a renewal gives.
#pragma once

#include "core/calendar.hpp"
#include "core/labels.hpp"

namespace peer_mentor {

enum class cert_status : std::uint8_t { active, expired, suspended };

inline constexpr std::array<std::string_view, 3> cert_status_labels{"active", "expired", "suspended"};

constexpr std::string_view           label(cert_status s) { return label_of(cert_status_labels, s); }
constexpr std::optional<cert_status> parse_cert_status(std::string_view text)
{
	return parse_label<cert_status>(cert_status_labels, text);
}

enum class renewal_mode : std::uint8_t { from_expiry, from_completion, fixed_day };

inline constexpr std::array<std::string_view, 3> renewal_mode_labels{"from_expiry", "from_completion", "fixed_day"};

constexpr std::optional<renewal_mode> parse_renewal_mode(std::string_view text)
{
	return parse_label<renewal_mode>(renewal_mode_labels, text);
}

// The last valid day still counts, and so do the days of grace: due is the day after both.
constexpr day due_on(day expires_at, int grace_days) { return expires_at + grace_days + 1; }

constexpr bool is_due(day expires_at, int grace_days, day today) { return today >= due_on(expires_at, grace_days); }

struct certification {
	cert_status stored;
	day         expires_at;
	int         grace_days;
	bool        required;
};

// The stored status lags behind between the due day and the nightly run; decisions use the dates.
constexpr cert_status status_on(const certification &c, day today)
{
	if (c.stored == cert_status::suspended)
		return cert_status::suspended;
	return is_due(c.expires_at, c.grace_days, today) ? cert_status::expired : cert_status::active;
}

constexpr bool blocks(const certification &c, day today)
{
	return c.required && status_on(c, today) != cert_status::active;
}

// Did it keep its holder from being active, also where only what is stored says so yet?  What is written over it may
// then be what frees them; else the rules did.
constexpr bool was_in_the_way(const certification &c, day today)
{
	return c.required && (c.stored != cert_status::active || blocks(c, today));
}

struct term {
	day                       expires_at; // of the term that is being renewed
	day                       anchor;     // from which fixed_day counts whole periods
	day                       completed_on;
	period                    valid_for;
	peer_mentor::renewal_mode mode;
};

// The day that fixed_day keeps is that of an expiry somebody gave; one that was computed may have been cut off at a
// month's end, so then it is the day of issue.
constexpr day anchor_of(day issued_at, std::optional<day> given_expiry) { return given_expiry.value_or(issued_at); }

// A term has whole days and goes forward, so that the search for the next one ends.
constexpr bool is_sensible(period p)
{
	return p.months >= 0 && p.days >= 0 && (p.months > 0 || p.days > 0) && p.months <= 1200 && p.days <= 36500;
}

// Days between the first and the last year, should a term be a single one.
inline constexpr std::int32_t most_periods = 402000;

// The last valid day of the new term.
constexpr day renewed_until(const term &t)
{
	if (t.mode == renewal_mode::fixed_day) {
		// Not from the last expiry, so that a month end does not drift.
		const day after = t.completed_on > t.expires_at ? t.completed_on : t.expires_at;
		for (std::int32_t n = 1;; ++n) {
			const day next = add(t.anchor, times(t.valid_for, n));
			if (next > after || n == most_periods || !is_sensible(t.valid_for))
				return next;
		}
	}
	const bool overdue = t.completed_on > t.expires_at;
	return add(t.mode == renewal_mode::from_expiry && !overdue ? t.expires_at : t.completed_on, t.valid_for);
}

constexpr bool is_too_early(day expires_at, std::optional<int> window_days, day completed_on)
{
	return window_days && completed_on < expires_at - *window_days;
}

// Of two terms of one certification the later expiry decides, then the later issue; equal ones are
// decided by the order of the register, so a term that arrives later wins.
constexpr bool decides(day expires_at, day issued_on, day held_expires_at, day held_issued_on)
{
	return expires_at != held_expires_at ? expires_at > held_expires_at : issued_on >= held_issued_on;
}

static_assert(!is_due(100, 0, 100) && is_due(100, 0, 101));
static_assert(!is_due(100, 14, 114) && is_due(100, 14, 115));
static_assert(!blocks({cert_status::active, 100, 0, false}, 200));
static_assert(blocks({cert_status::suspended, 100, 0, true}, 50));
static_assert(!blocks({cert_status::expired, 100, 0, true}, 50));
static_assert(was_in_the_way({cert_status::expired, 100, 0, true}, 50));
static_assert(renewed_until({to_day({2024, 1, 31}),
                             to_day({2024, 1, 31}),
                             to_day({2024, 1, 10}),
                             {1, 0},
                             renewal_mode::fixed_day}) == to_day({2024, 2, 29}));
static_assert(renewed_until({to_day({2024, 2, 29}),
                             to_day({2024, 1, 31}),
                             to_day({2024, 2, 10}),
                             {1, 0},
                             renewal_mode::fixed_day}) == to_day({2024, 3, 31}));
static_assert(renewed_until({to_day({2026, 2, 28}),
                             anchor_of(to_day({2026, 1, 31}), std::nullopt),
                             to_day({2026, 2, 20}),
                             {1, 0},
                             renewal_mode::fixed_day}) == to_day({2026, 3, 31}));
static_assert(anchor_of(10, 20) == 20);
static_assert(renewed_until({to_day({2024, 6, 30}), 0, to_day({2024, 5, 1}), {24, 0}, renewal_mode::from_expiry}) ==
              to_day({2026, 6, 30}));
static_assert(renewed_until({to_day({2024, 6, 30}), 0, to_day({2024, 8, 1}), {24, 0}, renewal_mode::from_expiry}) ==
              to_day({2026, 8, 1}));
static_assert(decides(10, 1, 9, 5) && decides(10, 5, 10, 5) && !decides(10, 4, 10, 5));

} // namespace peer_mentor
