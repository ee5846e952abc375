#include "lease.hpp"

#include "pg/backends.hpp"

namespace peer_mentor {

namespace {

statement running_run = {
	"SELECT r.id, r.worker_pid, r.worker_started, r.heartbeat_at < clock_timestamp() - interval '10 minutes' "
	"  FROM public.job_runs r WHERE r.job_name = $1 AND r.status = 'running'",
	1,
	{TEXTOID}};

statement interrupt_run = {
	"UPDATE public.job_runs SET status = 'interrupted', finished_at = clock_timestamp(), error = $2 WHERE id = $1 AND status = 'running'",
	2,
	{UUIDOID, TEXTOID}};

statement begin_run = {
	"INSERT INTO public.job_runs (job_name, as_of, status, worker_pid, worker_started, step, finished_at) "
	"VALUES ($1, $2, $3, $4, $5, CASE WHEN $3 = 'running' THEN 'starting' END, CASE WHEN $3 <> 'running' THEN clock_timestamp() END) "
	"ON CONFLICT (job_name) WHERE status = 'running' DO NOTHING RETURNING id",
	5,
	{TEXTOID, TIMESTAMPTZOID, TEXTOID, INT4OID, TIMESTAMPTZOID}};

statement heartbeat = {"UPDATE public.job_runs SET heartbeat_at = clock_timestamp(), step = $2, counts = $3::jsonb, "
                       "       step_started_at = CASE WHEN step = $2 THEN step_started_at ELSE clock_timestamp() END "
                       " WHERE id = $1 AND status = 'running'",
                       3,
                       {UUIDOID, TEXTOID, TEXTOID}};

statement finish_run = {
	"UPDATE public.job_runs SET status = $2, finished_at = clock_timestamp(), heartbeat_at = clock_timestamp(), step = NULL, "
	"       counts = $3::jsonb, error = $4 WHERE id = $1 AND status = 'running'",
	4,
	{UUIDOID, TEXTOID, TEXTOID, TEXTOID}};

// Read from the server's own table: pg_stat_activity hides the start of other roles' backends.
bool is_alive(int pid, TimestampTz started)
{
	for (int i = 1, n = count_backends(); i <= n; ++i) {
		const PgBackendStatus *b = backend_at(i);
		if (b != nullptr && b->st_procpid == pid && b->st_proc_start_timestamp == started)
			return true;
	}
	return false;
}

// A run that errored in this very session left its row behind, so the own process counts as gone.
const char *why_stale(row r)
{
	const int pid = r.integer(2);
	if (pid == MyProcPid && r.time(3) == MyStartTimestamp)
		return "an error ended the run";
	if (!is_alive(pid, r.time(3)))
		return "the worker is gone";
	return r.boolean(4) ? "the heartbeat stopped" : nullptr;
}

std::optional<uuid> insert_run(const char *job, TimestampTz as_of, std::string_view status)
{
	const rows begun = begin_run.write({of(std::string_view(job)), of_time(as_of), of(status),
	                                    of(static_cast<std::int32_t>(MyProcPid)), of_time(MyStartTimestamp)});
	return begun.empty() ? std::nullopt : std::optional(begun[0].id(1));
}

} // namespace

std::optional<lease> take_lease(const char *job, TimestampTz as_of)
{
	const rows  running = running_run.run({of(std::string_view(job))});
	const char *stale = running.empty() ? nullptr : why_stale(running[0]);
	if (stale != nullptr)
		interrupt_run.write({of(running[0].id(1)), of(std::string_view(stale))});
	if (running.empty() || stale != nullptr)
		if (const auto run = insert_run(job, as_of, "running"))
			return lease{*run};
	insert_run(job, as_of, "skipped");
	return std::nullopt;
}

lease note_rehearsal(const char *job, TimestampTz as_of) { return {*insert_run(job, as_of, "skipped")}; }

void keep_lease(const lease &l, std::string_view step, const char *counts)
{
	heartbeat.write({of(l.run), of(step), of(std::string_view(counts))});
	if (SPI_processed != 1)
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the run lost its lease to another worker"),
		         errdetail("Run \"%s\" is not marked as running any more.", to_cstring(l.run))));
}

void end_lease(const lease &l, std::string_view status, const char *counts, const char *error)
{
	finish_run.write({of(l.run), of(status), of(std::string_view(counts)),
	                  error != nullptr ? of(std::string_view(error)) : value{}});
}

} // namespace peer_mentor
