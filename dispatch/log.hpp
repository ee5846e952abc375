// One line for each event, key=value, on standard error; the journal adds the time.
#pragma once

#include "text.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace dispatch {

inline std::string quoted(std::string_view value)
{
	const std::string s = printable(value, 600);
	return s.empty() || s.find_first_of(" =") != s.npos ? '"' + s + '"' : s;
}

inline void log(std::string_view what, std::initializer_list<std::pair<std::string_view, std::string>> fields = {})
{
	std::string line = "peer_mentor_dispatch " + std::string(what);
	for (const auto &[name, value] : fields)
		line += ' ' + std::string(name) + '=' + quoted(value);
	line += '\n';
	if (write(STDERR_FILENO, line.data(), line.size()) < 0)
		return; // nobody listens
}

} // namespace dispatch
