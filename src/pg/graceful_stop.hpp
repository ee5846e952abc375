// A worker that is told to end finishes in order: SIGTERM cancels what runs, so that the caller can write
// down how far it came, and takes its usual effect afterwards.
#pragma once

namespace peer_mentor {

// Runs this, and then ends the process if it was told to meanwhile.
void stop_gracefully(void (*body)(void *), void *arg);

bool stop_requested();

} // namespace peer_mentor
