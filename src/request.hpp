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

// Raises the first of them, if there is one.
void require_unblocked(const mentor &m, status to, actor_kind who);

} // namespace peer_mentor
