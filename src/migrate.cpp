// migrate(): storage from the text that is built in, and back.
#include "call.hpp"
#include "migrations.hpp"
#include "pg/boundary.hpp"
#include "pg/script.hpp"
#include "storage.hpp"

extern "C" {
#include "utils/tuplestore.h"
}

namespace peer_mentor {

namespace {

struct migrate_call {
	ReturnSetInfo *result;
	int            target; // how many migrations shall remain
};

void execute(const char *sql)
{
	if (SPI_execute(sql, false, 0) < 0)
		elog(ERROR, "could not execute a migration: %s", SPI_result_code_string(SPI_result));
}

// Functions, triggers, policies and grants can be made again at any time, and are.
bool is_remade(const migration_text &m) { return std::string_view(m.name).starts_with("remake_"); }

void report(const migrate_call &c, const migration_text &m, std::string_view action)
{
	Datum values[] = {Int64GetDatum(m.version), of(std::string_view(m.name)).datum, of(action).datum};
	bool  nulls[] = {false, false, false};
	tuplestore_putvalues(c.result->setResult, c.result->setDesc, values, nulls);
}

bool has_ledger()
{
	const Oid schema = get_namespace_oid("peer_mentor_private", true);
	if (OidIsValid(schema) && !owns_private_schema(GetUserId()))
		raise(error::not_allowed, "schema \"peer_mentor_private\" belongs to another role",
		      "Storage belongs to one role; rename or drop a schema of this name that is not peer_mentor's.");
	return OidIsValid(schema) && OidIsValid(get_relname_relid("migrations", schema));
}

std::span<long long> applied_versions()
{
	if (!has_ledger())
		return {};
	execute("LOCK TABLE peer_mentor_private.migrations IN SHARE ROW EXCLUSIVE MODE");
	execute("SELECT version FROM peer_mentor_private.migrations ORDER BY version");
	const rows found = {SPI_tuptable, SPI_processed};
	auto       versions = allocate<long long>(found.count);
	for (std::uint64_t i = 0; i < found.count; ++i)
		versions[i] = found[i].bigint(1);
	return versions;
}

bool contains(std::span<const long long> versions, long long version)
{
	for (long long v : versions)
		if (v == version)
			return true;
	return false;
}

void require_known(std::span<const long long> applied)
{
	const long long newest = migration_texts[migration_count - 1].version;
	if (!applied.empty() && applied.back() > newest)
		raise(error::storage_outdated, "the storage of peer_mentor is newer than the engine",
		      detail(error::storage_outdated).add("storage", applied.back()).add("engine", newest),
		      "Install the newer version of the extension, then call SELECT * FROM peer_mentor.migrate();");
}

void migrate_up(const migrate_call &c, std::span<const long long> applied)
{
	for (int i = 0; i < c.target; ++i) {
		const migration_text &m = migration_texts[i];
		const bool            known = contains(applied, m.version);
		if (known && !is_remade(m))
			continue;
		run_script(m.name, m.up);
		if (!known)
			report(c, m, "applied");
	}
}

void migrate_down(const migrate_call &c, std::span<const long long> applied)
{
	bool checked = false;
	for (int i = migration_count - 1; i >= c.target; --i) {
		const migration_text &m = migration_texts[i];
		if (!contains(applied, m.version))
			continue;
		if (!checked)
			execute(psprintf("SELECT peer_mentor_private.refuse_loss(%lld)", migration_texts[c.target].version));
		checked = true;
		run_script(m.name, m.down);
		report(c, m, "rolled back");
	}
}

void set_local(const char *name, const char *setting)
{
	set_config_option(name, setting, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

} // namespace

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_migrate)
{
	const arguments args{fcinfo};
	require_argument(args, 1, "force");
	const int target = args.is_null(0) ? migration_count : PG_GETARG_INT32(0);
	if (target < 0 || target > migration_count)
		invalid_argument("target", psprintf("target %d is not between 0 and %d", target, migration_count));
	const Oid owner = find_storage_owner();
	if (OidIsValid(owner))
		require_operator(owner, "migrate the storage of peer_mentor");

	InitMaterializedSRF(fcinfo, 0);
	const migrate_call c = {reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo), target};
	SPI_connect();
	// Not as a superuser on storage of another role: the owner may have planted triggers.
	const rights before = act_as_owner(OidIsValid(owner) ? owner : GetUserId());
	set_local("client_min_messages", "warning");
	set_local("peer_mentor.force", PG_GETARG_BOOL(1) ? "on" : "off");
	const auto applied = applied_versions();
	require_known(applied);
	migrate_down(c, applied);
	migrate_up(c, applied);
	act_as_before(before);
	SPI_finish();
	PG_RETURN_NULL();
}
