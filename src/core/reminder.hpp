// Reminders that a certification ends: an organisation's ladder of days before its last valid day
// (negative ones after it), of which a mentor climbs every rung at most once for one expiry date.
#pragma once

#include "core/calendar.hpp"

#include <array>
#include <span>

namespace peer_mentor {

inline constexpr std::size_t most_rungs = 20;

struct ladder {
	std::array<std::int32_t, most_rungs> rungs{};
	std::size_t                          count = 0;

	constexpr void add(std::int32_t rung)
	{
		if (count < most_rungs)
			rungs[count++] = rung;
	}
	constexpr bool has(std::int32_t rung) const
	{
		for (std::size_t i = 0; i < count; ++i)
			if (rungs[i] == rung)
				return true;
		return false;
	}
	constexpr std::optional<std::int32_t> lowest() const
	{
		std::optional<std::int32_t> found;
		for (std::size_t i = 0; i < count; ++i)
			if (!found || rungs[i] < *found)
				found = rungs[i];
		return found;
	}
	constexpr std::optional<std::int32_t> highest() const
	{
		std::optional<std::int32_t> found;
		for (std::size_t i = 0; i < count; ++i)
			if (!found || rungs[i] > *found)
				found = rungs[i];
		return found;
	}
};

// Where one mentor stands on the ladder for one expiry date.
struct climb {
	std::optional<ladder>       pending; // rungs still to come; none before the first look at this expiry date
	std::optional<std::int32_t> lowest_sent;
};

struct climb_result {
	std::optional<std::int32_t> send;
	ladder                      pending;
	std::optional<day>          next_on; // when to look again
};

// A rung that the last look did not know, or at the first look one after expiry, does not reach back.
constexpr bool is_wanted(const climb &c, std::int32_t rung, day on, day today)
{
	if (c.lowest_sent && rung >= *c.lowest_sent)
		return false;
	if (c.pending)
		return c.pending->has(rung) || on >= today;
	return rung >= 0 || on >= today;
}

// Of the rungs whose day has come the nearest is sent, the others are passed over; one before expiry is
// worth nothing after it.
constexpr climb_result look(const ladder &wanted, const climb &c, day expires_at, day today)
{
	climb_result                r;
	std::optional<std::int32_t> nearest;
	for (std::size_t i = 0; i < wanted.count; ++i) {
		const std::int32_t rung = wanted.rungs[i];
		const day          on = expires_at - rung;
		if (!is_wanted(c, rung, on, today))
			continue;
		if (on > today)
			r.pending.add(rung);
		else if (!nearest || rung < *nearest)
			nearest = rung;
	}
	if (nearest && (*nearest < 0 || today <= expires_at))
		r.send = nearest;
	if (const auto next = r.pending.highest())
		r.next_on = expires_at - *next;
	return r;
}

namespace check {

constexpr ladder make_ladder(std::initializer_list<std::int32_t> rungs)
{
	ladder l;
	for (const std::int32_t r : rungs)
		l.add(r);
	return l;
}

} // namespace check

static_assert(look(check::make_ladder({60, 30, 7}), {}, 100, 75).send == 30);
static_assert(look(check::make_ladder({60, 30, 7}), {}, 100, 75).next_on == 93);
static_assert(look(check::make_ladder({60, 30, 7}), {check::make_ladder({7}), 30}, 100, 92).send == std::nullopt);
static_assert(look(check::make_ladder({60, 30, 7}), {check::make_ladder({7}), 30}, 100, 101).send == std::nullopt);
static_assert(look(check::make_ladder({7, -7}), {check::make_ladder({7, -7}), {}}, 100, 110).send == -7);
static_assert(look(check::make_ladder({7, -7}), {}, 100, 110).send == std::nullopt);
static_assert(look(check::make_ladder({30, 25, 7}), {check::make_ladder({7}), 30}, 100, 80).send == std::nullopt);

} // namespace peer_mentor
