#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace dispatch {

// t=1700000000,v1=HEX: HMAC-SHA256 over "1700000000." and the body, one v1 for each secret.
std::string signature(const std::vector<std::string> &secrets, std::time_t now, std::string_view body);

std::string sha256(std::string_view text);

} // namespace dispatch
