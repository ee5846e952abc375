// Time since the machine started, suspension included: a lease in the database does not wait for a sleeping laptop.
#pragma once

#include <chrono>
#include <ctime>

namespace dispatch {

struct steady {
	using duration = std::chrono::nanoseconds;
	using rep = duration::rep;
	using period = duration::period;
	using time_point = std::chrono::time_point<steady>;
	static constexpr bool is_steady = true;

	static time_point now()
	{
#ifdef CLOCK_BOOTTIME
		constexpr clockid_t source = CLOCK_BOOTTIME;
#else
		constexpr clockid_t source = CLOCK_MONOTONIC;
#endif
		timespec t{};
		clock_gettime(source, &t);
		return time_point(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
	}
};

using moment = steady::time_point;
using milliseconds = std::chrono::milliseconds;

inline milliseconds until(moment when) { return std::chrono::ceil<milliseconds>(when - steady::now()); }

} // namespace dispatch
