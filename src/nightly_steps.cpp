// How the steps of the nightly run find their work: by state, never by a window of dates, so that missed
// nights are caught up.
#include "nightly.hpp"
#include "overdue.hpp"
#include "purge.hpp"
#include "reconcile.hpp"
#include "reminders.hpp"

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

// Where the rules of a certification changed after the import, which freed nobody by itself, it was they that did.
statement find_reviews = {
	"SELECT r.mentor_id, r.reason::text, r.effective_on, "
	"       EXISTS (SELECT FROM public.peer_mentor_certifications c "
	"                 JOIN public.certification_types t ON t.organisation_id = c.organisation_id AND t.code = c.certification_type "
	"                WHERE c.peer_mentor_id = m.id AND t.rules_changed_at > r.noted_at) "
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

#define LIVE_PAUSES                                              \
	"  FROM public.pause_records p "                             \
	"  JOIN public.peer_mentors m ON m.id = p.mentor_id "        \
	"  JOIN public.organisations o ON o.id = m.organisation_id " \
	" WHERE p.status = 'paused' AND p.expected_return_date IS NOT NULL AND m.deleted_at IS NULL "

#define ENDED_PAUSES                                                         \
	LIVE_PAUSES                                                              \
	"   AND o.auto_reactivate "                                              \
	"   AND p.expected_return_date <= ($1 AT TIME ZONE 'Etc/GMT-14')::date " \
	"   AND p.expected_return_date <= ($1 AT TIME ZONE o.time_zone)::date "

#define OVERDUE_PAUSES                                                      \
	LIVE_PAUSES                                                             \
	"   AND p.overdue_told_on IS DISTINCT FROM p.expected_return_date "     \
	"   AND p.expected_return_date < ($1 AT TIME ZONE 'Etc/GMT-14')::date " \
	"   AND p.expected_return_date < ($1 AT TIME ZONE o.time_zone)::date "

#define NEXT_PAUSES \
	"   AND (p.expected_return_date, p.mentor_id) > ($2, $3) ORDER BY p.expected_return_date, p.mentor_id LIMIT $4"

statement count_ended = {"SELECT count(*) " ENDED_PAUSES, 1, {TIMESTAMPTZOID}};
statement find_ended = {"SELECT p.expected_return_date, p.mentor_id " ENDED_PAUSES NEXT_PAUSES,
                        4,
                        {TIMESTAMPTZOID, DATEOID, UUIDOID, INT4OID}};
statement count_overdue = {"SELECT count(*) " OVERDUE_PAUSES, 1, {TIMESTAMPTZOID}};
statement find_overdue = {"SELECT p.expected_return_date, p.mentor_id " OVERDUE_PAUSES NEXT_PAUSES,
                          4,
                          {TIMESTAMPTZOID, DATEOID, UUIDOID, INT4OID}};

#undef LIVE_PAUSES
#undef ENDED_PAUSES
#undef OVERDUE_PAUSES
#undef NEXT_PAUSES

#define CLIMBERS_OF_CHANGED_LADDERS                                          \
	"  FROM peer_mentor_private.ladder_changes l "                           \
	"  JOIN public.peer_mentors m ON m.organisation_id = l.organisation_id " \
	" WHERE m.deleted_at IS NULL "                                           \
	"   AND EXISTS (SELECT FROM public.cert_expiry_reminders r WHERE r.mentor_id = m.id) "

statement count_climbers = {"SELECT count(*) " CLIMBERS_OF_CHANGED_LADDERS, 0, {}};
statement find_climbers = {"SELECT m.id " CLIMBERS_OF_CHANGED_LADDERS
                           " AND m.id >= $1 AND (m.id > $1 OR $3) ORDER BY m.id LIMIT $2",
                           3,
                           {UUIDOID, INT4OID, BOOLOID}};

#undef CLIMBERS_OF_CHANGED_LADDERS

statement forget_ladder_changes = {
	"DELETE FROM peer_mentor_private.ladder_changes "
	" WHERE organisation_id IN (SELECT l.organisation_id FROM peer_mentor_private.ladder_changes l "
	"        WHERE l.changed_at < $1 FOR UPDATE SKIP LOCKED)",
	1,
	{TIMESTAMPTZOID}};

#define DUE_REMINDERS                                            \
	"  FROM public.cert_expiry_reminders r "                     \
	"  JOIN public.peer_mentors m ON m.id = r.mentor_id "        \
	"  JOIN public.organisations o ON o.id = m.organisation_id " \
	" WHERE m.deleted_at IS NULL "                               \
	"   AND r.next_on <= ($1 AT TIME ZONE 'Etc/GMT-14')::date "  \
	"   AND r.next_on <= ($1 AT TIME ZONE o.time_zone)::date "

statement count_reminders = {"SELECT count(DISTINCT r.mentor_id) " DUE_REMINDERS, 1, {TIMESTAMPTZOID}};
statement find_reminders = {"SELECT r.next_on, r.mentor_id " DUE_REMINDERS
                            " AND (r.next_on, r.mentor_id) > ($2, $3) ORDER BY r.next_on, r.mentor_id LIMIT $4",
                            4,
                            {TIMESTAMPTZOID, DATEOID, UUIDOID, INT4OID}};

#undef DUE_REMINDERS

std::int64_t number(const rows &r) { return r[0].bigint(1); }

void nothing(const nightly_run &) {}

std::int64_t settle_nothing(const nightly_run &, std::span<const mentor>) { return 0; }

std::span<due_mentor> by_date(const rows &found, const evaluation &recovery = {})
{
	auto due = allocate<due_mentor>(found.count);
	for (std::uint64_t i = 0; i < found.count; ++i)
		due[i] = {{found[i].date(1), found[i].id(2)}, recovery};
	found.free();
	return due;
}

std::span<due_mentor> by_id(const rows &found)
{
	auto due = allocate<due_mentor>(found.count);
	for (std::uint64_t i = 0; i < found.count; ++i)
		due[i] = {{0, found[i].id(1)}, {}};
	found.free();
	return due;
}

rows find_by_date(statement &find, const nightly_run &run, const position &after)
{
	return find.run({of_time(run.as_of), of_day(after.date), of(after.mentor), of(run.batch_size)});
}

rows find_by_id(statement &find, const nightly_run &run, const position &after)
{
	return find.run({of(after.mentor), of(run.batch_size), of(after.at_start)});
}

std::int64_t count_due_mentors(const nightly_run &run) { return number(count_due.run({of_time(run.as_of)})); }

std::span<due_mentor> find_due_mentors(const nightly_run &run, const position &after)
{
	return by_date(find_by_date(find_due, run, after));
}

std::int64_t count_undue_mentors(const nightly_run &run) { return number(count_undue.run({of_time(run.as_of)})); }

std::span<due_mentor> find_undue_mentors(const nightly_run &run, const position &after)
{
	return by_date(find_by_date(find_undue, run, after));
}

std::int64_t count_reviewed(const nightly_run &) { return number(count_reviews.run({})); }

std::span<due_mentor> find_reviewed(const nightly_run &run, const position &after)
{
	const rows found = find_by_id(find_reviews, run, after);
	auto       due = allocate<due_mentor>(found.count);
	for (std::uint64_t i = 0; i < found.count; ++i) {
		const bool by_rules = found[i].boolean(4);
		due[i] = {{0, found[i].id(1)},
		          by_rules ? evaluation{} : evaluation{*parse_reason(found[i].text(2)), found[i].optional_date(3)}};
	}
	found.free();
	return due;
}

std::int64_t settle_reviewed(const nightly_run &, std::span<const mentor> mentors)
{
	settle_reviews.run({array_of(mentors.size(), UUIDOID, [&](std::size_t i) { return of(mentors[i].id); })});
	return 0;
}

std::int64_t count_holders_of_changed_types(const nightly_run &) { return number(count_holders.run({})); }

std::span<due_mentor> find_holders_of_changed_types(const nightly_run &run, const position &after)
{
	return by_id(find_by_id(find_holders, run, after));
}

void forget_applied_rules(const nightly_run &run) { forget_changes.run({of_time(run.started_at)}); }

std::int64_t count_ended_pauses(const nightly_run &run) { return number(count_ended.run({of_time(run.as_of)})); }

std::span<due_mentor> find_ended_pauses(const nightly_run &run, const position &after)
{
	evaluation ending;
	ending.ends_pauses = true;
	return by_date(find_by_date(find_ended, run, after), ending);
}

std::int64_t count_climbers_of_changed_ladders(const nightly_run &) { return number(count_climbers.run({})); }

std::span<due_mentor> find_climbers_of_changed_ladders(const nightly_run &run, const position &after)
{
	return by_id(find_by_id(find_climbers, run, after));
}

void forget_applied_ladders(const nightly_run &run) { forget_ladder_changes.run({of_time(run.started_at)}); }

std::int64_t count_due_reminders(const nightly_run &run) { return number(count_reminders.run({of_time(run.as_of)})); }

std::span<due_mentor> find_due_reminders(const nightly_run &run, const position &after)
{
	return by_date(find_by_date(find_reminders, run, after));
}

std::int64_t remind(const nightly_run &run, std::span<const mentor> mentors)
{
	return send_reminders(mentors, run.held.run);
}

std::int64_t count_overdue_returns(const nightly_run &run) { return number(count_overdue.run({of_time(run.as_of)})); }

std::span<due_mentor> find_overdue_returns(const nightly_run &run, const position &after)
{
	return by_date(find_by_date(find_overdue, run, after));
}

std::int64_t tell_of_overdue(const nightly_run &run, std::span<const mentor> mentors)
{
	return tell_overdue(mentors, run.held.run);
}

void describe_mentors(const nightly_run &, const step_count &c, StringInfo json)
{
	appendStringInfo(json,
	                 "\"total\": " INT64_FORMAT ", \"done\": " INT64_FORMAT ", \"expired\": " INT64_FORMAT
	                 ", \"moved\": " INT64_FORMAT ", \"sent\": " INT64_FORMAT ", \"failed\": " INT64_FORMAT
	                 ", \"skipped\": " INT64_FORMAT,
	                 static_cast<int64>(c.total), static_cast<int64>(c.done), static_cast<int64>(c.expired),
	                 static_cast<int64>(c.moved), static_cast<int64>(c.sent), static_cast<int64>(c.failed),
	                 static_cast<int64>(c.skipped));
}

constexpr nightly_step of_mentors(const char *name, decltype(nightly_step::count) count,
                                  decltype(nightly_step::find)   find,
                                  decltype(nightly_step::settle) settle = settle_nothing,
                                  decltype(nightly_step::finish) finish = nothing)
{
	return {name, count, find, settle, finish, nullptr, describe_mentors};
}

} // namespace

extern constinit const nightly_step nightly_steps[] = {
	of_mentors("expire", count_due_mentors, find_due_mentors),
	of_mentors("move", count_reviewed, find_reviewed, settle_reviewed),
	of_mentors("rules", count_holders_of_changed_types, find_holders_of_changed_types, settle_nothing,
               forget_applied_rules),
	of_mentors("restore", count_undue_mentors, find_undue_mentors),
	of_mentors("pauses", count_ended_pauses, find_ended_pauses),
	of_mentors("ladders", count_climbers_of_changed_ladders, find_climbers_of_changed_ladders, remind,
               forget_applied_ladders),
	of_mentors("reminders", count_due_reminders, find_due_reminders, remind),
	of_mentors("returns", count_overdue_returns, find_overdue_returns, tell_of_overdue),
	{"reconcile", nullptr, nullptr, nullptr, nothing, reconcile_slice, describe_reconciliation},
	{"purge", nullptr, nullptr, nullptr, nothing, purge_batch, describe_purge},
};
extern constinit const int nightly_step_count = static_cast<int>(lengthof(nightly_steps));

} // namespace peer_mentor
