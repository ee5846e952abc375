// What the planner knows of tables that grow while one call fills them.
#pragma once

#include <cstdint>

namespace peer_mentor {

// Analyses the tables of mentors of which the server believes that they have far fewer rows than these, where nobody holds
// them.  As the storage owner.
void refresh_statistics(std::int64_t mentors);

// Is it time again?  At growing numbers, so that all of it costs a small part of the import.
struct statistics_clock {
	std::int64_t next = 200;

	void tick(std::int64_t mentors)
	{
		if (mentors < next)
			return;
		refresh_statistics(mentors);
		next = 3 * mentors;
	}
};

} // namespace peer_mentor
