// coordinator_roster(): one query, its order from indexes; and the mirrors in the status that these are made of.
#include "roster.hpp"

#include "call.hpp"
#include "core/cursor.hpp"
#include "pg/boundary.hpp"

extern "C" {
#include "mb/pg_wchar.h"
#include "utils/tuplestore.h"
}

namespace peer_mentor {

namespace {

constexpr std::int32_t largest_page = 500;
constexpr std::int32_t largest_horizon = 36500;
constexpr std::size_t  longest_search = 200;

statement mirror_expiry = {
	"UPDATE public.peer_mentor_status s SET next_expires_on = n.expires_at "
	"  FROM unnest($1) u (id) "
	" CROSS JOIN LATERAL (SELECT min(c.expires_at) AS expires_at FROM public.peer_mentor_certifications c "
	"                      WHERE c.peer_mentor_id = u.id AND c.status = 'active') n "
	" WHERE s.mentor_id = u.id AND s.next_expires_on IS DISTINCT FROM n.expires_at",
	1,
	{UUIDARRAYOID}};

#define LOCK_STATUSES "SELECT s.mentor_id FROM public.peer_mentor_status s WHERE s.mentor_id = ANY ($1) ORDER BY s.mentor_id FOR NO KEY UPDATE"

statement lock_statuses = {LOCK_STATUSES, 1, {UUIDARRAYOID}};
statement lock_free_statuses = {LOCK_STATUSES " SKIP LOCKED", 1, {UUIDARRAYOID}};

#undef LOCK_STATUSES

// A statement of its own, with a snapshot from after the lock.
statement mirror_all = {
	"UPDATE public.peer_mentor_status s "
	"   SET organisation_id = n.organisation_id, roster_name = n.name, on_roster = n.present, next_expires_on = n.expires_at "
	"  FROM unnest($1) u (id) "
	" CROSS JOIN LATERAL (SELECT m.organisation_id, left(COALESCE(m.display_name, ''), 100) AS name, m.deleted_at IS NULL AS present, "
	"                            (SELECT min(c.expires_at) FROM public.peer_mentor_certifications c "
	"                              WHERE c.peer_mentor_id = m.id AND c.status = 'active') AS expires_at "
	"                       FROM public.peer_mentors m WHERE m.id = u.id) n "
	" WHERE s.mentor_id = u.id "
	"   AND (s.organisation_id, s.roster_name, s.on_roster, s.next_expires_on) IS DISTINCT FROM "
	"       (n.organisation_id, n.name, n.present, n.expires_at)",
	1,
	{UUIDARRAYOID}};

statement has_any_role = {
	"SELECT EXISTS (SELECT FROM public.role_assignments r WHERE r.user_id = $1 AND r.ended_at IS NULL) "
	"    OR EXISTS (SELECT FROM public.coordinator_assignments a WHERE a.coordinator_id = $1 AND a.ended_at IS NULL)",
	1,
	{UUIDOID}};

// The expression of the indexes peer_mentor_status_chapter_id_status_idx and peer_mentor_status_roster_idx.
#define DUE_ON                                                                          \
	"(CASE WHEN s.status = 'expired_cert' THEN '0001-01-01'::date "                     \
	"      ELSE COALESCE(LEAST(s.expected_return_date, s.next_expires_on), 'infinity'::date) END)"

// The next rows of one range x, in order; what follows FROM and ON names the range.
#define NEXT_OF(tables, range)                                                                                                    \
	"(SELECT s.mentor_id, " DUE_ON " AS due_on, s.roster_name "                                                                   \
	"   FROM public.peer_mentor_status s " tables                                                                                 \
	"  WHERE " range " AND s.on_roster "                                                                                          \
	"    AND (" DUE_ON ", s.roster_name, s.mentor_id) > ($3, $4, $5) AND " DUE_ON " <= x.last_on "                                \
	"    AND (NOT $9 OR s.expected_return_date < x.today) "                                                                       \
	"    AND ($10 IS NULL OR strpos(lower(CASE WHEN length(s.roster_name) < 100 THEN s.roster_name "                              \
	"            ELSE (SELECT m.display_name::text FROM public.peer_mentors m WHERE m.id = s.mentor_id) END), lower($10)) > 0) "  \
	"    AND ($8 IS NULL OR (s.status <> 'expired_cert' AND s.next_expires_on <= x.today + $8) "                                  \
	"         OR (s.status = 'expired_cert' AND EXISTS (" NEXT_CERTIFICATION(" AND c.expires_at <= x.today + $8") "))) "          \
	"    AND ($7 IS NULL OR EXISTS (SELECT FROM asked) OR EXISTS (SELECT FROM public.mentor_chapters l "                          \
	"            WHERE l.mentor_id = s.mentor_id AND l.chapter_id = $7 AND l.until IS NULL)) "                                    \
	"  ORDER BY " DUE_ON ", s.roster_name, s.mentor_id LIMIT $2) s "

#define NEXT_CERTIFICATION(more)                                                                                              \
	"SELECT c.certification_type, c.expires_at FROM public.peer_mentor_certifications c "                                     \
	"  JOIN public.certification_types t ON t.organisation_id = c.organisation_id AND t.code = c.certification_type "         \
	" WHERE c.peer_mentor_id = s.mentor_id AND (c.status = 'active' OR (c.status = 'expired' AND t.required))" more

// mine: the caller's roles.  asked: the chapter that was asked for, where the caller sees all of it; otherwise it
// filters what they see.  x: whole organisations and chapters that the caller sees.  A range gives at most a page, and
// a mentor's place does not depend on the range, so the first page of all is among the first pages of each.
statement find_page = {
	"WITH mine AS MATERIALIZED ("
	"     SELECT r.organisation_id, r.chapter_id FROM public.role_assignments r WHERE r.user_id = $1 AND r.ended_at IS NULL "
	"), asked AS MATERIALIZED ("
	"     SELECT c.organisation_id, c.id FROM public.chapters c "
	"      WHERE c.id = $7 AND EXISTS (SELECT FROM mine q WHERE q.organisation_id = c.organisation_id "
	"                                     AND (q.chapter_id IS NULL OR q.chapter_id = c.id)) "
	"), day AS MATERIALIZED ("
	"     SELECT o.id, o.today, LEAST(CASE WHEN $9 THEN o.today - 1 ELSE 'infinity'::date END, COALESCE(o.today + $8, 'infinity'::date)) AS last_on "
	"       FROM (SELECT g.id, (now() AT TIME ZONE g.time_zone)::date AS today FROM public.organisations g) o "
	"      WHERE o.id IN (SELECT q.organisation_id FROM mine q UNION SELECT m.organisation_id FROM public.coordinator_assignments a "
	"                       JOIN public.peer_mentors m ON m.id = a.mentor_id WHERE a.coordinator_id = $1 AND a.ended_at IS NULL) "
	"), x AS MATERIALIZED ("
	"     SELECT v.organisation_id, v.chapter_id, d.today, d.last_on "
	"       FROM (SELECT a.organisation_id, a.id FROM asked a "
	"             UNION "
	"             SELECT q.organisation_id, q.chapter_id FROM mine q "
	"              WHERE NOT EXISTS (SELECT FROM asked) "
	"                AND (q.chapter_id IS NULL OR NOT EXISTS (SELECT FROM mine w WHERE w.organisation_id = q.organisation_id AND w.chapter_id IS NULL)) "
	"            ) v (organisation_id, chapter_id) "
	"       JOIN day d ON d.id = v.organisation_id "
	"), wanted AS MATERIALIZED ("
	"     SELECT DISTINCT w.status::public.mentor_status AS status FROM unnest($6) w (status) WHERE NOT $9 OR w.status = 'paused' "
	"), place AS MATERIALIZED ("
	"     SELECT p.mentor_id, p.due_on, p.roster_name FROM ("
	"            SELECT s.* FROM x CROSS JOIN wanted w "
	"             CROSS JOIN LATERAL " NEXT_OF("", "s.organisation_id = x.organisation_id AND s.status = w.status")
	"             WHERE x.chapter_id IS NULL "
	"            UNION "
	"            SELECT s.* FROM x CROSS JOIN wanted w "
	"             CROSS JOIN LATERAL " NEXT_OF("", "s.chapter_id = x.chapter_id AND s.status = w.status")
	"             WHERE x.chapter_id IS NOT NULL "
	"            UNION "
	"            SELECT s.* FROM x "
	"             CROSS JOIN LATERAL " NEXT_OF("JOIN public.mentor_chapters b ON b.mentor_id = s.mentor_id",
	                                           "b.chapter_id = x.chapter_id AND b.until IS NULL AND NOT b.is_primary "
	                                           "AND s.status = ANY (ARRAY(SELECT w.status FROM wanted w))")
	"             WHERE x.chapter_id IS NOT NULL "
	"            UNION "
	"            SELECT s.* FROM day x "
	"             CROSS JOIN LATERAL " NEXT_OF("JOIN public.coordinator_assignments a ON a.mentor_id = s.mentor_id "
	                                           "JOIN public.peer_mentors g ON g.id = s.mentor_id",
	                                           "a.coordinator_id = $1 AND a.ended_at IS NULL AND g.organisation_id = x.id "
	                                           "AND s.status = ANY (ARRAY(SELECT w.status FROM wanted w))")
	"             WHERE NOT EXISTS (SELECT FROM asked) "
	"            ) p "
	"      ORDER BY p.due_on, p.roster_name, p.mentor_id LIMIT $2 "
	") "
	"SELECT p.mentor_id, m.display_name::text, s.chapter_id, "
	"       ARRAY(SELECT l.chapter_id FROM public.mentor_chapters l WHERE l.mentor_id = p.mentor_id AND l.until IS NULL "
	"              ORDER BY l.is_primary DESC, l.since, l.chapter_id), "
	"       s.status::text, s.version, s.pause_reason::text, "
	"       CASE WHEN s.status = 'paused' THEN (SELECT r.paused_at FROM public.pause_records r "
	"                                            WHERE r.mentor_id = p.mentor_id AND r.status IN ('paused', 'expired_cert')) END, "
	"       s.expected_return_date, COALESCE(s.expected_return_date < o.today, false), "
	"       n.certification_type, n.expires_at, n.expires_at - o.today, "
	"       ARRAY(SELECT r.user_id FROM public.mentor_chapters l "
	"               JOIN public.role_assignments r ON r.organisation_id = m.organisation_id AND r.chapter_id = l.chapter_id "
	"              WHERE l.mentor_id = p.mentor_id AND l.until IS NULL AND r.role = 'coordinator' AND r.ended_at IS NULL "
	"              UNION "
	"             SELECT a.coordinator_id FROM public.coordinator_assignments a WHERE a.mentor_id = p.mentor_id AND a.ended_at IS NULL "
	"              ORDER BY 1), "
	"       (SELECT count(*) FROM public.undeliverable_notifications u WHERE u.mentor_id = p.mentor_id AND u.resolved_at IS NULL), "
	"       (SELECT count(*) FROM public.status_discrepancies f WHERE f.mentor_id = p.mentor_id AND f.resolved_at IS NULL), "
	"       p.due_on, p.roster_name "
	"  FROM place p "
	"  JOIN public.peer_mentor_status s ON s.mentor_id = p.mentor_id "
	"  JOIN public.peer_mentors m ON m.id = p.mentor_id AND m.deleted_at IS NULL "
	"  LEFT JOIN LATERAL (SELECT (now() AT TIME ZONE g.time_zone)::date AS today FROM public.organisations g WHERE g.id = m.organisation_id) o ON true "
	"  LEFT JOIN LATERAL (" NEXT_CERTIFICATION(" ORDER BY c.expires_at, c.certification_type LIMIT 1") ") n ON true "
	" ORDER BY p.due_on, p.roster_name, p.mentor_id",
	10,
	{UUIDOID, INT4OID, DATEOID, TEXTOID, UUIDOID, TEXTARRAYOID, UUIDOID, INT4OID, BOOLOID, TEXTOID}};

#undef NEXT_CERTIFICATION
#undef NEXT_OF
#undef DUE_ON

constexpr int shown_columns = 16;

struct question {
	std::int32_t                    page_size;
	place                           after;
	value                           statuses;
	std::optional<uuid>             chapter;
	std::optional<std::int32_t>     horizon;
	bool                            overdue_only;
	std::optional<std::string_view> search;
};

bool is_text(std::string_view s)
{
	return memchr(s.data(), 0, s.size()) == nullptr && pg_verifymbstr(s.data(), static_cast<int>(s.size()), true);
}

place read_cursor(std::optional<std::string_view> after)
{
	if (!after)
		return {DATEVAL_NOBEGIN, {}, {}};
	const auto buffer = allocate<char>(cursor::buffer_size).first<cursor::buffer_size>();
	const auto at = cursor::decode(*after, buffer);
	if (!at || !is_text(at->name))
		invalid_argument("after", "argument \"after\" is not a cursor of the roster",
		                 "Give column cursor of the last row of the page before.");
	return *at;
}

value read_statuses(const arguments &args, int i)
{
	if (args.is_null(i))
		return array_of(status_labels.size(), TEXTOID, [](std::size_t n) { return of(status_labels[n]); });
	Datum *datums;
	bool  *nulls;
	int    n;
	deconstruct_array(DatumGetArrayTypeP(args.fcinfo->args[i].value), TEXTOID, -1, false, TYPALIGN_INT, &datums, &nulls,
	                  &n);
	if (n == 0)
		invalid_argument("statuses", "argument \"statuses\" must not be empty", "Leave it out for every status.");
	for (int k = 0; k < n; ++k)
		if (nulls[k])
			invalid_argument("statuses", "argument \"statuses\" must not contain nulls");
		else if (!parse_status(view_of_datum(datums[k])))
			invalid_argument("statuses", psprintf("status \"%s\" is not known", to_cstring(view_of_datum(datums[k]))));
	return of_datum(args.fcinfo->args[i].value);
}

question read_question(const arguments &args)
{
	require_argument(args, 0, "page_size");
	require_argument(args, 5, "overdue_only");
	question q{};
	q.page_size = DatumGetInt32(args.fcinfo->args[0].value);
	if (q.page_size < 1 || q.page_size > largest_page)
		invalid_argument("page_size", psprintf("page size %d is not between 1 and %d", q.page_size, largest_page));
	q.after = read_cursor(args.optional_text(1));
	q.statuses = read_statuses(args, 2);
	q.chapter = args.optional_id(3);
	if (!args.is_null(4)) {
		q.horizon = DatumGetInt32(args.fcinfo->args[4].value);
		if (*q.horizon < 0 || *q.horizon > largest_horizon)
			invalid_argument("expiring_within_days",
			                 psprintf("%d days are not between 0 and %d", *q.horizon, largest_horizon));
	}
	q.overdue_only = DatumGetBool(args.fcinfo->args[5].value);
	q.search = args.optional_text(6);
	if (q.search && q.search->size() > longest_search)
		invalid_argument("search",
		                 psprintf("argument \"search\" is longer than %d bytes", static_cast<int>(longest_search)));
	if (q.search && q.search->empty())
		q.search.reset();
	return q;
}

Datum cursor_of(const row &r)
{
	place            p{r.date(shown_columns + 1), {}, r.text(shown_columns + 2)};
	const uuid       id = r.id(1);
	const std::size_t size = cursor::encoded_size(cursor::fixed_size + p.name.size());
	std::copy(std::begin(id.bytes), std::end(id.bytes), p.mentor.begin());
	const auto text = allocate<char>(size);
	return of(std::string_view(text.data(), cursor::encode(p, text.data()))).datum;
}

// Whatever the planner believes of a table that was just filled, a page is read in the order of an index.
rows read_page(const uuid &caller, const question &q)
{
	const int level = NewGUCNestLevel();
	for (const char *name : {"enable_sort", "enable_bitmapscan"})
		set_config_option(name, "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	uuid from;
	std::copy(q.after.mentor.begin(), q.after.mentor.end(), from.bytes);
	const rows found = find_page.run(
		{of(caller), of(q.page_size), of_day(q.after.due_on), of(q.after.name), of(from), q.statuses, of(q.chapter),
	     of_optional(q.horizon, [](std::int32_t n) { return of(n); }), of(q.overdue_only), of(q.search)});
	AtEOXact_GUC(true, level);
	return found;
}

void give(ReturnSetInfo *result, const rows &found)
{
	for (std::uint64_t i = 0; i < found.count; ++i) {
		const row r = found[i];
		Datum     values[shown_columns + 1];
		bool      nulls[shown_columns + 1];
		r.copy(result->setDesc, shown_columns, values, nulls);
		values[shown_columns] = cursor_of(r);
		nulls[shown_columns] = false;
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

} // namespace

void mirror_next_expiry(std::span<const uuid> mentors)
{
	if (!mentors.empty())
		mirror_expiry.write({array_of(mentors.size(), UUIDOID, [&](std::size_t i) { return of(mentors[i]); })});
}

void mirror_roster(std::span<const uuid> mentors)
{
	mirror_all.write({array_of(mentors.size(), UUIDOID, [&](std::size_t i) { return of(mentors[i]); })});
}

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_coordinator_roster)
{
	InitMaterializedSRF(fcinfo, 0);
	const arguments args{fcinfo};
	const call      c = begin_reading_call();
	const uuid      caller = require_app_user(c);
	if (!has_any_role.run({of(caller)})[0].boolean(1))
		raise_not_allowed();
	give(reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo), read_page(caller, read_question(args)));
	end_call(c);
	PG_RETURN_NULL();
}

PEER_MENTOR_FUNCTION(peer_mentor_mirror_roster)
{
	const arguments args{fcinfo};
	require_argument(args, 0, "mentor_ids");
	require_argument(args, 1, "wait");
	const call c = begin_system_call();
	const rows locked = (PG_GETARG_BOOL(1) ? lock_statuses : lock_free_statuses).run({of_datum(PG_GETARG_DATUM(0))});
	mirror_all.write({array_of(locked.count, UUIDOID, [&](std::size_t i) { return locked[i].column(1, UUIDOID); })});
	end_call(c);
	PG_RETURN_VOID();
}
