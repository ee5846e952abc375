// The running row of job_runs as a fenced lease: one run at a time, without advisory locks, which end at
// COMMIT or leak behind poolers.
#pragma once

#include "pg/statement.hpp"

namespace peer_mentor {

struct lease {
	uuid run;
};

// Takes the lease, over from a dead worker if need be; none where a live run holds it.  Leaves a row of
// status skipped then.
std::optional<lease> take_lease(const char *job, TimestampTz as_of);

// Last statement of every batch.  Raises when the lease went to another worker.
void keep_lease(const lease &l, std::string_view step, const char *counts);

// A row for a run that will be undone, beside whatever runs.
lease note_rehearsal(const char *job, TimestampTz as_of);

void end_lease(const lease &l, std::string_view status, const char *counts, const char *error);

} // namespace peer_mentor
