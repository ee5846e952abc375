// What the status rows mirror of mentors and certifications, so that the roster comes in its order from an index.
#pragma once

#include "pg/statement.hpp"

#include <span>

namespace peer_mentor {

// After certifications of these mentors were written; of locked ones.
void mirror_next_expiry(std::span<const uuid> mentors);

// Everything that is mirrored; of locked ones.
void mirror_roster(std::span<const uuid> mentors);

} // namespace peer_mentor
