#include "purge.hpp"

namespace peer_mentor {

namespace {

struct purge_kind {
	const char *name;
	const char *setting;
	const char *what;
	int         days;
	statement   remove; // before $1, at most $2
};

#define OLD_ROWS(table, condition) \
	"DELETE FROM " table " WHERE ctid = ANY (ARRAY(SELECT o.ctid FROM " table " o WHERE " condition " LIMIT $2))"

constinit purge_kind kinds[] = {
	{"idempotent_requests",
     "peer_mentor.keep_idempotent_requests",
     "Days for which the first result of a call with an idempotency key is kept.",
     30,
     {OLD_ROWS("public.idempotent_requests", "o.created_at < $1"), 2, {TIMESTAMPTZOID, INT4OID}}},
	{"outbox_events",
     "peer_mentor.keep_delivered_events",
     "Days for which delivered events are kept.",
     90,
     {OLD_ROWS(
		  "public.outbox_events",
		  "o.delivered_at < $1 AND NOT EXISTS (SELECT FROM public.undeliverable_notifications u WHERE u.event_id = o.id AND u.resolved_at IS NULL)"),
      2, {TIMESTAMPTZOID, INT4OID}}},
	// the portal's last word about a mentor who is erased, and what a worker had at hand at that moment
	{"events_of_erased",
     "peer_mentor.keep_events_of_erased",
     "Days for which the events of an erased mentor are kept after the portal was told.",
     1,
     {OLD_ROWS(
		  "public.outbox_events",
		  "o.mentor_id IN (SELECT r.mentor_id FROM public.outbox_events r WHERE r.event_type = 'mentor_removed' AND r.delivered_at < $1 "
		  "AND NOT EXISTS (SELECT FROM public.peer_mentors m WHERE m.id = r.mentor_id))"),
      2,
      {TIMESTAMPTZOID, INT4OID}}},
	{"job_run_failures",
     "peer_mentor.keep_resolved_failures",
     "Days for which resolved failures of the nightly run are kept.",
     90,
     {OLD_ROWS("public.job_run_failures", "o.resolved_at < $1"), 2, {TIMESTAMPTZOID, INT4OID}}},
	{"status_discrepancies",
     "peer_mentor.keep_resolved_discrepancies",
     "Days for which resolved findings of the reconciliation are kept.",
     365,
     {OLD_ROWS("public.status_discrepancies", "o.resolved_at < $1"), 2, {TIMESTAMPTZOID, INT4OID}}},
	{"job_runs",
     "peer_mentor.keep_job_runs",
     "Days for which finished runs are kept; longer where the history refers to them.",
     90,
     {OLD_ROWS(
		  "public.job_runs",
		  "o.finished_at < $1 AND NOT EXISTS (SELECT FROM public.peer_mentor_status_history h WHERE h.job_run_id = o.id) "
		  "AND NOT EXISTS (SELECT FROM public.job_run_failures f WHERE f.job_run_id = o.id AND f.resolved_at IS NULL)"),
      2,
      {TIMESTAMPTZOID, INT4OID}}},
	// the caller's own, by pg_cron's row security
	{"cron_job_run_details",
     "peer_mentor.keep_cron_job_runs",
     "Days for which pg_cron's details of the nightly runs are kept.",
     30,
     {OLD_ROWS("cron.job_run_details", "COALESCE(o.end_time, o.start_time) < $1 AND o.database = current_database() "
                                       "AND o.command = 'CALL peer_mentor.run_nightly()'"),
      2,
      {TIMESTAMPTZOID, INT4OID}}},
};

#undef OLD_ROWS

constexpr int cron_kind = static_cast<int>(lengthof(kinds)) - 1;

// Only pg_cron's own table: in a schema of that name anybody could have made another, with triggers.
statement find_cron_details = {
	"SELECT 1 FROM pg_extension e "
	"  JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e' "
	"  JOIN pg_class c ON c.oid = d.objid "
	"  JOIN pg_namespace n ON n.oid = c.relnamespace "
	" WHERE e.extname = 'pg_cron' AND n.nspname = 'cron' AND c.relname = 'job_run_details' "
	"   AND has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'DELETE')",
	0,
	{}};

TimestampTz first_kept(const nightly_run &run, const purge_kind &k) { return run.as_of - k.days * USECS_PER_DAY; }

std::int64_t remove_batch(const nightly_run &run, purge_kind &k)
{
	k.remove.write({of_time(first_kept(run, k)), of(run.batch_size)});
	return static_cast<std::int64_t>(SPI_processed);
}

std::int64_t remove_cron_details(const nightly_run &run)
{
	const rights before = act_as(run.caller);
	std::int64_t n = 0;
	if (!find_cron_details.run({}).empty()) {
		kinds[cron_kind].remove.run({of_time(first_kept(run, kinds[cron_kind])), of(run.batch_size)});
		n = static_cast<std::int64_t>(SPI_processed);
	}
	act_as_before(before);
	return n;
}

} // namespace

extern constinit const int purge_kind_count = static_cast<int>(lengthof(kinds));

bool purge_batch(nightly_run &run)
{
	auto removed = allocate<std::int64_t>(lengthof(kinds));
	bool more = false;
	for (int i = 0; i < purge_kind_count; ++i) {
		const auto k = static_cast<std::size_t>(i);
		removed[k] = i == cron_kind ? remove_cron_details(run) : remove_batch(run, kinds[k]);
		more = more || removed[k] == run.batch_size;
	}
	for (std::size_t k = 0; k < lengthof(kinds); ++k)
		run.removed[k] += removed[k];
	return more;
}

void describe_purge(const nightly_run &run, const step_count &count, StringInfo json)
{
	for (std::size_t k = 0; k < lengthof(kinds); ++k)
		appendStringInfo(json, "\"%s\": " INT64_FORMAT ", ", kinds[k].name, static_cast<int64>(run.removed[k]));
	appendStringInfo(json, "\"failed\": " INT64_FORMAT, static_cast<int64>(count.failed));
}

void define_retention_settings()
{
	for (purge_kind &k : kinds)
		DefineCustomIntVariable(k.setting, k.what, nullptr, &k.days, k.days, 1, 36500, PGC_USERSET, 0, nullptr, nullptr,
		                        nullptr);
}

} // namespace peer_mentor
