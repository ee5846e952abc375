#include "overdue.hpp"

#include "outbox.hpp"

namespace peer_mentor {

namespace {

// A mentor who lapsed in this very batch has no live pause any more.
statement tell = {
	"WITH told AS ("
	"     UPDATE public.pause_records p SET overdue_told_on = p.expected_return_date "
	"       FROM unnest($1, $2, $3) u (mentor_id, organisation_id, today) "
	"      WHERE p.mentor_id = u.mentor_id AND p.status = 'paused' "
	"        AND p.overdue_told_on IS DISTINCT FROM p.expected_return_date "
	"     RETURNING p.id, p.mentor_id, u.organisation_id, p.expected_return_date, u.today) "
	"INSERT INTO public.outbox_events (channel, event_type, organisation_id, mentor_id, dedupe_key, payload) "
	"SELECT 'notification', 'return_overdue', t.organisation_id, t.mentor_id, "
	"       concat_ws(':', 'return_overdue', t.id, to_char(t.expected_return_date, 'YYYY-MM-DD')), "
	"       jsonb_build_object('schema_version', 1, 'mentor_id', t.mentor_id, 'organisation_id', t.organisation_id, "
	"           'expected_return_date', t.expected_return_date, 'days_overdue', t.today - t.expected_return_date, 'job_run_id', $4) "
	"  FROM told t "
	"ON CONFLICT (channel, dedupe_key) DO NOTHING",
	4,
	{UUIDARRAYOID, UUIDARRAYOID, DATEARRAYOID, UUIDOID}};

} // namespace

std::int64_t tell_overdue(std::span<const mentor> mentors, const uuid &job_run)
{
	auto        overdue = allocate<const mentor *>(mentors.size());
	std::size_t n = 0;
	for (const mentor &m : mentors)
		if (is_overdue(m.now, m.return_date, m.today))
			overdue[n++] = &m;
	if (n == 0)
		return 0;
	tell.write({array_of(n, UUIDOID, [&](std::size_t i) { return of(overdue[i]->id); }),
	            array_of(n, UUIDOID, [&](std::size_t i) { return of(overdue[i]->organisation); }),
	            array_of(n, DATEOID, [&](std::size_t i) { return of_day(overdue[i]->today); }), of(job_run)});
	const auto told = static_cast<std::int64_t>(SPI_processed);
	if (told > 0)
		wake_workers(notification_channel);
	return told;
}

} // namespace peer_mentor
