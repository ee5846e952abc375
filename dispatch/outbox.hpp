// The outbox, as the functions of the public API show it.
#pragma once

#include "database.hpp"
#include "options.hpp"

#include <string>
#include <vector>

namespace dispatch {

// One POST: an event, or an event for one of its recipients.  The database hands out the first waiting event of each
// mentor only, and the next one not before every delivery of that one has an outcome: so deliveries that are claimed
// have no order among each other.
struct delivery {
	std::string id;
	std::string token;
	parameter   recipient;
	std::string key; // Idempotency-Key
	std::string body;
	std::string attempt;
	moment      leased_until;
};

struct claimed {
	std::string           database; // where they were claimed, as in an identity
	std::size_t           events = 0;
	std::vector<delivery> deliveries;
};

claimed claim(database &db, const options &o, long most);

// Both are false when the lease has passed to another.
bool complete(database &db, const delivery &d);
bool fail(database &db, const delivery &d, const std::string &error, bool permanent,
          std::optional<std::chrono::seconds> retry_after);

} // namespace dispatch
