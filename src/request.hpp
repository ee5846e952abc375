// Requests for a status: one judgement, raised by the calls and explained by explain_transition.
#pragma once

#include "core/request.hpp"
#include "transition.hpp"

namespace peer_mentor {

struct blocker {
	error       code;
	const char *message;
	const char *hint;
};

// Everything that speaks against it, the weightiest first.  The facts of the mentor are read.
std::span<blocker> find_blockers(const mentor &m, status to, actor_kind who);

// Does a mentor whose certification lapsed hold a pause that is not theirs to end?  The held pause is read.
bool holds_anothers_pause(const mentor &m, actor_kind who);

[[noreturn]] void refuse_anothers_pause();

// Raises the first of them, if there is one.
void require_unblocked(const mentor &m, status to, actor_kind who);

} // namespace peer_mentor
