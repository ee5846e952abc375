// What the delivery worker makes of an answer, of Retry-After, of times in its options, and of failures in a row.
#include "../../dispatch/brake.hpp"
#include "../../dispatch/text.hpp"
#include "../../dispatch/verdict.hpp"
#include "check.hpp"

using namespace dispatch;
using namespace std::chrono_literals;

namespace {

void judge_answers()
{
	for (long status = 0; status < 1000; ++status) {
		const bool wait = status == 408 || status == 425 || status == 429;
		const auto want = status / 100 == 2            ? verdict::delivered
		                  : status / 100 == 4 && !wait ? verdict::never
		                                               : verdict::later;
		CHECK(judge(true, status) == want, "HTTP " + std::to_string(status));
		CHECK(judge(false, status) == verdict::later, "half a head of HTTP " + std::to_string(status));
	}
}

// "day N" is N seconds after the epoch.
std::time_t parse(const char *text)
{
	const std::string_view s = text;
	return s.starts_with("day ") ? *whole_number(s.substr(4)) : -1;
}

std::optional<long> wait_for(std::string_view value, std::string_view date = "", std::time_t now = 1000)
{
	const auto s = retry_after(value, date, now, parse);
	return s ? std::optional<long>(s->count()) : std::nullopt;
}

void read_retry_after()
{
	CHECK_EQUAL(wait_for(""), std::optional<long>(), "none");
	CHECK_EQUAL(wait_for("120"), std::optional<long>(120), "seconds");
	CHECK_EQUAL(wait_for(" 7 \r\n"), std::optional<long>(7), "with blanks");
	CHECK_EQUAL(wait_for("0"), std::optional<long>(1), "at once");
	CHECK_EQUAL(wait_for("999999999"), std::optional<long>(86400), "too long");
	CHECK_EQUAL(wait_for("99999999999999999999999"), std::optional<long>(86400), "beyond any number");
	CHECK_EQUAL(wait_for("-5"), std::optional<long>(), "negative");
	CHECK_EQUAL(wait_for("1.5"), std::optional<long>(), "a fraction");
	CHECK_EQUAL(wait_for("soon"), std::optional<long>(), "a word");
	CHECK_EQUAL(wait_for("day 1060"), std::optional<long>(60), "a date");
	CHECK_EQUAL(wait_for("day 900"), std::optional<long>(1), "a date that has passed");
	CHECK_EQUAL(wait_for("day 5030", "day 5000"), std::optional<long>(30), "a date by the receiver's clock");
	CHECK_EQUAL(wait_for("day 1060", "yesterday"), std::optional<long>(60), "a receiver without a clock");
}

void read_times()
{
	CHECK_EQUAL(duration("10")->count(), 10'000L, "seconds");
	CHECK_EQUAL(duration("250ms")->count(), 250L, "milliseconds");
	CHECK_EQUAL(duration("5 min")->count(), 300'000L, "minutes");
	CHECK_EQUAL(duration("2h")->count(), 7'200'000L, "hours");
	for (const char *wrong : {"", "s", "-1s", "1.5s", "5 days", "99999999999999999999s", "10s10"})
		CHECK(!duration(wrong), std::string("not a time: ") + wrong);
	CHECK_EQUAL(in_seconds(1250ms), std::string("1.2"), "in seconds");
}

void bound_texts()
{
	CHECK_EQUAL(printable("two\nlines\x1b[31m \"x\""), std::string("two lines?[31m 'x'"), "one line");
	CHECK_EQUAL(printable(std::string(1000, 'x'), 10), std::string("xxxxxxxxxx..."), "bounded");
	CHECK_EQUAL(hex(std::string("\x00\x7f\xff", 3)), std::string("007fff"), "hexadecimal");
}

void brake_and_release()
{
	const moment start = steady::now();
	brake        b;
	b.failed(start, {});
	b.failed(start, {});
	CHECK(!b.holds(start) && !b.probes(), "two failures are nothing");
	b.failed(start, {});
	CHECK(b.holds(start + 700ms) && !b.holds(start + 1300ms) && b.probes(), "the third holds for about a second");
	for (int i = 0; i < 100; ++i)
		b.failed(start, {});
	CHECK(b.holds(start + 44s) && !b.holds(start + 76s), "at most about a minute");
	b.got_through();
	CHECK(!b.holds(start) && !b.probes(), "one that gets through releases it");
	b.failed(start, 30s);
	CHECK(b.holds(start + 29s) && !b.holds(start + 31s) && !b.probes(),
	      "a receiver that asks for it is left alone at once");
	b.failed(start, 24h);
	CHECK(b.holds(start + 299s) && !b.holds(start + 301s), "for five minutes at most");
}

} // namespace

int main()
{
	judge_answers();
	read_retry_after();
	read_times();
	bound_texts();
	brake_and_release();
	return checks_failed();
}
