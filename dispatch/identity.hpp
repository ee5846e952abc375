// Which database this is.  A copy has the events of the original, and must not send them to real people.
#pragma once

#include "database.hpp"

#include <string>

namespace dispatch {

// system identifier/oid/name as the server says them; also a part of every claim.
#define DATABASE_SQL                                                                \
	"(SELECT c.system_identifier FROM pg_catalog.pg_control_system() c) || '/' || " \
	"(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) || '/' || pg_catalog.current_database()"

struct identity {
	std::string database;
	std::string endpoint; // where the worker connects; with this machine's mark where that is a place on it

	std::string text() const { return database + "@" + endpoint; }
};

identity identity_of(database &db);

// In a configuration file it is one line without blanks.
std::string one_word(const std::string &database);

} // namespace dispatch
