// Reconciliation: is what the tables say of a mentor what the promises say it should be?
#pragma once

#include "nightly.hpp"

namespace peer_mentor {

// The nightly run looks at a slice of the mentors, which goes around.
bool reconcile_slice(nightly_run &run);
void describe_reconciliation(const nightly_run &run, const step_count &count, StringInfo json);

// The setting peer_mentor.reconcile_per_night.
void define_reconciliation_setting();

} // namespace peer_mentor
