// How the steps of the nightly run find their work: by state, never by a window of dates, so that missed
// nights are caught up.
#include "nightly.hpp"

namespace peer_mentor {

namespace {

// Nowhere on earth is it later than at UTC+14, nor earlier than at UTC-12; the exact comparison is with
// the organisation's own day.
#define DUE_CERTIFICATIONS                                                                                            \
	"  FROM public.peer_mentor_certifications c "                                                                     \
	"  JOIN public.certification_types t ON t.organisation_id = c.organisation_id AND t.code = c.certification_type " \
	"  JOIN public.organisations o ON o.id = c.organisation_id "                                                      \
	"  JOIN public.peer_mentors m ON m.id = c.peer_mentor_id "                                                        \
	" WHERE c.status = 'active' AND m.deleted_at IS NULL "                                                            \
	"   AND c.expires_at < ($1 AT TIME ZONE 'Etc/GMT-14')::date "                                                     \
	"   AND c.expires_at + t.grace_days < ($1 AT TIME ZONE o.time_zone)::date "

#define UNDUE_CERTIFICATIONS                                                                                                                   \
	"  FROM public.peer_mentor_certifications c "                                                                                              \
	"  JOIN public.certification_types t ON t.organisation_id = c.organisation_id AND t.code = c.certification_type "                          \
	"  JOIN public.organisations o ON o.id = c.organisation_id "                                                                               \
	"  JOIN public.peer_mentors m ON m.id = c.peer_mentor_id "                                                                                 \
	" WHERE c.status = 'expired' AND m.deleted_at IS NULL "                                                                                    \
	"   AND c.expires_at >= ($1 AT TIME ZONE 'Etc/GMT+12')::date - (SELECT COALESCE(max(g.grace_days), 0) FROM public.certification_types g) " \
	"   AND c.expires_at + t.grace_days >= ($1 AT TIME ZONE o.time_zone)::date "

#define NEXT_CERTIFICATIONS \
	"   AND (c.expires_at, c.peer_mentor_id) > ($2, $3) ORDER BY c.expires_at, c.peer_mentor_id LIMIT $4"

statement count_due = {"SELECT count(DISTINCT c.peer_mentor_id) " DUE_CERTIFICATIONS, 1, {TIMESTAMPTZOID}};
statement find_due = {"SELECT c.expires_at, c.peer_mentor_id " DUE_CERTIFICATIONS NEXT_CERTIFICATIONS,
                      4,
                      {TIMESTAMPTZOID, DATEOID, UUIDOID, INT4OID}};
statement count_undue = {"SELECT count(DISTINCT c.peer_mentor_id) " UNDUE_CERTIFICATIONS, 1, {TIMESTAMPTZOID}};
statement find_undue = {"SELECT c.expires_at, c.peer_mentor_id " UNDUE_CERTIFICATIONS NEXT_CERTIFICATIONS,
                        4,
                        {TIMESTAMPTZOID, DATEOID, UUIDOID, INT4OID}};

#undef DUE_CERTIFICATIONS
#undef UNDUE_CERTIFICATIONS
#undef NEXT_CERTIFICATIONS

statement count_reviews = {
	"SELECT count(*) FROM peer_mentor_private.mentor_reviews r JOIN public.peer_mentors m ON m.id = r.mentor_id WHERE m.deleted_at IS NULL",
	0,
	{}};

statement find_reviews = {
	"SELECT r.mentor_id, r.reason::text, r.effective_on "
	"  FROM peer_mentor_private.mentor_reviews r JOIN public.peer_mentors m ON m.id = r.mentor_id "
	" WHERE m.deleted_at IS NULL AND r.mentor_id > $1 ORDER BY r.mentor_id LIMIT $2",
	2,
	{UUIDOID, INT4OID}};

statement settle_reviews = {
	"DELETE FROM peer_mentor_private.mentor_reviews WHERE mentor_id = ANY ($1)", 1, {UUIDARRAYOID}};

statement review_holders = {
	"WITH changed AS (UPDATE public.certification_types SET rules_changed_at = NULL WHERE rules_changed_at IS NOT NULL RETURNING organisation_id, code) "
	"INSERT INTO peer_mentor_private.mentor_reviews (mentor_id) "
	"SELECT DISTINCT c.peer_mentor_id FROM public.peer_mentor_certifications c "
	"  JOIN changed t ON t.organisation_id = c.organisation_id AND t.code = c.certification_type "
	"ON CONFLICT (mentor_id) DO NOTHING",
	0,
	{}};

std::int64_t number(const rows &r) { return r[0].bigint(1); }

void nothing(const nightly_run &) {}

void settle_nothing(const nightly_run &, std::span<const mentor>) {}

std::span<due_mentor> by_certification(const rows &found)
{
	auto due = allocate<due_mentor>(found.count);
	for (std::uint64_t i = 0; i < found.count; ++i)
		due[i] = {{found[i].date(1), found[i].id(2)}, {}};
	found.free();
	return due;
}

std::int64_t count_due_mentors(const nightly_run &run) { return number(count_due.run({of_time(run.as_of)})); }

std::span<due_mentor> find_due_mentors(const nightly_run &run, const position &after)
{
	return by_certification(
		find_due.run({of_time(run.as_of), of_day(after.date), of(after.mentor), of(run.batch_size)}));
}

std::int64_t count_undue_mentors(const nightly_run &run) { return number(count_undue.run({of_time(run.as_of)})); }

std::span<due_mentor> find_undue_mentors(const nightly_run &run, const position &after)
{
	return by_certification(
		find_undue.run({of_time(run.as_of), of_day(after.date), of(after.mentor), of(run.batch_size)}));
}

std::int64_t count_reviewed(const nightly_run &) { return number(count_reviews.run({})); }

std::span<due_mentor> find_reviewed(const nightly_run &run, const position &after)
{
	const rows found = find_reviews.run({of(after.mentor), of(run.batch_size)});
	auto       due = allocate<due_mentor>(found.count);
	for (std::uint64_t i = 0; i < found.count; ++i)
		due[i] = {{0, found[i].id(1)}, {*parse_reason(found[i].text(2)), found[i].optional_date(3)}};
	found.free();
	return due;
}

void settle_reviewed(const nightly_run &, std::span<const mentor> mentors)
{
	settle_reviews.run({array_of(mentors.size(), UUIDOID, [&](std::size_t i) { return of(mentors[i].id); })});
}

void review_holders_of_changed_types(const nightly_run &) { review_holders.run({}); }

} // namespace

// Reminders, ends of pauses, overdue returns, reconciliation and purge find their place behind these.
extern constinit const nightly_step nightly_steps[] = {
	{"expire", nothing, count_due_mentors, find_due_mentors, settle_nothing},
	{"move", nothing, count_reviewed, find_reviewed, settle_reviewed},
	{"rules", review_holders_of_changed_types, count_reviewed, find_reviewed, settle_reviewed},
	{"restore", nothing, count_undue_mentors, find_undue_mentors, settle_nothing},
};
extern constinit const int nightly_step_count = static_cast<int>(lengthof(nightly_steps));

} // namespace peer_mentor
