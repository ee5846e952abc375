// The nightly run: its steps, and the batches they are made of.
#pragma once

#include "lease.hpp"
#include "pg/rights.hpp"
#include "transition.hpp"

namespace peer_mentor {

struct step_count {
	std::int64_t total = 0;   // mentors found to be due
	std::int64_t done = 0;    // mentors looked at
	std::int64_t expired = 0; // certifications that lapsed
	std::int64_t moved = 0;   // mentors whose status changed
	std::int64_t sent = 0;    // reminders, or notices of an overdue return
	std::int64_t failed = 0;  // mentors that raised an error
	std::int64_t skipped = 0; // mentors still locked by others at the end
};

// What the reconciliation of this run looked at and found.
struct reconciled {
	bool                begun = false;
	std::int64_t        passed = 0; // with those that somebody held locked
	std::int64_t        looked_at = 0;
	std::int64_t        open = 0;
	std::int64_t        resolved = 0;
	std::optional<uuid> up_to; // the next batch, or run, goes on behind this mentor
};

struct nightly_step;

struct due_mentor;

// Those that others held locked, for a later pass.  Lives as long as the run.
struct postponed {
	MemoryContext context;
	due_mentor   *items = nullptr;
	std::size_t   count = 0;
	std::size_t   capacity = 0;
};

struct nightly_run {
	lease               held;
	Oid                 owner;
	Oid                 caller;
	TimestampTz         as_of;
	TimestampTz         started_at;
	std::int32_t        batch_size;
	bool                rehearsal; // commits nothing, holds no lease
	step_count         *counts;    // one per step
	std::int64_t       *removed;   // one per kind of row that is purged
	reconciled          drift;
	postponed           later;
	const nightly_step *step;

	step_count &count() const;
};

// Where a pass over the due mentors has come to.
struct position {
	day  date;
	uuid mentor;
	bool at_start = false; // before the first mentor, whose id may be all zeros
};

struct due_mentor {
	position   at;
	evaluation recovery;
};

struct nightly_step {
	const char *name;
	std::int64_t (*count)(const nightly_run &run);
	// The next mentors from this position on, in order.
	std::span<due_mentor> (*find)(const nightly_run &run, const position &after);
	// What is left to do when these were looked at; returns how many events it sent.
	std::int64_t (*settle)(const nightly_run &run, std::span<const mentor> mentors);
	// What is left to do when all of them were.
	void (*finish)(const nightly_run &run);
	// For a step that is not about mentors: one batch of it; true while there may be more.  The others are null then.
	bool (*sweep)(nightly_run &run) = nullptr;
	// What the step counted, as members of a JSON object.
	void (*describe)(const nightly_run &run, const step_count &count, StringInfo json);
};

extern const nightly_step nightly_steps[];
extern const int          nightly_step_count;

// The owner's rights for a part of the run.  What it has to wait for is short, whatever lock_timeout its
// role has; end_owned() gives both back.
rights begin_work(const nightly_run &run);

// Runs one step in committed batches.
void run_step(nightly_run &run);

// Looks at all that are due, in batches of their own; those that others hold locked are postponed.
void make_first_pass(nightly_run &run);

// Looks at those postponed.
void make_later_pass(nightly_run &run);

// Runs this in a subtransaction, or ends the run with its error.
void attempt_or_stop(nightly_run &run, void (*body)(void *), void *arg);

// Ends the run with an error that concerns everybody.
[[noreturn]] void stop_run(nightly_run &run, ErrorData *e);

// Without the lease nothing is committed.
void commit_batch(nightly_run &run);

void note_failure(const nightly_run &run, const uuid *mentor, const ErrorData *e);

// A run with nothing counted yet.
nightly_run make_run(const lease &held, Oid owner, TimestampTz as_of, std::int32_t batch_size, bool rehearsal);

// The counts of all steps so far, as a JSON object.
const char *counts_json(const nightly_run &run);

} // namespace peer_mentor
