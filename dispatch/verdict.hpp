// What the receiver's answer means for the outbox.
#pragma once

#include "text.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <optional>
#include <string_view>

namespace dispatch {

enum class verdict { delivered, later, never };

// The head of the answer decides; without a whole one nobody knows, and the event is sent again.
// A redirect is not followed: it is a mistake that somebody mends, so later.
constexpr verdict judge(bool whole_head, long status)
{
	if (!whole_head)
		return verdict::later;
	if (status >= 200 && status < 300)
		return verdict::delivered;
	const bool asks_to_wait = status == 408 || status == 425 || status == 429;
	return status >= 400 && status < 500 && !asks_to_wait ? verdict::never : verdict::later;
}

// "At once", or a date that has passed, would use the attempts up within a moment.
inline constexpr std::chrono::seconds shortest_retry_after(1);
inline constexpr std::chrono::seconds longest_retry_after = std::chrono::hours(24);

// Retry-After is a number of seconds or a date; a date is read against the receiver's own clock where it tells it.
// parse_date gives -1 for what is none.
template <typename Parse>
std::optional<std::chrono::seconds> retry_after(std::string_view value, std::string_view date, std::time_t now,
                                                Parse parse_date)
{
	value = trim(value);
	if (value.empty())
		return std::nullopt;
	std::chrono::seconds wait(0);
	if (value.find_first_not_of("0123456789") == value.npos) {
		wait = value.size() > 9 ? longest_retry_after : std::chrono::seconds(*whole_number(value));
	} else {
		const std::time_t when = parse_date(std::string(value).c_str());
		const std::time_t theirs = trim(date).empty() ? -1 : parse_date(std::string(trim(date)).c_str());
		if (when == -1)
			return std::nullopt;
		wait = std::chrono::seconds(when - (theirs == -1 ? now : theirs));
	}
	return std::clamp(wait, shortest_retry_after, longest_retry_after);
}

} // namespace dispatch
