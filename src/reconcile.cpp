#include "reconcile.hpp"

#include <algorithm>

namespace peer_mentor {

namespace {

int                    per_night = 100;
constexpr std::int64_t per_batch = 1000;

statement where_the_last_run_ended = {
	"SELECT (r.counts -> 'reconcile' ->> 'up_to')::uuid FROM public.job_runs r "
	" WHERE r.job_name = 'nightly' AND r.status = 'succeeded' ORDER BY r.started_at DESC LIMIT 1",
	0,
	{}};

// Whom somebody holds locked is in the middle of a change, and was perhaps passed over by this very run.
statement next_mentors = {
	"WITH slice AS MATERIALIZED (SELECT m.id FROM public.peer_mentors m WHERE m.id >= $1 AND (m.id > $1 OR $3) "
	"                             ORDER BY m.id LIMIT $2 FOR KEY SHARE SKIP LOCKED), "
	"     free AS MATERIALIZED (SELECT s.mentor_id FROM public.peer_mentor_status s JOIN slice ON slice.id = s.mentor_id "
	"                              FOR NO KEY UPDATE OF s SKIP LOCKED) "
	"SELECT slice.id, slice.id IN (SELECT free.mentor_id FROM free) "
	"       OR NOT EXISTS (SELECT FROM public.peer_mentor_status s WHERE s.mentor_id = slice.id) "
	"  FROM slice ORDER BY slice.id",
	3,
	{UUIDOID, INT4OID, BOOLOID}};

statement keep_findings = {
	"SELECT k.open, k.resolved FROM peer_mentor_private.keep_findings($1, $2) k", 2, {UUIDARRAYOID, TIMESTAMPTZOID}};

} // namespace

bool reconcile_slice(nightly_run &run)
{
	reconciled &drift = run.drift;
	if (!drift.begun) {
		const rows last = where_the_last_run_ended.run({});
		drift.up_to = last.empty() ? std::nullopt : last[0].optional_id(1);
		drift.begun = true;
	}
	const std::int64_t wanted = std::min<std::int64_t>(per_batch, per_night - drift.passed);
	const rows         found = next_mentors.run(
        {of(drift.up_to.value_or(uuid{})), of(static_cast<std::int32_t>(wanted)), of(!drift.up_to)});
	const auto mentors = allocate<value>(found.count);
	std::size_t free = 0;
	for (std::uint64_t i = 0; i < found.count; ++i)
		if (found[i].boolean(2))
			mentors[free++] = found[i].column(1, UUIDOID);
	if (free > 0) {
		const rows kept = keep_findings.write(
			{array_of(free, UUIDOID, [&](std::size_t i) { return mentors[i]; }), of_time(run.as_of)});
		drift.open += kept[0].bigint(1);
		drift.resolved += kept[0].bigint(2);
		drift.looked_at += static_cast<std::int64_t>(free);
	}
	drift.passed += static_cast<std::int64_t>(found.count);
	const bool at_end = static_cast<std::int64_t>(found.count) < wanted;
	drift.up_to = at_end ? std::nullopt : std::optional(found[found.count - 1].id(1));
	return !at_end && drift.passed < per_night;
}

void describe_reconciliation(const nightly_run &run, const step_count &count, StringInfo json)
{
	appendStringInfo(json,
	                 "\"looked_at\": " INT64_FORMAT ", \"open\": " INT64_FORMAT ", \"resolved\": " INT64_FORMAT
	                 ", \"failed\": " INT64_FORMAT,
	                 static_cast<int64>(run.drift.looked_at), static_cast<int64>(run.drift.open),
	                 static_cast<int64>(run.drift.resolved), static_cast<int64>(count.failed));
	if (run.drift.up_to)
		appendStringInfo(json, ", \"up_to\": \"%s\"", to_cstring(*run.drift.up_to));
}

void define_reconciliation_setting()
{
	DefineCustomIntVariable("peer_mentor.reconcile_per_night", "Mentors the nightly run reconciles.", nullptr,
	                        &per_night, per_night, 1, 1000000, PGC_USERSET, 0, nullptr, nullptr, nullptr);
}

} // namespace peer_mentor
