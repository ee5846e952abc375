// CALL peer_mentor.run_nightly(): the steps in their order, under a lease.
#include "nightly.hpp"

#include "pg/boundary.hpp"
#include "pg/graceful_stop.hpp"
#include "pg/subtransaction.hpp"
#include "pg/timeouts.hpp"
#include "purge.hpp"
#include "storage.hpp"

namespace peer_mentor {

namespace {

constexpr std::int32_t largest_batch = 100000;
constexpr int          most_passes = 5;
constexpr long         pause_between_passes_us = 200000;

// What failed before, and neither failed again nor was locked now that the whole step is done.
statement resolve_former_failures = {
	"UPDATE public.job_run_failures SET resolved_at = clock_timestamp() WHERE step = $1 AND job_run_id <> $2 AND resolved_at IS NULL",
	2,
	{TEXTOID, UUIDOID}};

// A cancel that comes now must not keep the run from saying how it ended: it would hold its lease as long as the
// session lives.
void finish(const nightly_run &run, std::string_view status, const char *error)
{
	HOLD_INTERRUPTS();
	const rights before = begin_work(run);
	end_lease(run.held, status, counts_json(run), error);
	end_owned(before);
	commit_without_timeout();
	RESUME_INTERRUPTS();
}

void count_step(void *arg)
{
	auto        &run = *static_cast<nightly_run *>(arg);
	const rights before = begin_work(run);
	run.count().total = run.step->count(run);
	end_owned(before);
}

void finish_step(void *arg)
{
	const nightly_run &run = *static_cast<const nightly_run *>(arg);
	const rights       before = begin_work(run);
	run.step->finish(run);
	resolve_former_failures.write({of(std::string_view(run.step->name)), of(run.held.run)});
	end_owned(before);
}

void send_heartbeat(void *arg)
{
	const nightly_run &run = *static_cast<const nightly_run *>(arg);
	const rights       before = begin_work(run);
	keep_lease(run.held, run.step->name, counts_json(run));
	end_owned(before);
}

struct sweep_batch {
	nightly_run *run;
	bool         more;
};

void sweep_once(void *arg)
{
	auto        &s = *static_cast<sweep_batch *>(arg);
	const rights before = begin_work(*s.run);
	s.more = s.run->step->sweep(*s.run);
	end_owned(before);
}

// What is swept concerns no mentor, so an error ends the step, not the run.
void run_sweeps(nightly_run &run)
{
	sweep_batch next = {&run, true};
	while (next.more) {
		if (ErrorData *e = attempt(sweep_once, &next)) {
			if (concerns_everybody(e))
				stop_run(run, e);
			++run.count().failed;
			note_failure(run, nullptr, e);
			return commit_batch(run);
		}
		if (next.more)
			commit_batch(run);
	}
}

void run_passes(nightly_run &run)
{
	step_count &count = run.count();
	attempt_or_stop(run, count_step, &run);
	if (count.total > 0)
		commit_batch(run);
	run.later.count = 0;
	if (count.total > 0)
		make_first_pass(run);
	for (int pass = 2; run.later.count > 0 && !run.rehearsal && pass <= most_passes; ++pass) {
		pg_usleep(pause_between_passes_us);
		make_later_pass(run);
	}
	count.skipped = static_cast<std::int64_t>(run.later.count);
}

void require_top_level(FunctionCallInfo fcinfo)
{
	const bool atomic = fcinfo->context == nullptr || !IsA(fcinfo->context, CallContext) ||
	                    castNode(CallContext, fcinfo->context)->atomic;
	if (atomic)
		ereport(ERROR,
		        (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION), errmsg("run_nightly() cannot run inside a transaction block"),
		         errdetail("It commits every batch."),
		         errhint("CALL peer_mentor.run_nightly() as a statement of its own.")));
	if (RecoveryInProgress())
		ereport(ERROR, (errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION), errmsg("run_nightly() cannot run during recovery"),
		                errhint("Run it on the primary server.")));
}

std::optional<lease> begin_run(Oid owner, TimestampTz as_of)
{
	const rights before = begin_owned(owner);
	const auto   held = take_lease("nightly", as_of);
	end_owned(before);
	commit_without_timeout();
	return held;
}

void run_steps(void *arg)
{
	nightly_run &run = *static_cast<nightly_run *>(arg);
	for (int i = 0; i < nightly_step_count; ++i) {
		run.step = &nightly_steps[i];
		run_step(run);
	}
	finish(run, "succeeded", nullptr);
}

} // namespace

rights begin_work(const nightly_run &run)
{
	const rights before = begin_owned(run.owner);
	set_config_option("lock_timeout", "0", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return before;
}

step_count &nightly_run::count() const { return counts[step - nightly_steps]; }

nightly_run make_run(const lease &held, Oid owner, TimestampTz as_of, std::int32_t batch_size, bool rehearsal)
{
	return {held,
	        owner,
	        GetUserId(),
	        as_of,
	        GetCurrentTimestamp(),
	        batch_size,
	        rehearsal,
	        allocate<step_count>(static_cast<std::size_t>(nightly_step_count)).data(),
	        allocate<std::int64_t>(purge_kind_count).data(),
	        {},
	        {CurrentMemoryContext},
	        nullptr};
}

const char *counts_json(const nightly_run &run)
{
	StringInfoData json;
	initStringInfo(&json);
	for (int i = 0; i < nightly_step_count; ++i) {
		appendStringInfo(&json, "%s\"%s\": {", i == 0 ? "{" : ", ", nightly_steps[i].name);
		nightly_steps[i].describe(run, run.counts[i], &json);
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoChar(&json, '}');
	return json.data;
}

void stop_run(nightly_run &run, ErrorData *e)
{
	if (!run.rehearsal)
		finish(run, e->sqlerrcode == ERRCODE_QUERY_CANCELED ? "interrupted" : "failed",
		       stop_requested() ? "the worker was told to stop" : e->message);
	ReThrowError(e);
}

void commit_batch(nightly_run &run)
{
	if (run.rehearsal)
		return;
	if (ErrorData *e = attempt(send_heartbeat, &run)) {
		if (e->sqlerrcode == ERRCODE_QUERY_CANCELED)
			stop_run(run, e);
		ReThrowError(e);
	}
	commit_without_timeout();
}

void run_step(nightly_run &run)
{
	if (run.step->sweep != nullptr)
		run_sweeps(run);
	else
		run_passes(run);
	// A rehearsal holds every lock to its end, so it does not ask for those that only tidy up.
	if (run.count().skipped == 0 && run.count().failed == 0 && !run.rehearsal)
		attempt_or_stop(run, finish_step, &run);
}

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_run_nightly)
{
	const arguments args{fcinfo};
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	const Oid owner = require_storage();
	require_operator(owner, "run the nightly run");
	const TimestampTz as_of = args.is_null(0) ? GetCurrentTimestamp() : PG_GETARG_TIMESTAMPTZ(0);
	require_argument(args, 1, "batch_size");
	const std::int32_t batch_size = PG_GETARG_INT32(1);
	if (batch_size < 1 || batch_size > largest_batch)
		invalid_argument("batch_size", psprintf("batch size %d is not between 1 and %d", batch_size, largest_batch));
	if (TIMESTAMP_NOT_FINITE(as_of))
		invalid_argument("as_of", "as_of must be finite");
	require_top_level(fcinfo);

	take_timeouts_away(); // the whole run is one statement
	const auto held = begin_run(owner, as_of);
	if (!held)
		ereport(NOTICE, (errmsg("another run is in progress; this one is skipped")));
	else {
		nightly_run run = make_run(*held, owner, as_of, batch_size, false);
		stop_gracefully(run_steps, &run);
	}
	SPI_finish();
	PG_RETURN_NULL();
}
