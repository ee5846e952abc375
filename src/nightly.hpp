// The nightly run: its steps, and the batches they are made of.
#pragma once

#include "lease.hpp"
#include "transition.hpp"

namespace peer_mentor {

struct step_count {
	std::int64_t total = 0;   // mentors or certifications found to be due
	std::int64_t done = 0;    // mentors looked at
	std::int64_t expired = 0; // certifications that lapsed
	std::int64_t moved = 0;   // mentors whose status changed
	std::int64_t failed = 0;  // mentors that raised an error
	std::int64_t skipped = 0; // mentors still locked by others at the end
};

struct nightly_step;

struct nightly_run {
	lease               held;
	Oid                 owner;
	TimestampTz         as_of;
	TimestampTz         started_at;
	std::int32_t        batch_size;
	step_count         *counts; // one per step
	const nightly_step *step;
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
	// What is left to do when these were looked at.
	void (*settle)(const nightly_run &run, std::span<const mentor> mentors);
	// What is left to do when all of them were.
	void (*finish)(const nightly_run &run);
};

extern const nightly_step nightly_steps[];
extern const int          nightly_step_count;

// Runs one step in committed batches.
void run_step(nightly_run &run);

// The counts of all steps so far, as a JSON object.
const char *counts_json(const nightly_run &run);

} // namespace peer_mentor
