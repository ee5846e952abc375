// Rows that others refer to, looked up past row security and grants.
#pragma once

#include <string_view>

namespace peer_mentor {

// Is the row of this table gone?  Only tables that storage refers to are known.  The caller is
// connected to SPI.
bool is_gone(std::string_view parent, const char *key);

} // namespace peer_mentor
