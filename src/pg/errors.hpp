// Raising the errors that callers can act on.
#pragma once

#include "core/error_code.hpp"
#include "pg/value.hpp"

namespace peer_mentor {

// The JSON object of DETAIL; begins with the code.
struct detail {
	StringInfoData json;

	explicit detail(error e);
	detail &add(const char *key, std::string_view text);
	detail &add(const char *key, std::int64_t number);
	detail &add(const char *key, const uuid &id);
};

[[noreturn]] void raise(error e, const char *message, const detail &more, const char *hint = nullptr);
[[noreturn]] void raise(error e, const char *message, const char *hint = nullptr);

[[noreturn]] void invalid_argument(const char *name, const char *message, const char *hint = nullptr);
[[noreturn]] void mentor_not_found(const uuid &mentor);

// Refuses a NULL in an argument that has to be given.
void require_argument(const arguments &args, int i, const char *name);

} // namespace peer_mentor
