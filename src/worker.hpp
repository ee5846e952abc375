// What the functions for delivery workers share.
#pragma once

#include "call.hpp"

namespace peer_mentor {

// After so many an event is given up.
inline constexpr std::int32_t most_attempts = 8;

// For workers: the service and the owner.
call begin_worker_call();

// One of the two channels.
const char *channel_argument(const arguments &args, int i);

void require_length(const arguments &args, int i, const char *name, const Interval &least, const Interval &most);

} // namespace peer_mentor
