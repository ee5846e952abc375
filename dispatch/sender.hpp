// POSTs of libcurl, several at the same time in this one thread.
#pragma once

#include "options.hpp"
#include "outbox.hpp"
#include "verdict.hpp"

#include <curl/curl.h>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dispatch {

struct outcome {
	delivery                            of;
	verdict                             what = verdict::later;
	std::string                         error; // for the database: nothing of what the receiver wrote
	std::optional<std::chrono::seconds> retry_after;
};

struct watched {
	int  socket = -1;
	bool writable = false;
};

class sender {
public:
	explicit sender(const options &o);
	~sender();
	sender(const sender &) = delete;
	sender &operator=(const sender &) = delete;

	void                   post(delivery d);
	std::optional<outcome> next_outcome();
	std::size_t            in_flight() const { return transfers.size() + outcomes.size(); }

	// Carries the transfers on until one of the sockets is ready or so much time has passed.
	void wait(const std::vector<watched> &sockets, milliseconds most);

private:
	struct transfer;

	void carry_on();

	const options                                        &settings;
	std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi;
	std::list<std::unique_ptr<transfer>>                  transfers;
	std::deque<outcome>                                   outcomes;
};

} // namespace dispatch
