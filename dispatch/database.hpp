// A connection of libpq.  Nothing of it lasts longer than a statement, so it may lead through a pooler.
#pragma once

#include "clock.hpp"

#include <functional>
#include <libpq-fe.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace dispatch {

struct connection_lost : std::runtime_error {
	using std::runtime_error::runtime_error;
};

struct statement_failed : std::runtime_error {
	statement_failed(const std::string &message, std::string state_, std::string detail_)
		: std::runtime_error(message), state(std::move(state_)), detail(std::move(detail_))
	{
	}
	std::string state;
	std::string detail;
};

class result {
public:
	explicit result(PGresult *r) : handle(r, PQclear) {}
	int         count() const { return PQntuples(handle.get()); }
	bool        null(int row, int column) const { return PQgetisnull(handle.get(), row, column) == 1; }
	std::string text(int row, int column) const
	{
		return {PQgetvalue(handle.get(), row, column),
		        static_cast<std::size_t>(PQgetlength(handle.get(), row, column))};
	}
	PGresult *get() const { return handle.get(); }

private:
	std::unique_ptr<PGresult, decltype(&PQclear)> handle;
};

using parameter = std::optional<std::string>;

class database {
public:
	// Called while a statement runs: waits until the socket is readable, or for so long.
	using waiter = std::function<void(int socket, bool writable, milliseconds most)>;

	database(const std::string &conninfo, waiter w);

	result run(const char *sql, const std::vector<parameter> &parameters = {});

	void listen(const char *channel);
	// Was there a notification with this payload since the last call?
	bool notified(const std::string &payload);

	int         socket() const { return PQsocket(handle.get()); }
	int         server_process() const { return PQbackendPID(handle.get()); }
	std::string endpoint() const; // where it was told to connect
	bool        is_local() const; // ... which only means something on this machine

private:
	std::string       setting(const char *keyword) const;
	void              await_results();
	[[noreturn]] void raise(const PGresult *r) const;

	std::unique_ptr<PGconn, decltype(&PQfinish)> handle;
	waiter                                       wait;
};

} // namespace dispatch
