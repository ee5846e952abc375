// Mentors who did not come back on the day they were expected.
#pragma once

#include "standing.hpp"

namespace peer_mentor {

// Tells of these locked mentors' overdue returns, once for each return date.  Returns how many it told of.
std::int64_t tell_overdue(std::span<const mentor> mentors, const uuid &job_run);

} // namespace peer_mentor
