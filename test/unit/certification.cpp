// Due and grace, what blocks, and the new term that a renewal gives.
#include "check.hpp"
#include "core/certification.hpp"

using namespace peer_mentor;

namespace {

constexpr day jan31 = to_day({2024, 1, 31});

std::string text_of(day d)
{
	const civil c = to_civil(d);
	char        text[40];
	std::snprintf(text, sizeof text, "%04d-%02u-%02u", c.year, c.month, c.dom);
	return text;
}

void due_days()
{
	for (int grace : {0, 1, 14, 3650})
		for (day expires : {0, jan31, to_day({1900, 1, 1}), to_day({2999, 12, 31})})
			for (int after = -3; after <= 3; ++after) {
				const day today = expires + grace + after;
				CHECK_EQUAL(is_due(expires, grace, today), after > 0,
				            text_of(expires) + " with " + std::to_string(grace) + " days of grace on " + text_of(today));
				CHECK_EQUAL(due_on(expires, grace), expires + grace + 1, "the day after the last valid one and grace");
			}
}

void what_blocks()
{
	for (const cert_status stored : {cert_status::active, cert_status::expired, cert_status::suspended})
		for (const bool lapsed : {false, true})
			for (const bool required : {false, true}) {
				const certification c = {stored, 100, 5, required};
				const day           today = lapsed ? 106 : 105;
				const std::string   what = std::string(label(stored)) + (lapsed ? ", lapsed" : "") + (required ? ", required" : "");
				// the dates decide, whatever is stored, but a suspension is lifted by people only
				const std::string_view is = stored == cert_status::suspended ? "suspended" : lapsed ? "expired" : "active";
				CHECK_EQUAL(label(status_on(c, today)), is, what);
				CHECK_EQUAL(blocks(c, today), required && is != "active", what);
				CHECK_EQUAL(was_in_the_way(c, today), required && (lapsed || stored != cert_status::active), what);
			}
}

struct sample {
	renewal_mode mode;
	civil        expires, anchor, completed;
	period       valid_for;
	civil        want;
};

constexpr period year = {12, 0};
constexpr period two_years = {24, 0};
constexpr period month = {1, 0};

constexpr sample samples[] = {
	// no days are lost by renewing early
	{renewal_mode::from_expiry, {2024, 6, 30}, {2024, 6, 30}, {2024, 4, 2}, two_years, {2026, 6, 30}},
	{renewal_mode::from_expiry, {2024, 6, 30}, {2024, 6, 30}, {2024, 6, 30}, two_years, {2026, 6, 30}},
	// overdue: from completion
	{renewal_mode::from_expiry, {2024, 6, 30}, {2024, 6, 30}, {2024, 7, 1}, two_years, {2026, 7, 1}},
	{renewal_mode::from_expiry, {2024, 6, 30}, {2024, 6, 30}, {2030, 1, 5}, two_years, {2032, 1, 5}},
	{renewal_mode::from_expiry, {2024, 2, 29}, {2024, 2, 29}, {2024, 2, 1}, year, {2025, 2, 28}},
	{renewal_mode::from_expiry, {2024, 1, 31}, {2024, 1, 31}, {2024, 1, 31}, month, {2024, 2, 29}},
	{renewal_mode::from_expiry, {2023, 1, 31}, {2023, 1, 31}, {2023, 1, 31}, month, {2023, 2, 28}},
	{renewal_mode::from_expiry, {2024, 12, 31}, {2024, 12, 31}, {2024, 12, 1}, {0, 90}, {2025, 3, 31}},
	{renewal_mode::from_completion, {2024, 6, 30}, {2024, 6, 30}, {2024, 4, 2}, two_years, {2026, 4, 2}},
	{renewal_mode::from_completion, {2024, 6, 30}, {2024, 6, 30}, {2024, 8, 31}, {6, 0}, {2025, 2, 28}},
	{renewal_mode::from_completion, {2024, 6, 30}, {2024, 6, 30}, {2024, 2, 29}, year, {2025, 2, 28}},
	// the day of the anchor is kept
	{renewal_mode::fixed_day, {2024, 6, 30}, {2024, 6, 30}, {2024, 4, 2}, year, {2025, 6, 30}},
	{renewal_mode::fixed_day, {2024, 2, 29}, {2024, 1, 31}, {2024, 2, 10}, month, {2024, 3, 31}},
	{renewal_mode::fixed_day, {2026, 2, 28}, {2026, 1, 31}, {2026, 2, 20}, month, {2026, 3, 31}},
	{renewal_mode::fixed_day, {2026, 3, 31}, {2026, 1, 31}, {2026, 3, 31}, month, {2026, 4, 30}},
	{renewal_mode::fixed_day, {2025, 2, 28}, {2024, 2, 29}, {2025, 2, 28}, year, {2026, 2, 28}},
	{renewal_mode::fixed_day, {2027, 2, 28}, {2024, 2, 29}, {2027, 2, 1}, year, {2028, 2, 29}},
	{renewal_mode::fixed_day, {2024, 6, 30}, {2024, 6, 30}, {2024, 7, 1}, year, {2025, 6, 30}},
	// overdue by more than a term: the next one in the rhythm that is still ahead
	{renewal_mode::fixed_day, {2024, 6, 30}, {2024, 6, 30}, {2026, 6, 29}, year, {2026, 6, 30}},
	{renewal_mode::fixed_day, {2024, 6, 30}, {2024, 6, 30}, {2026, 6, 30}, year, {2027, 6, 30}},
};

constexpr const char *name_of(renewal_mode m) { return renewal_mode_labels[static_cast<std::size_t>(m)].data(); }

void single_renewals()
{
	for (const sample &s : samples)
		CHECK_EQUAL(text_of(renewed_until({to_day(s.expires), to_day(s.anchor), to_day(s.completed), s.valid_for, s.mode})), text_of(to_day(s.want)),
		            std::string(name_of(s.mode)) + " of " + text_of(to_day(s.expires)) + " on " + text_of(to_day(s.completed)));
}

// Renewed again and again for ten years, a few days before each end.
void ten_years(renewal_mode mode, civil first, period valid_for, void (*judge)(int, civil))
{
	const day anchor = to_day(first), end = anchor + 3653;
	day       expires = anchor;
	for (int n = 1; expires < end; ++n) {
		const day next = renewed_until({expires, anchor, expires - 3, valid_for, mode});
		CHECK(next > expires, "a renewal moves the expiry on");
		judge(n, to_civil(next));
		expires = next;
	}
}

void no_drift()
{
	ten_years(renewal_mode::fixed_day, {2024, 1, 31}, month, [](int n, civil c) {
		CHECK_EQUAL(c.dom, days_in_month(c.year, c.month), "month's end " + std::to_string(n));
		CHECK_EQUAL(c.year * 12 + static_cast<int>(c.month) - 1, 2024 * 12 + n, "one month at a time");
	});
	ten_years(renewal_mode::fixed_day, {2024, 1, 30}, month, [](int, civil c) {
		CHECK_EQUAL(c.dom, c.month == 2 ? days_in_month(c.year, 2) : 30u, "the 30th, or February's last");
	});
	ten_years(renewal_mode::fixed_day, {2024, 2, 29}, year, [](int n, civil c) {
		CHECK(c.year == 2024 + n && c.month == 2 && c.dom == (is_leap(c.year) ? 29u : 28u), "29 February");
	});
	ten_years(renewal_mode::fixed_day, {2024, 8, 31}, {6, 0}, [](int n, civil c) {
		CHECK(c.month == (n % 2 == 1 ? 2u : 8u) && c.dom == days_in_month(c.year, c.month), "31 August and the end of February");
	});
	// and this is the drift that the others have
	ten_years(renewal_mode::from_expiry, {2024, 1, 31}, month, [](int n, civil c) { CHECK(n < 14 || c.dom == 28, "drifts to the 28th"); });
}

void renewal_window()
{
	CHECK(!is_too_early(jan31, std::nullopt, jan31 - 10000), "no window: at any time");
	for (int window : {0, 1, 30, 36500}) {
		CHECK(is_too_early(jan31, window, jan31 - window - 1), "the day before it opens");
		CHECK(!is_too_early(jan31, window, jan31 - window), "the day it opens");
		CHECK(!is_too_early(jan31, window, jan31 + 400), "long overdue");
	}
}

// Whatever the order in which terms arrive, the same one decides in the end.
void which_term_decides()
{
	for (day expires : {9, 10, 11})
		for (day issued : {4, 5, 6}) {
			const bool want = expires > 10 || (expires == 10 && issued >= 5);
			CHECK_EQUAL(decides(expires, issued, 10, 5), want, "expires " + std::to_string(expires) + ", issued " + std::to_string(issued));
		}
}

} // namespace

int main()
{
	due_days();
	what_blocks();
	single_renewals();
	no_drift();
	renewal_window();
	which_term_decides();
	return checks_failed();
}
