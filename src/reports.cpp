// status_report() and freeze_report(): who may, for which chapters, and keeping it.  The numbers are made in storage.
#include "call.hpp"
#include "pg/boundary.hpp"

extern "C" {
#include "utils/tuplestore.h"
}

namespace peer_mentor {

namespace {

constexpr int report_columns = 10;

statement find_organisation = {"SELECT 1 FROM public.organisations WHERE id = $1", 1, {UUIDOID}};

// The row is held until the report is kept, so that reports of one period are counted without gaps.
statement lock_organisation = {"SELECT 1 FROM public.organisations WHERE id = $1 FOR NO KEY UPDATE", 1, {UUIDOID}};

statement find_rows = {
	"SELECT r.* FROM peer_mentor_private.report_rows($1, $2, $3) r WHERE $4 IS NULL OR r.chapter_id = ANY ($4)",
	4,
	{UUIDOID, DATEOID, DATEOID, UUIDARRAYOID}};

statement administered = {
	"SELECT bool_or(r.role = 'org_admin'), array_agg(r.chapter_id) FILTER (WHERE r.role = 'chapter_admin') "
	"  FROM public.role_assignments r "
	" WHERE r.user_id = $1 AND r.organisation_id = $2 AND r.ended_at IS NULL AND r.role IN ('org_admin', 'chapter_admin')",
	2,
	{UUIDOID, UUIDOID}};

statement make_document = {
	"SELECT jsonb_build_object('schema_version', 1, 'organisation_id', o.id, 'time_zone', o.time_zone, 'from_day', $2, 'to_day', $3, "
	"       'rows', (SELECT COALESCE(jsonb_agg(to_jsonb(r) - 'position' ORDER BY r.position), '[]') FROM "
	"           (SELECT q.*, row_number() OVER () AS position FROM peer_mentor_private.report_rows($1, $2, $3) q) r)) "
	"  FROM public.organisations o WHERE o.id = $1",
	3,
	{UUIDOID, DATEOID, DATEOID}};

statement keep_document = {
	"INSERT INTO public.report_snapshots (organisation_id, from_day, to_day, number, frozen_by, actor_kind, report, checksum) "
	"SELECT $1, $2, $3, COALESCE(max(s.number), 0) + 1, $4, $5, $6, encode(sha256(convert_to($6::text, 'UTF8')), 'hex') "
	"  FROM public.report_snapshots s WHERE s.organisation_id = $1 AND s.from_day = $2 AND s.to_day = $3 "
	"RETURNING id",
	6,
	{UUIDOID, DATEOID, DATEOID, UUIDOID, TEXTOID, JSONBOID}};

void require_period(const arguments &args)
{
	require_argument(args, 0, "organisation_id");
	require_argument(args, 1, "from_day");
	require_argument(args, 2, "to_day");
}

void require_days(day from, day to)
{
	const day first = to_day({first_year, 1, 1}), last = to_day({last_year, 12, 31});
	if (from < first || from > last)
		invalid_argument("from_day", psprintf("from_day is not between the years %d and %d", first_year, last_year));
	if (to < first || to > last)
		invalid_argument("to_day", psprintf("to_day is not between the years %d and %d", first_year, last_year));
	if (to < from)
		invalid_argument("to_day", "to_day lies before from_day");
}

// The chapters that the caller may see numbers of; null for all.
value reported_chapters(const call &c, const uuid &organisation)
{
	if (!c.is_app_user())
		return {};
	const rows found = administered.run({of(require_app_user(c)), of(organisation)});
	const row  r = found[0];
	if (r.is_null(1))
		raise_not_allowed();
	return r.boolean(1) ? value{} : r.column(2, UUIDARRAYOID);
}

void require_organisation(const uuid &organisation)
{
	if (find_organisation.run({of(organisation)}).empty())
		invalid_argument("organisation_id", psprintf("organisation \"%s\" does not exist", to_cstring(organisation)));
}

} // namespace

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_status_report)
{
	InitMaterializedSRF(fcinfo, 0);
	const arguments args{fcinfo};
	const call      c = begin_reading_call();
	require_period(args);
	const value chapters = reported_chapters(c, args.id(0));
	require_organisation(args.id(0));
	require_days(*args.optional_day(1), *args.optional_day(2));
	const rows  found = find_rows.run({of(args.id(0)), of_day(args.optional_day(1)), of_day(args.optional_day(2)), chapters});
	auto *const result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
	for (std::uint64_t i = 0; i < found.count; ++i) {
		Datum values[report_columns];
		bool  nulls[report_columns];
		found[i].copy(result->setDesc, report_columns, values, nulls);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	end_call(c);
	PG_RETURN_NULL();
}

PEER_MENTOR_FUNCTION(peer_mentor_freeze_report)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_period(args);
	const uuid  organisation = args.id(0);
	const actor by = require_actor_of_organisation(c, organisation);
	require_organisation(organisation);
	require_days(*args.optional_day(1), *args.optional_day(2));
	const value from = of_day(args.optional_day(1)), to = of_day(args.optional_day(2));
	const rows  made = make_document.run({of(organisation), from, to});
	lock_organisation.run({of(organisation)});
	const rows kept =
		keep_document.write({of(organisation), from, to, of(by.user), of(label(by.kind)), made[0].column(1, JSONBOID)});
	uuid *const id = static_cast<uuid *>(SPI_palloc(sizeof(uuid)));
	*id = kept[0].id(1);
	end_call(c);
	return PointerGetDatum(id);
}
