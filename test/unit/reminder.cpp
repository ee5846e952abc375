// The ladder of reminders: walked day by day, with nights left out, changed on the way.
#include "check.hpp"
#include "core/reminder.hpp"

#include <algorithm>
#include <random>
#include <vector>

using namespace peer_mentor;

namespace {

using rungs = std::vector<std::int32_t>;

ladder to_ladder(const rungs &r)
{
	ladder l;
	for (const std::int32_t n : r)
		l.add(n);
	return l;
}

struct sending {
	day          on;
	std::int32_t rung;
};

// What the engine keeps between two looks.
struct walker {
	climb                c;
	std::vector<sending> sent;

	void look_at(const rungs &r, day expires_at, day today)
	{
		const climb_result result = look(to_ladder(r), c, expires_at, today);
		c.pending = result.pending;
		if (result.send) {
			sent.push_back({today, *result.send});
			c.lowest_sent = c.lowest_sent ? std::min(*c.lowest_sent, *result.send) : *result.send;
		}
		CHECK_EQUAL(result.next_on.has_value(), result.pending.count > 0, "a day to look again while there is a rung to come");
		if (result.next_on)
			CHECK(*result.next_on > today, "which is not past");
	}
};

std::string told(const std::vector<sending> &sent)
{
	std::string text;
	for (const sending &s : sent)
		text += std::to_string(s.rung) + "@" + std::to_string(s.on) + " ";
	return text;
}

// Every night, from before the first rung on: each rung on its own day.
void every_night()
{
	const rungs wanted = {60, 30, 7, 0, -14};
	walker      w;
	for (day t = 900; t < 1100; ++t)
		w.look_at(wanted, 1000, t);
	CHECK_EQUAL(told(w.sent), "60@940 30@970 7@993 0@1000 -14@1014 ", "each on its day");
}

// Only on the days it asked for: the same.
void only_when_asked()
{
	std::mt19937 random(7);
	for (int round = 0; round < 2000; ++round) {
		rungs wanted;
		for (std::int32_t r = 40; r >= -40; --r)
			if (random() % 8 == 0 && wanted.size() < most_rungs)
				wanted.push_back(r);
		std::shuffle(wanted.begin(), wanted.end(), random);
		const day first = 1000 - static_cast<day>(random() % 60);
		walker    nightly, asked;
		day       next = first;
		for (day t = first; t < 1100; ++t) {
			nightly.look_at(wanted, 1000, t);
			if (t != next)
				continue;
			asked.look_at(wanted, 1000, t);
			next = 0;
			for (std::size_t i = 0; i < asked.c.pending->count; ++i)
				next = next == 0 ? 1000 - asked.c.pending->rungs[i] : std::min(next, 1000 - asked.c.pending->rungs[i]);
		}
		CHECK_EQUAL(told(asked.sent), told(nightly.sent), "from day " + std::to_string(first));
	}
}

// Some nights only: never twice, never upwards, never one before the end after it, always the nearest.
void missed_nights()
{
	std::mt19937 random(8);
	for (int round = 0; round < 2000; ++round) {
		const rungs wanted = {30, 20, 10, 0, -10, -20};
		walker      w;
		for (day t = 960; t < 1040; ++t) {
			if (random() % 6 != 0 && t != 960)
				continue;
			const std::size_t before = w.sent.size();
			w.look_at(wanted, 1000, t);
			if (w.sent.size() == before)
				continue;
			const std::int32_t rung = w.sent.back().rung;
			CHECK(1000 - rung <= t, "not before its day");
			CHECK(rung < 0 || t <= 1000, "not after the end");
			for (const std::int32_t other : wanted)
				CHECK(other >= rung || 1000 - other > t, "the nearest");
		}
		for (std::size_t i = 1; i < w.sent.size(); ++i)
			CHECK(w.sent[i].rung < w.sent[i - 1].rung, "never twice, never upwards");
	}
}

void first_looks()
{
	walker late, ended, long_ago;
	late.look_at({60, 30, 7}, 1000, 975);
	CHECK_EQUAL(told(late.sent), "30@975 ", "a late one is the nearest");
	ended.look_at({60, 30, 7}, 1000, 1001);
	CHECK_EQUAL(told(ended.sent), "", "none after the end");
	long_ago.look_at({60, -7, -30}, 1000, 1020);
	CHECK_EQUAL(told(long_ago.sent), "", "those after the end from then on only");
	long_ago.look_at({60, -7, -30}, 1000, 1031);
	CHECK_EQUAL(told(long_ago.sent), "-30@1031 ", "and late when they were known");
}

void changed_ladders()
{
	walker w;
	w.look_at({60, 30, 7}, 1000, 940);
	w.look_at({60, 30, 7}, 1000, 970);
	w.look_at({45, 29, 25, 7}, 1000, 975);
	CHECK_EQUAL(told(w.sent), "60@940 30@970 25@975 ", "a new rung on its own day, a past one never");
	w.look_at({26, 7}, 1000, 980);
	w.look_at({26, 3}, 1000, 995);
	CHECK_EQUAL(told(w.sent), "60@940 30@970 25@975 ", "one that was taken out before its day");
	w.look_at({26, 3}, 1000, 997);
	CHECK_EQUAL(told(w.sent), "60@940 30@970 25@975 3@997 ", "the last");
	walker none;
	none.look_at({}, 1000, 980);
	none.look_at({30, 10}, 1000, 981);
	none.look_at({30, 10}, 1000, 992);
	CHECK_EQUAL(told(none.sent), "10@992 ", "no ladder before");
}

} // namespace

int main()
{
	every_night();
	only_when_asked();
	missed_nights();
	first_looks();
	changed_ladders();
	return checks_failed();
}
