// Long work in one statement, whatever timeouts the role of the session has.
#pragma once

namespace peer_mentor {

void take_timeouts_away();

// Commits, and takes away what the next transaction was armed with.
void commit_without_timeout();

} // namespace peer_mentor
