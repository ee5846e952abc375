// SIGTERM and SIGINT as a socket that becomes readable.
#pragma once

namespace dispatch {

class stop_signals {
public:
	stop_signals();

	int socket() const; // readable when one came
	int received();     // how many so far
};

} // namespace dispatch
