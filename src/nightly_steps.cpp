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
	" WHERE m.deleted_at IS NULL AND r.mentor_id >= $1 AND (r.mentor_id > $1 OR $3) ORDER BY r.mentor_id LIMIT $2",
	3,
	{UUIDOID, INT4OID, BOOLOID}};

statement settle_reviews = {
	"DELETE FROM peer_mentor_private.mentor_reviews WHERE mentor_id = ANY ($1)", 1, {UUIDARRAYOID}};

#define HOLDERS_OF_CHANGED_TYPES                                                                                             \
	"  FROM public.certification_types t "                                                                                   \
	"  JOIN public.peer_mentor_certifications c ON c.organisation_id = t.organisation_id AND c.certification_type = t.code " \
	"  JOIN public.peer_mentors m ON m.id = c.peer_mentor_id "                                                               \
	" WHERE t.rules_changed_at IS NOT NULL AND m.deleted_at IS NULL "

statement count_holders = {"SELECT count(DISTINCT c.peer_mentor_id) " HOLDERS_OF_CHANGED_TYPES, 0, {}};
statement find_holders = {
	"SELECT DISTINCT c.peer_mentor_id " HOLDERS_OF_CHANGED_TYPES
	" AND c.peer_mentor_id >= $1 AND (c.peer_mentor_id > $1 OR $3) ORDER BY c.peer_mentor_id LIMIT $2",
	3,
	{UUIDOID, INT4OID, BOOLOID}};

#undef HOLDERS_OF_CHANGED_TYPES

// Not what was changed again since, nor what somebody is changing now.
statement forget_changes = {
	"UPDATE public.certification_types SET rules_changed_at = NULL "
	" WHERE (organisation_id, code) IN (SELECT t.organisation_id, t.code FROM public.certification_types t "
	"        WHERE t.rules_changed_at < $1 FOR NO KEY UPDATE SKIP LOCKED)",
	1,
	{TIMESTAMPTZOID}};

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
	const rows found = find_reviews.run({of(after.mentor), of(run.batch_size), of(after.at_start)});
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

std::int64_t count_holders_of_changed_types(const nightly_run &) { return number(count_holders.run({})); }

std::span<due_mentor> find_holders_of_changed_types(const nightly_run &run, const position &after)
{
	const rows found = find_holders.run({of(after.mentor), of(run.batch_size), of(after.at_start)});
	auto       due = allocate<due_mentor>(found.count);
	for (std::uint64_t i = 0; i < found.count; ++i)
		due[i] = {{0, found[i].id(1)}, {}};
	found.free();
	return due;
}

void forget_applied_changes(const nightly_run &run) { forget_changes.run({of_time(run.started_at)}); }

} // namespace

// Reminders, ends of pauses, overdue returns, reconciliation and purge find their place behind these.
extern constinit const nightly_step nightly_steps[] = {
	{"expire", count_due_mentors, find_due_mentors, settle_nothing, nothing},
	{"move", count_reviewed, find_reviewed, settle_reviewed, nothing},
	{"rules", count_holders_of_changed_types, find_holders_of_changed_types, settle_nothing, forget_applied_changes},
	{"restore", count_undue_mentors, find_undue_mentors, settle_nothing, nothing},
};
extern constinit const int nightly_step_count = static_cast<int>(lengthof(nightly_steps));

} // namespace peer_mentor
