#include "standing.hpp"

extern "C" {
#include "utils/date.h"
#include "utils/timestamp.h"
}

namespace peer_mentor {

namespace {

// The parent is locked first, then the status: a mentor's deletion comes the same way, through the
// parent's row, so the two wait for each other instead of deadlocking.
#define LOCKED_COLUMNS                                                                                \
	"SELECT m.id, m.organisation_id, m.user_id, s.status::text, s.version, s.pause_reason::text, "    \
	"       s.expected_return_date, s.chapter_id, o.time_zone, o.portal_sync <> 'off', o.auto_reactivate " \
	"  FROM public.peer_mentors m "                                                                   \
	"  JOIN public.peer_mentor_status s ON s.mentor_id = m.id "                                       \
	"  JOIN public.organisations o ON o.id = m.organisation_id "

statement lock_one = {LOCKED_COLUMNS "WHERE m.id = $1 AND m.deleted_at IS NULL "
                                     "FOR KEY SHARE OF m FOR NO KEY UPDATE OF s",
                      1,
                      {UUIDOID}};

statement read_one = {LOCKED_COLUMNS "WHERE m.id = $1 AND m.deleted_at IS NULL", 1, {UUIDOID}};

statement lock_many = {LOCKED_COLUMNS "WHERE m.id = ANY ($1) AND m.deleted_at IS NULL ORDER BY m.id "
                                      "FOR KEY SHARE OF m FOR NO KEY UPDATE OF s",
                       1,
                       {UUIDARRAYOID}};

statement lock_free = {LOCKED_COLUMNS "WHERE m.id = ANY ($1) AND m.deleted_at IS NULL ORDER BY m.id "
                                      "FOR KEY SHARE OF m SKIP LOCKED FOR NO KEY UPDATE OF s SKIP LOCKED",
                       1,
                       {UUIDARRAYOID}};

#undef LOCKED_COLUMNS

// A statement of its own, with a snapshot from after the lock.
statement facts = {
	"SELECT u.i, h.effective_on, c.id, c.status, c.expires_at, c.grace_days, c.required "
	"  FROM unnest($1, $2) WITH ORDINALITY u (id, version, i) "
	"  LEFT JOIN public.peer_mentor_status_history h ON h.mentor_id = u.id AND h.version = u.version "
	"  LEFT JOIN LATERAL ("
	"       SELECT pc.id, pc.status, pc.expires_at, t.grace_days, t.required "
	"         FROM public.peer_mentor_certifications pc "
	"         JOIN public.certification_types t ON t.organisation_id = pc.organisation_id AND t.code = pc.certification_type "
	"        WHERE pc.peer_mentor_id = u.id) c ON true",
	2,
	{UUIDARRAYOID, INT8ARRAYOID}};

// By the very moment of the expiry, which ended it: where the clock was set back, the newest may be another one.
statement held_pauses = {
	"SELECT u.i, p.id, p.pause_reason::text, p.expected_return_date, p.coordinator_id "
	"  FROM unnest($1, $2) WITH ORDINALITY u (id, version, i) "
	"  JOIN public.peer_mentor_status_history h ON h.mentor_id = u.id AND h.version = u.version "
	"  JOIN public.pause_records p ON p.mentor_id = u.id AND p.reactivated_at = h.changed_at AND p.ended_by = 'interrupted'",
	2,
	{UUIDARRAYOID, INT8ARRAYOID}};

// The same as AT TIME ZONE, which would bind the moment before the lock is waited for.
day local_day(value time_zone, TimestampTz at)
{
	const Datum local = DirectFunctionCall2(timestamptz_zone, time_zone.datum, TimestampTzGetDatum(at));
	return DatumGetDateADT(DirectFunctionCall1(timestamp_date, local));
}

// What was just locked; without as_of the day is that of the clock, which may be another one than before the wait.
mentor read_mentor(row r, std::optional<TimestampTz> as_of = std::nullopt)
{
	mentor m{};
	m.id = r.id(1);
	m.organisation = r.id(2);
	m.user = r.optional_id(3);
	m.now = *parse_status(r.text(4));
	m.version = r.bigint(5);
	if (!r.is_null(6))
		m.pause_reason = parse_reason(r.text(6));
	m.return_date = r.optional_date(7);
	m.chapter = r.optional_id(8);
	m.portal = r.boolean(10);
	m.auto_reactivate = r.boolean(11);
	m.locked_at = GetCurrentTimestamp();
	m.today = local_day(r.column(9, TEXTOID), as_of.value_or(m.locked_at));
	m.last_effective = to_day({first_year, 1, 1});
	return m;
}

value ids_of(std::span<const mentor> mentors)
{
	return array_of(mentors.size(), UUIDOID, [&](std::size_t i) { return of(mentors[i].id); });
}

value versions_of(std::span<const mentor> mentors)
{
	return array_of(mentors.size(), INT8OID, [&](std::size_t i) { return of(mentors[i].version); });
}

std::span<mentor> read_mentors(const rows &found, TimestampTz as_of)
{
	auto mentors = allocate<mentor>(found.count);
	for (std::uint64_t i = 0; i < found.count; ++i)
		mentors[i] = read_mentor(found[i], as_of);
	found.free();
	return mentors;
}

mentor require_one(statement &query, const uuid &id)
{
	const rows found = query.run({of(id)});
	if (found.empty())
		mentor_not_found(id);
	const mentor m = read_mentor(found[0]);
	found.free();
	return m;
}

} // namespace

std::span<mentor> lock_mentors(std::span<const uuid> ids, TimestampTz as_of, locking how)
{
	statement &lock = how == locking::wait ? lock_many : lock_free;
	return read_mentors(lock.run({array_of(ids.size(), UUIDOID, [&](std::size_t i) { return of(ids[i]); })}), as_of);
}

mentor lock_mentor(const uuid &id) { return require_one(lock_one, id); }

mentor find_mentor(const uuid &id) { return require_one(read_one, id); }

std::span<overtaken> read_facts(std::span<mentor> mentors)
{
	const rows  found = facts.run({ids_of(mentors), versions_of(mentors)});
	auto        changes = allocate<overtaken>(found.count);
	std::size_t n = 0;
	for (std::uint64_t i = 0; i < found.count; ++i) {
		const row         r = found[i];
		const std::size_t index = static_cast<std::size_t>(r.bigint(1)) - 1;
		mentor           &m = mentors[index];
		if (const auto effective = r.optional_date(2))
			m.last_effective = *effective;
		if (r.is_null(3))
			continue;
		const certification c = {*parse_cert_status(r.text(4)), r.date(5), r.integer(6), r.boolean(7)};
		m.against.consider(c, m.today);
		const cert_status now = status_on(c, m.today);
		if (now != c.stored)
			changes[n++] = {r.id(3), index, now};
	}
	found.free();
	return changes.first(n);
}

void read_held_pauses(std::span<mentor> mentors)
{
	const rows found = held_pauses.run({ids_of(mentors), versions_of(mentors)});
	for (std::uint64_t i = 0; i < found.count; ++i) {
		const row r = found[i];
		mentor   &m = mentors[static_cast<std::size_t>(r.bigint(1)) - 1];
		m.held = {{true, r.optional_date(4)}, r.id(2), *parse_reason(r.text(3)), r.optional_id(5)};
	}
	found.free();
}

} // namespace peer_mentor
