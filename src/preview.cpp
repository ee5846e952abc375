// preview_nightly: the run itself, undone as soon as it is known what it did.
#include "nightly.hpp"
#include "pg/boundary.hpp"
#include "pg/subtransaction.hpp"
#include "storage.hpp"

extern "C" {
#include "utils/jsonb.h"
#include "utils/tuplestore.h"
}

namespace peer_mentor {

namespace {

constexpr std::int32_t batch_size = 1000;

statement newest_event = {"SELECT COALESCE(max(e.id), 0) FROM public.outbox_events e", 0, {}};

// Whatever a run does to a mentor is told, so its events say what it did.  Those of others who commit
// meanwhile do not name this run.
statement find_effects = {
	"SELECT e.event_type, e.mentor_id, e.payload - ARRAY['schema_version', 'mentor_id', 'organisation_id', 'job_run_id', 'actor_kind', 'version'] "
	"  FROM public.outbox_events e "
	" WHERE e.id > $1 AND e.channel = 'notification' AND e.payload ->> 'job_run_id' = $2::text ORDER BY e.id",
	2,
	{INT8OID, UUIDOID}};

statement find_failures = {
	"SELECT 'failed', f.mentor_id, jsonb_build_object('sqlstate', f.sqlstate, 'message', f.message) "
	"  FROM public.job_run_failures f WHERE f.job_run_id = $1 AND f.step = $2 ORDER BY f.id",
	2,
	{UUIDOID, TEXTOID}};

struct preview {
	nightly_run    run;
	ReturnSetInfo *result;
	std::int64_t   seen; // newest event that was reported
};

void report(const preview &p, const rows &found)
{
	for (std::uint64_t i = 0; i < found.count; ++i) {
		const row   r = found[i];
		const value mentor = r.column(2, UUIDOID);
		Datum       values[] = {of(std::string_view(p.run.step->name)).datum, r.present(1, TEXTOID), mentor.datum,
		                        r.present(3, JSONBOID)};
		bool        nulls[] = {false, false, mentor.null, false};
		tuplestore_putvalues(p.result->setResult, p.result->setDesc, values, nulls);
	}
}

void report_counts(const preview &p)
{
	StringInfoData json;
	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	p.run.step->describe(p.run, p.run.count(), &json);
	appendStringInfoChar(&json, '}');
	Datum values[] = {of(std::string_view(p.run.step->name)).datum, of(std::string_view("counts")).datum, 0,
	                  DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data))};
	bool  nulls[] = {false, false, true, false};
	tuplestore_putvalues(p.result->setResult, p.result->setDesc, values, nulls);
}

void report_step(preview &p)
{
	const rights before = begin_owned(p.run.owner);
	report(p, find_effects.run({of(p.seen), of(p.run.held.run)}));
	report(p, find_failures.run({of(p.run.held.run), of(std::string_view(p.run.step->name))}));
	p.seen = newest_event.run({})[0].bigint(1);
	report_counts(p);
	end_owned(before);
}

void rehearse_run(void *arg)
{
	preview     &p = *static_cast<preview *>(arg);
	const rights before = begin_owned(p.run.owner);
	p.run.held = note_rehearsal("nightly", p.run.as_of);
	p.seen = newest_event.run({})[0].bigint(1);
	end_owned(before);
	for (int i = 0; i < nightly_step_count; ++i) {
		p.run.step = &nightly_steps[i];
		run_step(p.run);
		report_step(p);
	}
}

} // namespace

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_preview_nightly)
{
	InitMaterializedSRF(fcinfo, 0);
	const arguments args{fcinfo};
	SPI_connect();
	const Oid owner = require_storage();
	require_operator(owner, "preview the nightly run");
	const TimestampTz as_of = args.is_null(0) ? GetCurrentTimestamp() : PG_GETARG_TIMESTAMPTZ(0);
	if (TIMESTAMP_NOT_FINITE(as_of))
		invalid_argument("as_of", "as_of must be finite");
	preview p = {make_run({}, owner, as_of, batch_size, true), reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo),
	             0};
	if (ErrorData *e = rehearse(rehearse_run, &p))
		ReThrowError(e);
	SPI_finish();
	PG_RETURN_NULL();
}
