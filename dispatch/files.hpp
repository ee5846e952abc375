#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dispatch {

std::vector<std::string> lines_of(const std::string &path);
bool                     exists(const std::string &path);
bool                     anybody_reads(const std::string &path);

// Readers see the old text or the new one, never a part.
void replace_file(const std::string &path, std::string_view text);

} // namespace dispatch
