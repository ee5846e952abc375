// Transitions: the one place that writes history, pause records, events and status.
#pragma once

#include "standing.hpp"

namespace peer_mentor {

struct move {
	mentor *of;
	change  what;
	uuid    history_id; // filled in
};

struct author {
	actor       who;
	const uuid *job_run = nullptr;
};

// Writes these moves of locked mentors; at most one per mentor.
void write_moves(std::span<move> moves, const author &by, std::optional<day> return_date = std::nullopt);

// The same for a status that a direct UPDATE has written already: history, pause record and events.
void write_trace(move &m, const author &by, std::optional<day> return_date);

// Brings stored certification statuses and the mentors' own in line with the dates.  Returns the moves
// it wrote.  Why a mentor recovers, and from when, is the caller's to know, and whether a pause whose
// return date has come ends by itself.
struct evaluation {
	reason             why = reason::requirement_changed;
	std::optional<day> effective_on;
	bool               ends_pauses = false;
};

std::span<move> evaluate(std::span<mentor> mentors, std::span<const overtaken> changes, const author &by,
                         std::span<const evaluation> recoveries = {});

// Result of a call that can change a status.
struct outcome {
	uuid                  mentor;
	std::optional<status> previous; // none for the first record
	status                now;
	std::int64_t          version;
	TimestampTz           changed_at;
	std::optional<uuid>   history; // none where nothing moved
};

outcome unmoved(const mentor &m);
outcome outcome_of(const move &m);

Datum to_tuple(FunctionCallInfo fcinfo, const outcome &o);

} // namespace peer_mentor
