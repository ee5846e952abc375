// Days of the proleptic Gregorian calendar.  A day is a number, as in the server's date type:
// day 0 is 2000-01-01.  All arithmetic is on dates, never on hours.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace peer_mentor {

using day = std::int32_t;

struct civil {
	int      year;
	unsigned month; // 1 to 12
	unsigned dom;   // 1 to 31
};

constexpr bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

constexpr unsigned days_in_month(int year, unsigned month)
{
	constexpr unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return month == 2 && is_leap(year) ? 29u : days[month - 1];
}

// Days are counted in 400 year eras that begin on 1 March, so that the leap day is the last one.
constexpr day to_day(civil c)
{
	const int      y = c.month <= 2 ? c.year - 1 : c.year;
	const int      era = (y >= 0 ? y : y - 399) / 400;
	const unsigned yoe = static_cast<unsigned>(y - era * 400);
	const unsigned doy = (153 * (c.month > 2 ? c.month - 3 : c.month + 9) + 2) / 5 + c.dom - 1;
	const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + static_cast<day>(doe) - 730425;
}

constexpr civil to_civil(day d)
{
	const std::int64_t z = static_cast<std::int64_t>(d) + 730425;
	const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	const unsigned     doe = static_cast<unsigned>(z - era * 146097);
	const unsigned     yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	const unsigned     doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	const unsigned     mp = (5 * doy + 2) / 153;
	const unsigned     month = mp < 10 ? mp + 3 : mp - 9;
	return {static_cast<int>(yoe + era * 400) + (month <= 2 ? 1 : 0), month, doy - (153 * mp + 2) / 5 + 1};
}

// A length of time in whole months and days; months count first and end on the last day of a short month.
struct period {
	std::int32_t months;
	std::int32_t days;
};

constexpr day add(day from, period p)
{
	const civil        c = to_civil(from);
	const std::int64_t index = static_cast<std::int64_t>(c.year) * 12 + (c.month - 1) + p.months;
	const int          year = static_cast<int>(index >= 0 ? index / 12 : (index - 11) / 12);
	const unsigned     month = static_cast<unsigned>(index - static_cast<std::int64_t>(year) * 12) + 1;
	const unsigned     last = days_in_month(year, month);
	return to_day({year, month, c.dom < last ? c.dom : last}) + p.days;
}

constexpr period times(period p, std::int32_t n) { return {p.months * n, p.days * n}; }

// Years outside this range are typing mistakes, and would overflow further on.
inline constexpr int first_year = 1900;
inline constexpr int last_year = 2999;

constexpr std::optional<day> make_day(int year, unsigned month, unsigned dom)
{
	if (year < first_year || year > last_year || month < 1 || month > 12 || dom < 1 || dom > days_in_month(year, month))
		return std::nullopt;
	return to_day({year, month, dom});
}

static_assert(to_day({2000, 1, 1}) == 0);
static_assert(to_day({2000, 3, 1}) == 60);
static_assert(to_day({1999, 12, 31}) == -1);
static_assert(to_civil(to_day({2024, 2, 29})).dom == 29);
static_assert(add(to_day({2024, 1, 31}), {1, 0}) == to_day({2024, 2, 29}));
static_assert(add(to_day({2024, 2, 29}), {12, 0}) == to_day({2025, 2, 28}));
static_assert(add(to_day({2024, 2, 29}), {48, 0}) == to_day({2028, 2, 29}));
static_assert(add(to_day({2024, 1, 15}), {-2, 0}) == to_day({2023, 11, 15}));

} // namespace peer_mentor
