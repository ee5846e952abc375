// Reminders that certifications end, as the nightly run sends them.
#pragma once

#include "standing.hpp"

namespace peer_mentor {

// The certification has another expiry date, or was suspended or reinstated: the next run looks at it anew,
// and not at all while it is suspended.  What was sent for the same expiry date stays sent.
void arm_reminders(const uuid &mentor, std::string_view type, day expires_at, bool live);

// A mentor who was away is looked at by the next run: the ladder may have changed meanwhile.
void look_at_reminders_again(const uuid &mentor);

// Sends what is due to these locked mentors, and notes when to look again.  Returns how many were sent.
std::int64_t send_reminders(std::span<const mentor> mentors, const uuid &job_run);

} // namespace peer_mentor
