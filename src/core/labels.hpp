// Enumerations that have a name outside the program.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace peer_mentor {

// Looks a label up in a table that is indexed by the enumeration's values.
template <typename Enum, std::size_t N>
constexpr std::optional<Enum> parse_label(const std::array<std::string_view, N> &labels, std::string_view text)
{
	for (std::size_t i = 0; i < N; ++i)
		if (labels[i] == text)
			return static_cast<Enum>(i);
	return std::nullopt;
}

template <typename Enum, std::size_t N>
constexpr std::string_view label_of(const std::array<std::string_view, N> &labels, Enum value)
{
	return labels[static_cast<std::size_t>(value)];
}

} // namespace peer_mentor
