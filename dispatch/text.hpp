// Small things about text.
#pragma once

#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dispatch {

inline std::string_view trim(std::string_view s)
{
	constexpr std::string_view blank = " \t\r\n";
	const auto                 from = s.find_first_not_of(blank);
	if (from == s.npos)
		return {};
	return s.substr(from, s.find_last_not_of(blank) - from + 1);
}

// One line of bounded length in ASCII, whatever came in: what others wrote must not forge a line of the log.
inline std::string printable(std::string_view s, std::size_t most = 300)
{
	std::string out;
	for (const char c : trim(s)) {
		if (out.size() == most)
			return out + "...";
		out += c == '\n' || c == '\t' || c == '\r' ? ' ' : c < ' ' || c > '~' ? '?' : c == '"' ? '\'' : c;
	}
	return out;
}

inline std::optional<long> whole_number(std::string_view s)
{
	long       n = 0;
	const auto end = s.data() + s.size();
	const auto [stopped, error] = std::from_chars(s.data(), end, n);
	if (s.empty() || error != std::errc() || stopped != end)
		return std::nullopt;
	return n;
}

// 500ms, 10s, 5min, 1h; a bare number is seconds.
inline std::optional<std::chrono::milliseconds> duration(std::string_view s)
{
	const auto digits = s.find_first_not_of("0123456789");
	const auto unit = digits == s.npos ? std::string_view("s") : trim(s.substr(digits));
	const auto n = whole_number(s.substr(0, digits));
	const long factor = unit == "ms" ? 1 : unit == "s" ? 1000 : unit == "min" ? 60'000 : unit == "h" ? 3'600'000 : 0;
	if (!n || factor == 0 || *n > 1'000'000)
		return std::nullopt;
	return std::chrono::milliseconds(*n * factor);
}

// "7m"-like texts for people would hide what is stuck: seconds with one decimal.
inline std::string in_seconds(std::chrono::milliseconds d)
{
	const auto tenths = d.count() / 100;
	return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

template <typename Bytes>
std::string hex(const Bytes &bytes)
{
	constexpr std::string_view digits = "0123456789abcdef";
	std::string                out;
	for (const unsigned char b : bytes) {
		out += digits[b >> 4];
		out += digits[b & 15];
	}
	return out;
}

} // namespace dispatch
