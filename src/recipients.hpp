// Whom a notification is for, decided when it is claimed.
#pragma once

#include "pg/statement.hpp"

namespace peer_mentor {

// Brings the deliveries of these claimed notifications, in ascending order, in line with who is to be told now.
// Whoever was told stays told.  Returns those that nobody could be found for.
std::span<std::int64_t> resolve_recipients(std::span<const std::int64_t> events);

// Which of these events were undeliverable, and which are it no longer.
void note_undeliverable(std::span<const std::int64_t> events, std::span<const std::int64_t> nobody);

} // namespace peer_mentor
