// Dates as registers write them: a format of YYYY, MM, DD and the separators between them.
// Strict, because a register is typed by people: nothing is guessed, nothing trails.
#pragma once

#include "core/calendar.hpp"

namespace peer_mentor {

namespace date_format {

enum class part : std::uint8_t { year, month, dom, literal };

constexpr part part_at(std::string_view format)
{
	if (format.starts_with("YYYY"))
		return part::year;
	if (format.starts_with("MM"))
		return part::month;
	if (format.starts_with("DD"))
		return part::dom;
	return part::literal;
}

constexpr std::size_t width(part p) { return p == part::year ? 4 : p == part::literal ? 1 : 2; }

// Every part exactly once, and no letter or digit as a separator.
constexpr bool is_valid(std::string_view format)
{
	int seen[3] = {};
	while (!format.empty()) {
		const part p = part_at(format);
		const char c = format[0];
		if (p != part::literal)
			++seen[static_cast<int>(p)];
		else if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
			return false;
		format.remove_prefix(width(p));
	}
	return seen[0] == 1 && seen[1] == 1 && seen[2] == 1;
}

constexpr std::optional<unsigned> digits(std::string_view text)
{
	unsigned n = 0;
	for (char c : text) {
		if (c < '0' || c > '9')
			return std::nullopt;
		n = n * 10 + static_cast<unsigned>(c - '0');
	}
	return n;
}

constexpr std::optional<day> parse(std::string_view format, std::string_view text)
{
	unsigned value[3] = {};
	while (!format.empty()) {
		const part        p = part_at(format);
		const std::size_t w = width(p);
		if (text.size() < w)
			return std::nullopt;
		if (p == part::literal) {
			if (text[0] != format[0])
				return std::nullopt;
		} else {
			const auto n = digits(text.substr(0, w));
			if (!n)
				return std::nullopt;
			value[static_cast<int>(p)] = *n;
		}
		format.remove_prefix(w);
		text.remove_prefix(w);
	}
	if (!text.empty())
		return std::nullopt;
	return make_day(static_cast<int>(value[0]), value[1], value[2]);
}

} // namespace date_format

static_assert(date_format::is_valid("YYYY-MM-DD"));
static_assert(date_format::is_valid("DD.MM.YYYY"));
static_assert(!date_format::is_valid("YYYY-MM"));
static_assert(!date_format::is_valid("YYYY-MM-DDTHH"));
static_assert(date_format::parse("YYYY-MM-DD", "2000-03-01") == 60);
static_assert(!date_format::parse("YYYY-MM-DD", "2023-02-29"));
static_assert(!date_format::parse("YYYY-MM-DD", "2023-02-2 "));
static_assert(!date_format::parse("YYYY-MM-DD", "2023-02-20x"));

} // namespace peer_mentor
