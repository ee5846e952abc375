// Ids that follow from a name.
#pragma once

#include "pg/value.hpp"

namespace peer_mentor {

// RFC 9562 version 5: the same name within the same namespace always has the same id.
uuid named_uuid(const uuid &name_space, std::string_view name);

// The text as a uuid, if it is one in the usual form.
std::optional<uuid> parse_uuid(std::string_view text);

} // namespace peer_mentor
