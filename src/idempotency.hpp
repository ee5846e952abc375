// The same key by the same caller with the same arguments gives the first result again.
#pragma once

#include "transition.hpp"

namespace peer_mentor {

// What a call was asked, so that a repetition can be told from another question under the same key.
struct request {
	const char                     *function;
	std::optional<std::string_view> key;
	StringInfoData                  asked; // the arguments, as JSON

	request(const char *function, const arguments &args, int key_argument);
};

std::optional<outcome> find_first_result(const call &c, const request &r);
void                   keep_first_result(const call &c, const request &r, const outcome &o);

} // namespace peer_mentor
