// A batch of the nightly run: a subtransaction for many mentors, and one for each where that fails.
#include "nightly.hpp"

#include "pg/subtransaction.hpp"
#include "storage.hpp"

#include <algorithm>

namespace peer_mentor {

namespace {

statement record_failure = {
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

std::span<evaluation> recoveries_of(const batch &b, std::span<const mentor> mentors)
{
	auto recoveries = allocate<evaluation>(mentors.size());
	for (std::size_t i = 0; i < mentors.size(); ++i) {
		recoveries[i] = recovery_of(b, mentors[i]);
		if (recoveries[i].effective_on && *recoveries[i].effective_on > mentors[i].today)
			recoveries[i].effective_on.reset();
	}
	return recoveries;
}

std::int64_t count_expired(std::span<const overtaken> changes)
{
	return std::count_if(changes.begin(), changes.end(),
	                     [](const overtaken &o) { return o.now == cert_status::expired; });
}

void work_on(void *arg)
{
	batch             &b = *static_cast<batch *>(arg);
	const nightly_run &run = *b.run;
	const rights       before = begin_work(run);
	make_constraints_immediate(); // so that one that fails is isolated with its mentor

	auto ids = allocate<uuid>(b.due.size());
	for (std::size_t i = 0; i < ids.size(); ++i)
		ids[i] = b.due[i].at.mentor;
	const auto mentors = lock_mentors(ids, run.as_of, locking::skip);
	const auto changes = read_facts(mentors);
	const auto moves =
		evaluate(mentors, changes, {{actor_kind::system, std::nullopt}, &run.held.run}, recoveries_of(b, mentors));
	b.count.sent = run.step->settle(run, mentors);
	resolve_failures.write({of(std::string_view(run.step->name)),
	                        array_of(mentors.size(), UUIDOID, [&](std::size_t i) { return of(mentors[i].id); })});

	b.count.done = static_cast<std::int64_t>(mentors.size());
	b.count.skipped = static_cast<std::int64_t>(b.due.size() - mentors.size());
	b.count.moved = static_cast<std::int64_t>(moves.size());
	b.count.expired = count_expired(changes);
	end_owned(before);
}

void add(step_count &sum, const step_count &part)
{
	sum.done += part.done;
	sum.expired += part.expired;
	sum.moved += part.moved;
	sum.sent += part.sent;
	sum.failed += part.failed;
}

// One at a time, so that a mentor who raises an error does not stop the others.
void work_singly(batch &whole)
{
	for (std::size_t i = 0; i < whole.due.size(); ++i) {
		batch one = {whole.run, whole.due.subspan(i, 1), {}};
		if (ErrorData *e = attempt(work_on, &one)) {
			if (concerns_everybody(e))
				stop_run(*whole.run, e);
			note_failure(*whole.run, &whole.due[i].at.mentor, e);
			FreeErrorData(e);
			++whole.count.failed;
			continue;
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
};

void find_next(void *arg)
{
	auto               &f = *static_cast<found_batch *>(arg);
	MemoryContext const context = CurrentMemoryContext;
	const rights        before = begin_work(*f.run);
	const auto          found = f.run->step->find(*f.run, f.after);
	MemoryContextSwitchTo(context); // what was found outlives the connection to SPI
	f.due = allocate<due_mentor>(found.size());
	std::copy(found.begin(), found.end(), f.due.begin());
	end_owned(before);
}

} // namespace

void note_failure(const nightly_run &run, const uuid *mentor, const ErrorData *e)
{
	const rights before = begin_work(run);
	record_failure.write({of(run.held.run), of(std::string_view(run.step->name)), of(mentor),
	                      of(std::string_view(unpack_sql_state(e->sqlerrcode))), of(std::string_view(e->message))});
	end_owned(before);
}

void attempt_or_stop(nightly_run &run, void (*body)(void *), void *arg)
{
	if (ErrorData *e = attempt(body, arg))
		stop_run(run, e);
}

std::int64_t make_pass(nightly_run &run)
{
	std::int64_t skipped = 0;
	found_batch  next = {&run, {DATEVAL_NOBEGIN, {}, true}, {}};
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
			add(run.count(), b.count);
			skipped += b.count.skipped;
			commit_batch(run);
		}
		MemoryContextSwitchTo(outer);
		MemoryContextDelete(batch_context);
		if (found < static_cast<std::size_t>(run.batch_size))
			return skipped;
	}
}

} // namespace peer_mentor
