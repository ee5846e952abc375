// What the nightly run removes because it is old.
#pragma once

#include "nightly.hpp"

namespace peer_mentor {

extern const int purge_kind_count;

// One batch of every kind; true while one of them may have more.
bool purge_batch(nightly_run &run);

void describe_purge(const nightly_run &run, const step_count &count, StringInfo json);

// The settings peer_mentor.keep_..., in days.
void define_retention_settings();

} // namespace peer_mentor
