#include "pg/graceful_stop.hpp"

#include "pg/server.hpp"

#include <csignal>

extern "C" {
#include "storage/latch.h"
}

namespace peer_mentor {

namespace {

volatile std::sig_atomic_t requested = 0;

void cancel_instead(int)
{
	const int saved = errno;
	requested = 1;
	QueryCancelPending = true;
	InterruptPending = true;
	SetLatch(MyLatch);
	errno = saved;
}

struct sigaction install_handler()
{
	struct sigaction ours = {};
	struct sigaction before = {};
	ours.sa_handler = cancel_instead;
	ours.sa_flags = SA_RESTART;
	sigemptyset(&ours.sa_mask);
	requested = 0;
	sigaction(SIGTERM, &ours, &before);
	return before;
}

// The handler that was there before does what it would have done.
void put_back(const struct sigaction &before)
{
	sigaction(SIGTERM, &before, nullptr);
	if (requested) {
		requested = 0;
		raise(SIGTERM);
	}
}

} // namespace

bool stop_requested() { return requested != 0; }

void stop_gracefully(void (*body)(void *), void *arg)
{
	const struct sigaction before = install_handler();
	PG_TRY()
		;
		{
			body(arg);
		}
		PG_FINALLY();
		{
			put_back(before);
		}
	PG_END_TRY();
	CHECK_FOR_INTERRUPTS();
}

} // namespace peer_mentor
