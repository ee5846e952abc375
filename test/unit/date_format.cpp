// What registers write as dates: formats and texts that are taken, and those that are refused.
#include "check.hpp"
#include "core/date_format.hpp"

using namespace peer_mentor;

namespace {

void formats()
{
	for (const char *good : {"YYYY-MM-DD", "DD.MM.YYYY", "MM/DD/YYYY", "YYYYMMDD", "DD MM YYYY", "DDMMYYYY", "YYYY.MM.DD.", " YYYY-MM-DD", "(DD)-MM-YYYY"})
		CHECK(date_format::is_valid(good), std::string("format ") + good);
	for (const char *bad : {"", "YYYY", "YYYY-MM", "MM-DD", "YYYY-MM-DD-DD", "YYYYYYYY-MM-DD", "MM/MM/YYYY", "YY-MM-DD", "YYYY-Mon-DD", "yyyy-mm-dd",
	                        "YYYY-MM-DDT", "YYYY-MM-DD HH", "YYYY-M-D", "DD.MM.YYYY1", "-", "YYYYMMD", "YYYY-DDD-MM", "Y-YYY-MM-DD"})
		CHECK(!date_format::is_valid(bad), std::string("format ") + bad);
}

struct sample {
	const char *format;
	const char *text;
	int         year; // 0: refused
	unsigned    month, dom;
};

constexpr sample samples[] = {
	{"YYYY-MM-DD", "2000-01-01", 2000, 1, 1},
	{"YYYY-MM-DD", "2024-02-29", 2024, 2, 29},
	{"YYYY-MM-DD", "1900-01-01", 1900, 1, 1},
	{"YYYY-MM-DD", "2999-12-31", 2999, 12, 31},
	{"DD.MM.YYYY", "31.12.2025", 2025, 12, 31},
	{"MM/DD/YYYY", "07/04/2021", 2021, 7, 4},
	{"YYYYMMDD", "20210704", 2021, 7, 4},
	{"DDMMYYYY", "04072021", 2021, 7, 4},
	{"DD MM YYYY", "04 07 2021", 2021, 7, 4},
	{"YYYY.MM.DD.", "2021.07.04.", 2021, 7, 4},

	{"YYYY-MM-DD", "", 0, 0, 0},
	{"YYYY-MM-DD", " ", 0, 0, 0},
	{"YYYY-MM-DD", "2023-02-29", 0, 0, 0},
	{"YYYY-MM-DD", "1900-02-29", 0, 0, 0},
	{"YYYY-MM-DD", "2023-04-31", 0, 0, 0},
	{"YYYY-MM-DD", "2023-00-10", 0, 0, 0},
	{"YYYY-MM-DD", "2023-13-10", 0, 0, 0},
	{"YYYY-MM-DD", "2023-10-00", 0, 0, 0},
	{"YYYY-MM-DD", "2023-10-32", 0, 0, 0},
	{"YYYY-MM-DD", "1899-12-31", 0, 0, 0},
	{"YYYY-MM-DD", "3000-01-01", 0, 0, 0},
	{"YYYY-MM-DD", "0000-01-01", 0, 0, 0},
	{"YYYY-MM-DD", "9999-12-31", 0, 0, 0},
	{"YYYY-MM-DD", "2023-1-10", 0, 0, 0},
	{"YYYY-MM-DD", "2023-10-1", 0, 0, 0},
	{"YYYY-MM-DD", "23-10-10", 0, 0, 0},
	{"YYYY-MM-DD", "2023/10/10", 0, 0, 0},
	{"YYYY-MM-DD", "2023-10-10 ", 0, 0, 0},
	{"YYYY-MM-DD", " 2023-10-10", 0, 0, 0},
	{"YYYY-MM-DD", "2023-10-10T00:00:00", 0, 0, 0},
	{"YYYY-MM-DD", "10-10-2023", 0, 0, 0},
	{"YYYY-MM-DD", "+023-10-10", 0, 0, 0},
	{"YYYY-MM-DD", "-023-10-10", 0, 0, 0},
	{"YYYY-MM-DD", "2023-1a-10", 0, 0, 0},
	{"YYYY-MM-DD", "2023-10-10x", 0, 0, 0},
	{"YYYY-MM-DD", "infinity", 0, 0, 0},
	{"YYYY-MM-DD", "today", 0, 0, 0},
	{"YYYY-MM-DD", "YYYY-MM-DD", 0, 0, 0},
	{"YYYY-MM-DD", "\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa3-10-10", 0, 0, 0}, // Arabic digits
	{"YYYY-MM-DD", "20\xff\xff-10-10", 0, 0, 0},
	{"DD.MM.YYYY", "12.31.2025", 0, 0, 0},
	{"DD.MM.YYYY", "31-12-2025", 0, 0, 0},
	{"YYYYMMDD", "2021070", 0, 0, 0},
	{"YYYYMMDD", "202107040", 0, 0, 0},
};

void texts()
{
	for (const sample &s : samples) {
		const auto want = s.year == 0 ? std::optional<day>() : std::optional(to_day({s.year, s.month, s.dom}));
		CHECK_EQUAL(date_format::parse(s.format, s.text), want, std::string(s.format) + " from \"" + s.text + '"');
	}
	// a text that ends early, at every place
	const std::string_view whole = "2023-10-10";
	for (std::size_t n = 0; n < whole.size(); ++n)
		CHECK(!date_format::parse("YYYY-MM-DD", whole.substr(0, n)), "cut after " + std::to_string(n));
	const std::string_view with_nul("2023-10-1\0", 10);
	CHECK(!date_format::parse("YYYY-MM-DD", with_nul), "NUL byte");
}

void every_day_there_and_back()
{
	for (day d = to_day({1900, 1, 1}); d <= to_day({2100, 12, 31}); ++d) {
		const civil c = to_civil(d);
		char        text[40];
		std::snprintf(text, sizeof text, "%02u.%02u.%04d", c.dom, c.month, c.year);
		CHECK_EQUAL(date_format::parse("DD.MM.YYYY", text), std::optional<day>(d), text);
	}
}

} // namespace

int main()
{
	formats();
	texts();
	every_day_there_and_back();
	return checks_failed();
}
