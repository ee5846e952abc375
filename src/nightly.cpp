// CALL peer_mentor.run_nightly(): committed batches, each in a subtransaction.
#include "nightly.hpp"

#include "pg/boundary.hpp"
#include "pg/subtransaction.hpp"
#include "storage.hpp"

#include <algorithm>

namespace peer_mentor {

namespace {

constexpr std::int32_t largest_batch = 100000;
constexpr int          most_passes = 5;
constexpr long         pause_between_passes_us = 200000;

statement record_failures = {
	"INSERT INTO public.job_run_failures (job_run_id, step, mentor_id, sqlstate, message) VALUES ($1, $2, $3, $4, $5) "
	"ON CONFLICT (mentor_id, step) WHERE resolved_at IS NULL DO UPDATE "
	"   SET job_run_id = EXCLUDED.job_run_id, sqlstate = EXCLUDED.sqlstate, message = EXCLUDED.message, attempts = job_run_failures.attempts + 1",
	5,
	{UUIDOID, TEXTOID, UUIDOID, TEXTOID, TEXTOID}};

statement resolve_failures = {
	"UPDATE public.job_run_failures SET resolved_at = clock_timestamp() WHERE step = $1 AND mentor_id = ANY ($2) AND resolved_at IS NULL",
	2,
	{TEXTOID, UUIDARRAYOID}};

struct batch {
	nightly_run                *run;
	std::span<const due_mentor> due;   // sorted by id, each mentor once
	step_count                  count; // of this batch alone
};

const evaluation &recovery_of(const batch &b, const mentor &m)
{
	const auto at = std::lower_bound(b.due.begin(), b.due.end(), m.id,
	                                 [](const due_mentor &d, const uuid &id) { return d.at.mentor < id; });
	return at->recovery;
}

void work_on(void *arg)
{
	batch             &b = *static_cast<batch *>(arg);
	const nightly_run &run = *b.run;
	const rights       before = begin_owned(run.owner);
	make_constraints_immediate(); // so that one that fails is isolated with its mentor

	auto ids = allocate<uuid>(b.due.size());
	for (std::size_t i = 0; i < ids.size(); ++i)
		ids[i] = b.due[i].at.mentor;
	const auto mentors = lock_mentors(ids, run.as_of, locking::skip);
	const auto changes = read_facts(mentors);

	auto recoveries = allocate<evaluation>(mentors.size());
	for (std::size_t i = 0; i < mentors.size(); ++i) {
		recoveries[i] = recovery_of(b, mentors[i]);
		if (recoveries[i].effective_on && *recoveries[i].effective_on > mentors[i].today)
			recoveries[i].effective_on.reset();
	}
	const auto moves = evaluate(mentors, changes, {{actor_kind::system, std::nullopt}, &run.held.run}, recoveries);
	run.step->settle(run, mentors);
	resolve_failures.write({of(std::string_view(run.step->name)),
	                        array_of(mentors.size(), UUIDOID, [&](std::size_t i) { return of(mentors[i].id); })});

	b.count.done = static_cast<std::int64_t>(mentors.size());
	b.count.skipped = static_cast<std::int64_t>(b.due.size() - mentors.size());
	b.count.moved = static_cast<std::int64_t>(moves.size());
	b.count.expired = static_cast<std::int64_t>(std::count_if(
		changes.begin(), changes.end(), [](const overtaken &o) { return o.now == cert_status::expired; }));
	end_owned(before);
}

// A cancel that comes now must not keep the run from saying how it ended: it would hold its lease as long as the
// session lives.
void finish(const nightly_run &run, std::string_view status, const char *error)
{
	HOLD_INTERRUPTS();
	const rights before = begin_owned(run.owner);
	end_lease(run.held, status, counts_json(run), error);
	end_owned(before);
	SPI_commit();
	RESUME_INTERRUPTS();
}

[[noreturn]] void stop_run(nightly_run &run, ErrorData *e)
{
	finish(run, e->sqlerrcode == ERRCODE_QUERY_CANCELED ? "interrupted" : "failed", e->message);
	ReThrowError(e);
}

void record_failure(const nightly_run &run, const uuid &mentor, const ErrorData *e)
{
	const rights before = begin_owned(run.owner);
	record_failures.write({of(run.held.run), of(std::string_view(run.step->name)), of(mentor),
	                       of(std::string_view(unpack_sql_state(e->sqlerrcode))), of(std::string_view(e->message))});
	end_owned(before);
}

void add(step_count &sum, const step_count &part)
{
	sum.done += part.done;
	sum.expired += part.expired;
	sum.moved += part.moved;
	sum.failed += part.failed;
}

// One at a time, so that a mentor who raises an error does not stop the others.
void work_singly(batch &whole)
{
	for (std::size_t i = 0; i < whole.due.size(); ++i) {
		batch      one = {whole.run, whole.due.subspan(i, 1), {}};
		ErrorData *e = attempt(work_on, &one);
		if (e != nullptr) {
			if (concerns_everybody(e))
				stop_run(*whole.run, e);
			record_failure(*whole.run, whole.due[i].at.mentor, e);
			FreeErrorData(e);
			++whole.count.failed;
		}
		add(whole.count, one.count);
		whole.count.skipped += one.count.skipped;
	}
}

std::span<due_mentor> sort_by_id(std::span<due_mentor> due)
{
	std::sort(due.begin(), due.end(),
	          [](const due_mentor &a, const due_mentor &b) { return a.at.mentor < b.at.mentor; });
	const auto last = std::unique(due.begin(), due.end(),
	                              [](const due_mentor &a, const due_mentor &b) { return a.at.mentor == b.at.mentor; });
	return due.first(static_cast<std::size_t>(last - due.begin()));
}

struct found_batch {
	const nightly_run    *run;
	position              after;
	std::span<due_mentor> due;
	std::int64_t          total;
};

void find_next(void *arg)
{
	auto               &f = *static_cast<found_batch *>(arg);
	MemoryContext const context = CurrentMemoryContext;
	const rights        before = begin_owned(f.run->owner);
	const auto          found = f.run->step->find(*f.run, f.after);
	MemoryContextSwitchTo(context); // what was found outlives the connection to SPI
	f.due = allocate<due_mentor>(found.size());
	std::copy(found.begin(), found.end(), f.due.begin());
	end_owned(before);
}

void count_step(void *arg)
{
	auto        &f = *static_cast<found_batch *>(arg);
	const rights before = begin_owned(f.run->owner);
	f.total = f.run->step->count(*f.run);
	end_owned(before);
}

void finish_step(void *arg)
{
	const nightly_run &run = *static_cast<const nightly_run *>(arg);
	const rights       before = begin_owned(run.owner);
	run.step->finish(run);
	end_owned(before);
}

void attempt_or_stop(nightly_run &run, attempt_body body, void *arg)
{
	if (ErrorData *e = attempt(body, arg))
		stop_run(run, e);
}

void send_heartbeat(void *arg)
{
	const nightly_run &run = *static_cast<const nightly_run *>(arg);
	const rights       before = begin_owned(run.owner);
	keep_lease(run.held, run.step->name, counts_json(run));
	end_owned(before);
}

// Without the lease nothing is committed.
void commit_batch(nightly_run &run)
{
	if (ErrorData *e = attempt(send_heartbeat, &run)) {
		if (e->sqlerrcode == ERRCODE_QUERY_CANCELED)
			stop_run(run, e);
		ReThrowError(e);
	}
	SPI_commit();
}

// One pass over all that is due; returns how many were skipped because others hold them.
std::int64_t make_pass(nightly_run &run, step_count &count)
{
	std::int64_t skipped = 0;
	found_batch  next = {&run, {to_day({first_year, 1, 1}), {}, true}, {}, 0};
	for (;;) {
		MemoryContext const batch_context =
			AllocSetContextCreate(CurrentMemoryContext, "peer_mentor batch", ALLOCSET_DEFAULT_SIZES);
		MemoryContext const outer = MemoryContextSwitchTo(batch_context);
		attempt_or_stop(run, find_next, &next);
		const std::size_t found = next.due.size();
		if (found > 0) {
			next.after = next.due.back().at;
			batch b = {&run, sort_by_id(next.due), {}};
			if (ErrorData *e = attempt(work_on, &b)) {
				if (concerns_everybody(e))
					stop_run(run, e);
				b.count = {};
				work_singly(b);
			}
			add(count, b.count);
			skipped += b.count.skipped;
			commit_batch(run);
		}
		MemoryContextSwitchTo(outer);
		MemoryContextDelete(batch_context);
		if (found < static_cast<std::size_t>(run.batch_size))
			return skipped;
	}
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
	SPI_commit();
	return held;
}

} // namespace

const char *counts_json(const nightly_run &run)
{
	StringInfoData json;
	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < nightly_step_count; ++i) {
		const step_count &c = run.counts[i];
		appendStringInfo(&json,
		                 "%s\"%s\": {\"total\": " INT64_FORMAT ", \"done\": " INT64_FORMAT
		                 ", \"expired\": " INT64_FORMAT ", \"moved\": " INT64_FORMAT ", \"failed\": " INT64_FORMAT
		                 ", \"skipped\": " INT64_FORMAT "}",
		                 i > 0 ? ", " : "", nightly_steps[i].name, static_cast<int64>(c.total),
		                 static_cast<int64>(c.done), static_cast<int64>(c.expired), static_cast<int64>(c.moved),
		                 static_cast<int64>(c.failed), static_cast<int64>(c.skipped));
	}
	appendStringInfoChar(&json, '}');
	return json.data;
}

void run_step(nightly_run &run)
{
	step_count &count = run.counts[run.step - nightly_steps];
	found_batch all = {&run, {}, {}, 0};
	attempt_or_stop(run, count_step, &all);
	count.total = all.total;
	commit_batch(run);
	for (int pass = 1; all.total > 0; ++pass) {
		count.skipped = make_pass(run, count);
		if (count.skipped == 0 || pass == most_passes)
			break;
		pg_usleep(pause_between_passes_us);
	}
	if (count.skipped == 0 && count.failed == 0) {
		attempt_or_stop(run, finish_step, &run);
		commit_batch(run);
	}
}

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_run_nightly)
{
	const arguments   args{fcinfo};
	const TimestampTz as_of = args.is_null(0) ? GetCurrentTimestamp() : PG_GETARG_TIMESTAMPTZ(0);
	require_argument(args, 1, "batch_size");
	const std::int32_t batch_size = PG_GETARG_INT32(1);
	if (batch_size < 1 || batch_size > largest_batch)
		invalid_argument("batch_size", psprintf("batch size %d is not between 1 and %d", batch_size, largest_batch));
	if (TIMESTAMP_NOT_FINITE(as_of))
		invalid_argument("as_of", "as_of must be finite");
	require_top_level(fcinfo);

	SPI_connect_ext(SPI_OPT_NONATOMIC);
	const Oid owner = require_storage();
	require_operator(owner, "run the nightly run");
	disable_timeout(STATEMENT_TIMEOUT, false); // the whole run is one statement
	const auto held = begin_run(owner, as_of);
	if (!held)
		ereport(NOTICE, (errmsg("another run is in progress; this one is skipped")));
	else {
		nightly_run run = {*held,      owner,
		                   as_of,      GetCurrentTimestamp(),
		                   batch_size, allocate<step_count>(static_cast<std::size_t>(nightly_step_count)).data(),
		                   nullptr};
		for (int i = 0; i < nightly_step_count; ++i) {
			run.step = &nightly_steps[i];
			run_step(run);
		}
		finish(run, "succeeded", nullptr);
	}
	SPI_finish();
	PG_RETURN_NULL();
}
