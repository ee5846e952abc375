// Cursors of the roster: there and back for every place, and nothing but what was made is taken for one.
#include "check.hpp"
#include "core/cursor.hpp"

#include <memory>
#include <random>

using namespace peer_mentor;

namespace {

std::string encoded(const place &p)
{
	std::string text(cursor::encoded_size(cursor::fixed_size + p.name.size()), '?');
	CHECK_EQUAL(cursor::encode(p, text.data()), text.size(), "as long as it says");
	return text;
}

std::optional<place> decoded(std::string_view text, std::array<char, cursor::buffer_size> &buffer)
{
	// a copy of the very size, so that reading past the end is noticed
	const std::unique_ptr<char[]> copy(new char[text.size()]);
	text.copy(copy.get(), text.size());
	return cursor::decode({copy.get(), text.size()}, buffer);
}

} // namespace

int main()
{
	std::mt19937                           random(7);
	std::array<char, cursor::buffer_size> buffer{};
	for (std::size_t size = 0; size <= cursor::longest_name; ++size) {
		place       p{static_cast<std::int32_t>(random()), {}, {}};
		std::string name(size, ' ');
		for (char &c : name)
			c = static_cast<char>(random());
		for (unsigned char &b : p.mentor)
			b = static_cast<unsigned char>(random());
		p.name = name;
		const std::string text = encoded(p);
		CHECK(text.find_first_not_of(cursor::alphabet) == std::string::npos, "fit for a URL: " + text);
		const auto back = decoded(text, buffer);
		CHECK(back && back->due_on == p.due_on && back->mentor == p.mentor && back->name == p.name, "there and back: " + text);
		// cut, longer, of another alphabet, of another version
		CHECK(!decoded(text.substr(0, 27), buffer), "cut: " + text);
		CHECK(!decoded(text + std::string(cursor::longest, 'A'), buffer), "too long");
		for (const char *bad : {"=", "+", "/", " ", "\n"})
			CHECK(!decoded(text + bad, buffer), "another alphabet: " + text + bad);
		CHECK(!decoded('B' + text.substr(1), buffer), "another version: " + text);
	}
	for (std::int32_t day : {INT32_MIN, -1, 0, 1, INT32_MAX}) {
		const auto back = decoded(encoded({day, {}, {}}), buffer);
		CHECK(back && back->due_on == day, "day " + std::to_string(day));
	}
	CHECK(!decoded("", buffer), "nothing");
	// the bits after the last byte are none of it
	std::string text = encoded({0, {}, "x"});
	CHECK_EQUAL(text.size() % 4, std::size_t{2}, "a last character with bits to spare");
	text.back() = cursor::alphabet[cursor::alphabet.find(text.back()) + 1];
	CHECK(!decoded(text, buffer), "spare bits: " + text);
	for (int i = 0; i < 20000; ++i) {
		std::string noise(random() % 80, ' ');
		for (char &c : noise)
			c = random() % 20 == 0 ? static_cast<char>(random()) : cursor::alphabet[random() % 64];
		const auto p = decoded(noise, buffer);
		CHECK(!p || encoded(*p) == noise, "one text for a place: " + noise);
	}
	return checks_failed();
}
