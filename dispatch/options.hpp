// From the configuration file, the environment and the command line, the later before the earlier.
#pragma once

#include "clock.hpp"

#include <stdexcept>
#include <string>
#include <vector>

namespace dispatch {

enum class listening { automatic, on, off };
enum class task { run, once, identity, confirm, help, version };

struct options {
	task                     what = task::run;
	std::string              conninfo; // empty: libpq's own environment
	std::string              channel;
	std::string              url;
	std::vector<std::string> secrets;
	std::string              secret_file;
	std::string              ca_file;
	std::string              confirmed;
	std::string              confirmed_file;
	std::string              health_file;
	long                     batch_size = 0; // 0: what can be sent at once
	long                     concurrency = 8;
	milliseconds             lease = std::chrono::minutes(5);
	milliseconds             timeout = std::chrono::seconds(10);
	milliseconds             poll = std::chrono::seconds(5);
	milliseconds             health_interval = std::chrono::minutes(1);
	listening                listen = listening::automatic;
	bool                     allow_http = false;

	bool sends() const { return what == task::run || what == task::once; }
};

struct wrong_option : std::runtime_error {
	using std::runtime_error::runtime_error;
};

options read_options(int argc, char **argv);

std::string usage();

} // namespace dispatch
