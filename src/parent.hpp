// Rows that others refer to, looked up past row security and grants.
#pragma once

#include "pg/value.hpp"

namespace peer_mentor {

// Is the row of this table gone?  Only tables that storage refers to are known.  The caller is
// connected to SPI.
bool is_gone(std::string_view parent, const char *key);

// Keeps the row of this login from being deleted until the transaction ends; false where there is none.
// Where there is no auth.users at all every login is taken to exist.
bool keep_login(const uuid &login);

// The same for a login that is to become a mentor's own: one at a time.
bool claim_login(const uuid &login);

} // namespace peer_mentor
