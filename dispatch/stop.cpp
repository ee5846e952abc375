#include "stop.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <stdexcept>
#include <unistd.h>

namespace dispatch {

namespace {

int              ends[2] = {-1, -1};
std::atomic<int> count = 0;
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int)
{
	const int before = errno;
	++count;
	// a full pipe is readable already
	if (write(ends[1], "", 1) < 0)
		errno = before;
	errno = before;
}

} // namespace

stop_signals::stop_signals()
{
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		throw std::runtime_error("cannot make a pipe");
	struct sigaction a {};
	a.sa_handler = on_signal;
	a.sa_flags = SA_RESTART;
	sigaction(SIGTERM, &a, nullptr);
	sigaction(SIGINT, &a, nullptr);
	std::signal(SIGPIPE, SIG_IGN);
}

int stop_signals::socket() const { return ends[0]; }

int stop_signals::received()
{
	char buffer[64];
	while (read(ends[0], buffer, sizeof buffer) > 0)
		;
	return count;
}

} // namespace dispatch
