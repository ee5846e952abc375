#include "reconcile.hpp"

namespace peer_mentor {

namespace {

int per_night = 100;

statement where_the_last_run_ended = {
	"SELECT (r.counts -> 'reconcile' ->> 'up_to')::uuid FROM public.job_runs r "
	" WHERE r.job_name = 'nightly' AND r.status = 'succeeded' ORDER BY r.started_at DESC LIMIT 1",
	0,
	{}};

statement next_mentors = {
	"SELECT m.id FROM public.peer_mentors m WHERE m.id >= $1 AND (m.id > $1 OR $3) ORDER BY m.id LIMIT $2",
	3,
	{UUIDOID, INT4OID, BOOLOID}};

statement keep_findings = {
	"SELECT k.open, k.resolved FROM peer_mentor_private.keep_findings($1, $2) k", 2, {UUIDARRAYOID, TIMESTAMPTZOID}};

} // namespace

bool reconcile_slice(nightly_run &run)
{
	const rows last = where_the_last_run_ended.run({});
	const auto after = last.empty() ? std::nullopt : last[0].optional_id(1);
	const rows found =
		next_mentors.run({of(after.value_or(uuid{})), of(static_cast<std::int32_t>(per_night)), of(!after)});
	reconciled drift;
	if (!found.empty()) {
		const value mentors = array_of(found.count, UUIDOID, [&](std::size_t i) { return found[i].column(1); });
		const rows  kept = keep_findings.write({mentors, of_time(run.as_of)});
		drift.open = kept[0].bigint(1);
		drift.resolved = kept[0].bigint(2);
		drift.looked_at = static_cast<std::int64_t>(found.count);
		if (found.count == static_cast<std::uint64_t>(per_night))
			drift.up_to = found[found.count - 1].id(1);
	}
	run.drift = drift;
	return false;
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
