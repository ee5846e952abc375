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

// Who is neither deleted nor removed since the mentors were found.
statement still_there = {
	"SELECT m.id FROM public.peer_mentors m WHERE m.id = ANY ($1) AND m.deleted_at IS NULL ORDER BY m.id",
	1,
	{UUIDARRAYOID}};

struct batch {
	nightly_run                *run;
	std::span<const due_mentor> due; // sorted by id, each mentor once
	uuid                       *locked_by_others; // room for as many as are due
	step_count                  count; // of this batch alone
};

const due_mentor &due_of(const batch &b, const uuid &mentor)
{
	return *std::lower_bound(b.due.begin(), b.due.end(), mentor,
	                         [](const due_mentor &d, const uuid &id) { return d.at.mentor < id; });
}

std::span<evaluation> recoveries_of(const batch &b, std::span<const mentor> mentors)
{
	auto recoveries = allocate<evaluation>(mentors.size());
	for (std::size_t i = 0; i < mentors.size(); ++i) {
		recoveries[i] = due_of(b, mentors[i].id).recovery;
		if (recoveries[i].effective_on && *recoveries[i].effective_on > mentors[i].today)
			recoveries[i].effective_on.reset();
	}
	return recoveries;
}

void note_locked(batch &b, std::span<const uuid> ids, std::span<const mentor> mentors)
{
	b.count.skipped = 0;
	if (ids.size() == mentors.size())
		return;
	const rows present = still_there.run({array_of(ids.size(), UUIDOID, [&](std::size_t i) { return of(ids[i]); })});
	std::size_t had = 0; // both are in order of id
	for (std::uint64_t i = 0; i < present.count; ++i) {
		const uuid id = present[i].id(1);
		while (had < mentors.size() && mentors[had].id < id)
			++had;
		if (had == mentors.size() || id < mentors[had].id)
			b.locked_by_others[b.count.skipped++] = id;
	}
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
	note_locked(b, ids, mentors);
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

void postpone(postponed &later, const due_mentor &d)
{
	if (later.count == later.capacity) {
		const std::size_t   wider = std::max<std::size_t>(64, 2 * later.capacity);
		MemoryContext const here = MemoryContextSwitchTo(later.context);
		const auto          items = allocate<due_mentor>(wider);
		std::copy_n(later.items, later.count, items.begin());
		if (later.items != nullptr)
			pfree(later.items);
		later.items = items.data();
		later.capacity = wider;
		MemoryContextSwitchTo(here);
	}
	later.items[later.count++] = d;
}

// What a subtransaction did stays.
void keep(const batch &b)
{
	add(b.run->count(), b.count);
	for (std::int64_t i = 0; i < b.count.skipped; ++i)
		postpone(b.run->later, due_of(b, b.locked_by_others[i]));
}

// One at a time, so that a mentor who raises an error does not stop the others.
void work_singly(const batch &whole)
{
	nightly_run &run = *whole.run;
	for (const due_mentor &d : whole.due) {
		batch one = {&run, {&d, 1}, whole.locked_by_others, {}};
		if (ErrorData *e = attempt(work_on, &one)) {
			if (concerns_everybody(e))
				stop_run(run, e);
			if (e->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED)
				postpone(run.later, d);
			else {
				note_failure(run, &d.at.mentor, e);
				++run.count().failed;
			}
			FreeErrorData(e);
			continue;
		}
		keep(one);
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

// The memory of a batch, until the last of its work.
struct batch_memory {
	MemoryContext context;
	MemoryContext outer;
};

batch_memory begin_batch()
{
	MemoryContext const context =
		AllocSetContextCreate(CurrentMemoryContext, "peer_mentor batch", ALLOCSET_DEFAULT_SIZES);
	return {context, MemoryContextSwitchTo(context)};
}

void end_batch(const batch_memory &m)
{
	MemoryContextSwitchTo(m.outer);
	MemoryContextDelete(m.context);
}

void work_through(nightly_run &run, std::span<const due_mentor> due)
{
	batch b = {&run, due, allocate<uuid>(due.size()).data(), {}};
	if (ErrorData *e = attempt(work_on, &b)) {
		if (concerns_everybody(e))
			stop_run(run, e);
		work_singly(b);
	} else
		keep(b);
	commit_batch(run);
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

void make_first_pass(nightly_run &run)
{
	found_batch next = {&run, {DATEVAL_NOBEGIN, {}, true}, {}};
	std::size_t found;
	do {
		const batch_memory memory = begin_batch();
		attempt_or_stop(run, find_next, &next);
		found = next.due.size();
		if (found > 0) {
			next.after = next.due.back().at;
			work_through(run, sort_by_id(next.due));
		}
		end_batch(memory);
	} while (found == static_cast<std::size_t>(run.batch_size));
}

void make_later_pass(nightly_run &run)
{
	const auto due = sort_by_id({run.later.items, run.later.count});
	const auto most = static_cast<std::size_t>(run.batch_size);
	run.later = {run.later.context};
	for (std::size_t at = 0; at < due.size(); at += most) {
		const batch_memory memory = begin_batch();
		work_through(run, due.subspan(at, std::min(most, due.size() - at)));
		end_batch(memory);
	}
	pfree(due.data());
}

} // namespace peer_mentor
