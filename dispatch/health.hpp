// What an operator sees of the worker: one line now and then, in a file if wanted, and what systemd is told.
#pragma once

#include "clock.hpp"
#include "options.hpp"

#include <string>

namespace dispatch {

struct counters {
	long claimed = 0;   // events
	long delivered = 0; // deliveries, as all that follow
	long later = 0;
	long never = 0;
	long lost = 0;    // outcomes refused because the lease had passed on
	long expired = 0; // not sent because the lease was nearly over
};

struct standing {
	bool        connected = false;
	bool        listens = false;
	bool        holds = false;
	std::size_t in_flight = 0;
	std::size_t waiting = 0;
};

class health {
public:
	explicit health(const options &o);

	counters counts;

	void delivered_one();
	void tell(const standing &s, bool now = false); // when it is time

	void ready();
	void stopping();

private:
	const options &settings;
	moment         next_line;
	moment         next_watchdog;
	milliseconds   watchdog{0};
	std::time_t    last_delivered = 0;
};

} // namespace dispatch
