// Spares a receiver that is down, and the attempts of the events: after a few failures in a row nothing is sent for a
// while, then one request at a time until one gets through.
#pragma once

#include "clock.hpp"

#include <algorithm>
#include <optional>
#include <random>

namespace dispatch {

class brake {
public:
	void got_through()
	{
		failures = 0;
		until_ = {};
	}

	// A receiver that says for how long to stay away means all of our requests.
	void failed(moment now, std::optional<std::chrono::seconds> retry_after)
	{
		++failures;
		milliseconds wait(0);
		if (failures >= few)
			wait = jittered(std::min(shortest * (1 << std::min(failures - few, 10)), longest));
		if (retry_after)
			wait = std::max(wait, std::min<milliseconds>(*retry_after, longest_asked_for));
		until_ = std::max(until_, now + wait);
	}

	moment until() const { return until_; }
	bool   holds(moment now) const { return now < until_; }
	bool   probes() const { return failures >= few; }

private:
	static constexpr int          few = 3;
	static constexpr milliseconds shortest = std::chrono::seconds(1);
	static constexpr milliseconds longest = std::chrono::minutes(1);
	static constexpr milliseconds longest_asked_for = std::chrono::minutes(5);

	milliseconds jittered(milliseconds d)
	{
		return milliseconds(std::uniform_int_distribution<long>(d.count() * 3 / 4, d.count() * 5 / 4)(random));
	}

	int              failures = 0; // in a row
	moment           until_;
	std::minstd_rand random{std::random_device{}()};
};

// Between attempts to reach the database: 0.5 s, doubled up to 30 s, give or take a quarter.
class backoff {
public:
	void reset() { failures = 0; }

	milliseconds next()
	{
		const long base = std::min(500L << std::min(failures++, 6), 30'000L);
		return milliseconds(std::uniform_int_distribution<long>(base * 3 / 4, base * 5 / 4)(random));
	}

private:
	int              failures = 0;
	std::minstd_rand random{std::random_device{}()};
};

} // namespace dispatch
