// The calendar against counting day by day, and against the C++ library's.
#include "check.hpp"
#include "core/calendar.hpp"

#include <chrono>
#include <limits>

using namespace peer_mentor;

namespace {

std::string show_day(int year, unsigned month, unsigned dom)
{
	return std::to_string(year) + "-" + std::to_string(month) + "-" + std::to_string(dom);
}

int length_of(int year, int month)
{
	switch (month) {
	case 2:
		return year % 400 == 0 ? 29 : year % 100 == 0 ? 28 : year % 4 == 0 ? 29 : 28;
	case 4:
	case 6:
	case 9:
	case 11:
		return 30;
	default:
		return 31;
	}
}

peer_mentor::day from_chrono(int year, unsigned month, unsigned dom)
{
	using namespace std::chrono;
	const auto d = sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(dom));
	return static_cast<peer_mentor::day>((d - sys_days(2000y / January / 1)).count());
}

// 1900-01-01 is 36524 days before 2000-01-01.
void count_days(int from, int to)
{
	day n = -36524;
	for (int year = from; year <= to; ++year)
		for (int month = 1; month <= 12; ++month)
			for (int dom = 1; dom <= length_of(year, month); ++dom, ++n) {
				const unsigned m = static_cast<unsigned>(month), d = static_cast<unsigned>(dom);
				const civil    c = to_civil(n);
				CHECK_EQUAL(to_day({year, m, d}), n, show_day(year, m, d));
				CHECK(c.year == year && c.month == m && c.dom == d, show_day(year, m, d) + " is " + show_day(c.year, c.month, c.dom));
				CHECK_EQUAL(make_day(year, m, d), std::optional<day>(n), show_day(year, m, d));
				CHECK_EQUAL(from_chrono(year, m, d), n, show_day(year, m, d));
			}
	CHECK_EQUAL(n, from_chrono(to + 1, 1, 1), "days counted");
}

void make_days()
{
	for (int year : {1900, 1999, 2000, 2023, 2024, 2100, 2999})
		for (unsigned month = 0; month <= 13; ++month)
			for (unsigned dom = 0; dom <= 32; ++dom) {
				const bool exists = month >= 1 && month <= 12 && dom >= 1 && dom <= static_cast<unsigned>(length_of(year, static_cast<int>(month)));
				CHECK_EQUAL(make_day(year, month, dom).has_value(), exists, show_day(year, month, dom));
			}
	CHECK(!make_day(1899, 12, 31), "the year before the first");
	CHECK(make_day(1900, 1, 1).has_value(), "the first day");
	CHECK(make_day(2999, 12, 31).has_value(), "the last day");
	CHECK(!make_day(3000, 1, 1), "the year after the last");
	CHECK(!make_day(2024, std::numeric_limits<unsigned>::max(), 1), "month out of range");
	CHECK(!make_day(2024, 1, std::numeric_limits<unsigned>::max()), "day out of range");
}

// Months by counting them one at a time, days by counting them too.
day add_slowly(int year, int month, int dom, int months)
{
	for (; months > 0; --months)
		if (++month > 12)
			month = 1, ++year;
	for (; months < 0; ++months)
		if (--month < 1)
			month = 12, --year;
	const int last = length_of(year, month);
	return from_chrono(year, static_cast<unsigned>(month), static_cast<unsigned>(dom < last ? dom : last));
}

void add_months()
{
	for (int year : {1900, 1999, 2000, 2023, 2024})
		for (int month = 1; month <= 12; ++month)
			for (int dom = 1; dom <= length_of(year, month); ++dom)
				for (int months = -50; months <= 50; ++months) {
					const civil c = {year, static_cast<unsigned>(month), static_cast<unsigned>(dom)};
					CHECK_EQUAL(add(to_day(c), {months, 0}), add_slowly(year, month, dom, months),
					            show_day(c.year, c.month, c.dom) + " and " + std::to_string(months) + " months");
				}
	CHECK_EQUAL(add(to_day({2024, 1, 31}), {1, 1}), to_day({2024, 3, 1}), "months come before days");
	CHECK_EQUAL(add(to_day({2024, 3, 1}), {0, -1}), to_day({2024, 2, 29}), "a day back");
	CHECK_EQUAL(add(0, times({1, 2}, 3)), to_day({2000, 4, 7}), "three times a month and two days");
	CHECK_EQUAL(add(to_day({2024, 2, 29}), {12 * 100, 0}), to_day({2124, 2, 29}), "the longest term there may be");
}

} // namespace

int main()
{
	count_days(1900, 2100);
	make_days();
	add_months();
	return checks_failed();
}
