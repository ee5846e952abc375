// Rows of register_import as they were typed, and what can be made of them.
#pragma once

#include "certification.hpp"

namespace peer_mentor {

struct register_term {
	std::int64_t        row;
	std::string_view    mentor_key;
	std::string_view    type;
	std::optional<uuid> chapter;
	day                 issued_on;
	day                 expires_on;
	bool                suspended;
	const char         *error; // why it cannot be imported; none if it can
};

struct import_options {
	uuid                            organisation;
	std::optional<std::string_view> batch;
	std::string_view                date_format;
	bool                            create_missing;
};

// Locks and reads the rows that wait; the unusable ones carry an error.
std::span<register_term> read_register(const import_options &options);

// Stores what became of them.
void mark_register(std::span<const register_term> terms);

} // namespace peer_mentor
