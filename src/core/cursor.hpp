// Where a page of the roster ended: opaque to the caller, and nothing but a place in an order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace peer_mentor {

struct place {
	std::int32_t                  due_on;
	std::array<unsigned char, 16> mentor;
	std::string_view              name;
};

namespace cursor {

inline constexpr unsigned char    version = 1;
inline constexpr std::size_t      fixed_size = 1 + 4 + 16;
inline constexpr std::size_t      longest_name = 400; // bytes of 100 characters
inline constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Characters of base64url without padding.
constexpr std::size_t encoded_size(std::size_t bytes) { return (bytes * 8 + 5) / 6; }

inline constexpr std::size_t buffer_size = fixed_size + longest_name;
inline constexpr std::size_t longest = encoded_size(buffer_size);

constexpr unsigned char byte_of(const place &p, std::size_t i)
{
	if (i == 0)
		return version;
	if (i < 5)
		return static_cast<unsigned char>(static_cast<std::uint32_t>(p.due_on) >> (8 * (4 - i)));
	return i < fixed_size ? p.mentor[i - 5] : static_cast<unsigned char>(p.name[i - fixed_size]);
}

// Writes encoded_size(fixed_size + p.name.size()) characters.
constexpr std::size_t encode(const place &p, char *into)
{
	std::size_t   written = 0;
	std::uint32_t bits = 0;
	int           held = 0;
	for (std::size_t i = 0; i < fixed_size + p.name.size(); ++i) {
		bits = (bits << 8 | byte_of(p, i)) & 0xffff;
		for (held += 8; held >= 6; held -= 6)
			into[written++] = alphabet[bits >> (held - 6) & 63];
	}
	if (held > 0)
		into[written++] = alphabet[bits << (6 - held) & 63];
	return written;
}

// The name points into the buffer; whether it is text is for the caller to see.
constexpr std::optional<place> decode(std::string_view text, std::span<char, buffer_size> buffer)
{
	if (text.size() > longest || text.size() % 4 == 1)
		return std::nullopt;
	std::size_t   size = 0;
	std::uint32_t bits = 0;
	int           held = 0;
	for (char c : text) {
		const std::size_t digit = alphabet.find(c);
		if (digit == std::string_view::npos)
			return std::nullopt;
		bits = (bits << 6 | static_cast<std::uint32_t>(digit)) & 0xffff;
		held += 6;
		if (held >= 8) {
			held -= 8;
			buffer[size++] = static_cast<char>(bits >> held & 255);
		}
	}
	if ((bits & ((1u << held) - 1)) != 0 || size < fixed_size || static_cast<unsigned char>(buffer[0]) != version)
		return std::nullopt;
	place         p{};
	std::uint32_t day = 0;
	for (std::size_t i = 1; i < 5; ++i)
		day = day << 8 | static_cast<unsigned char>(buffer[i]);
	p.due_on = static_cast<std::int32_t>(day);
	for (std::size_t i = 0; i < p.mentor.size(); ++i)
		p.mentor[i] = static_cast<unsigned char>(buffer[5 + i]);
	p.name = std::string_view(buffer.data() + fixed_size, size - fixed_size);
	return p;
}

} // namespace cursor

} // namespace peer_mentor
