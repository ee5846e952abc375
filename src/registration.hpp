// The first status of a mentor.
#pragma once

#include "transition.hpp"

namespace peer_mentor {

struct registration {
	uuid               mentor;
	std::optional<day> effective_on; // by default today
};

struct registered {
	uuid        mentor;
	TimestampTz at;
	uuid        history;
};

// Writes status and history of mentors that have none; their rows and chapters are there already.
std::span<registered> write_first_statuses(std::span<const registration> mentors, const author &by);

// An argument of chapter ids, none of them null or twice.
std::span<uuid> chapter_arguments(const arguments &args, int i);

} // namespace peer_mentor
