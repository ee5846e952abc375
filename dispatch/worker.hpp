// Listens, claims, sends, and records what became of it, until it is told to stop.
#pragma once

#include "brake.hpp"
#include "database.hpp"
#include "health.hpp"
#include "options.hpp"
#include "sender.hpp"
#include "stop.hpp"

#include <deque>
#include <optional>
#include <string>

namespace dispatch {

struct wrong_database : std::runtime_error {
	using std::runtime_error::runtime_error;
};

class worker {
public:
	worker(const options &o, stop_signals &s);

	int run(); // the exit status

private:
	void step();
	void reach_database();
	void check_database();
	void start_listening();
	void record_outcomes();
	void record(const outcome &o);
	void claim_more();
	void start_waiting();
	void give_back();
	void collect();

	bool                 held() const { return receiver.holds(steady::now()); }
	long                 free_slots() const;
	bool                 finished();
	milliseconds         longest_wait() const;
	std::vector<watched> sockets() const;
	standing             now_standing() const;
	void                 lose_database(const std::string &why);

	const options          &settings;
	stop_signals           &signals;
	sender                  net;
	std::optional<database> db;
	std::string             confirmed; // without the endpoint
	health                  state;
	brake                   receiver;
	backoff                 trouble;
	std::deque<delivery>    waiting;
	std::deque<outcome>     unrecorded;
	moment                  next_claim;
	moment                  next_try; // of the database, after an error
	std::optional<moment>   stop_by;
	bool                    listens = false;
	bool                    drained = false; // the latest claim found nothing
	bool                    announced = false;
	int                     status = 0;
};

} // namespace dispatch
