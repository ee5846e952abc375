// A subtransaction around a body that may fail.
#pragma once

#include "pg/server.hpp"

namespace peer_mentor {

using attempt_body = void (*)(void *);

// Runs the body and keeps what it did, or undoes it and returns the error.
ErrorData *attempt(attempt_body body, void *arg);

// Runs the body and undoes what it did, also when it succeeds.
ErrorData *rehearse(attempt_body body, void *arg);

// A cancel, a full disk and the like: not the fault of the body, so nothing else will fare better.
bool concerns_everybody(const ErrorData *e);

} // namespace peer_mentor
