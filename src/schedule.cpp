// schedule_nightly and unschedule_nightly: through pg_cron, where it is.
#include "pg/backends.hpp"
#include "pg/boundary.hpp"
#include "pg/errors.hpp"
#include "pg/rights.hpp"
#include "pg/statement.hpp"
#include "storage.hpp"

namespace peer_mentor {

namespace {

constexpr const char *job_name = "peer_mentor_nightly";
constexpr const char *job_command =
	"CALL peer_mentor.run_nightly()"; // exactly one CALL: more would be a transaction block

statement find_cron = {"SELECT 1 FROM pg_extension WHERE extname = 'pg_cron'", 0, {}};
statement schedule_job = {"SELECT cron.schedule($1, $2, $3)", 3, {TEXTOID, TEXTOID, TEXTOID}};
statement find_job = {
	"SELECT j.jobid FROM cron.job j WHERE j.jobname = $1 AND j.username = current_user AND j.database = current_database()",
	1,
	{TEXTOID}};
statement unschedule_job = {"SELECT cron.unschedule($1)", 1, {INT8OID}};

void require_cron()
{
	if (!find_cron.run({}).empty())
		return;
	const char *home = GetConfigOption("cron.database_name", true, false);
	const char *here = get_database_name(MyDatabaseId);
	if (home != nullptr && strcmp(home, here) != 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("pg_cron lives in database \"%s\", not in \"%s\"", home, here),
		                errhint("There, call SELECT cron.schedule_in_database('%s', '15 2 * * *', '%s', '%s').",
		                        job_name, job_command, here)));
	ereport(
		ERROR,
		(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("pg_cron is not installed in this database"),
	     errhint(
			 "Add pg_cron to shared_preload_libraries, restart, and call CREATE EXTENSION pg_cron; or let another scheduler "
			 "run \"%s\" once a night.",
			 job_command)));
}

Oid begin_scheduling()
{
	SPI_connect();
	const Oid owner = require_storage();
	require_operator(owner, "schedule the nightly run");
	return owner;
}

} // namespace

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_schedule_nightly)
{
	const arguments args{fcinfo};
	require_argument(args, 0, "schedule");
	begin_scheduling();
	const rights before = act_as(GetUserId());
	require_cron();
	const rows scheduled = schedule_job.run(
		{of(std::string_view(job_name)), of_datum(PG_GETARG_DATUM(0)), of(std::string_view(job_command))});
	const std::int64_t job = scheduled[0].bigint(1);
	act_as_before(before);
	SPI_finish();
	PG_RETURN_INT64(job);
}

PEER_MENTOR_FUNCTION(peer_mentor_unschedule_nightly)
{
	begin_scheduling();
	const rights before = act_as(GetUserId());
	require_cron();
	const rows found = find_job.run({of(std::string_view(job_name))});
	const bool existed = !found.empty();
	if (existed)
		unschedule_job.run({found[0].column(1, INT8OID)});
	act_as_before(before);
	SPI_finish();
	PG_RETURN_BOOL(existed);
}

PEER_MENTOR_FUNCTION(peer_mentor_cron_launcher_running)
{
	if (GetConfigOption("cron.database_name", true, false) == nullptr)
		PG_RETURN_NULL();
	for (int i = 1, n = count_backends(); i <= n; ++i) {
		const PgBackendStatus *b = backend_at(i);
		if (b == nullptr || b->st_backendType != B_BG_WORKER)
			continue;
		const char *type = GetBackgroundWorkerTypeByPid(b->st_procpid);
		if (type != nullptr && strcmp(type, "pg_cron launcher") == 0)
			PG_RETURN_BOOL(true);
	}
	PG_RETURN_BOOL(false);
}
