// grant_access(): EXECUTE on the engine's functions, for whom it is.
//
// The functions belong to a superuser where the extension was trusted, so the storage owner cannot grant
// them.  pg_dump leaves out what the extension's script granted, and a restore by a superuser would leave
// the storage owner without: the grant option given here is what makes the dump keep the owner's grant.
// The API roles get theirs in the script, which a restore runs again, and here, if they came later.
#include "call.hpp"
#include "pg/boundary.hpp"
#include "storage.hpp"

extern "C" {
#include "commands/extension.h"
}

namespace peer_mentor {

namespace {

enum class audience { operators, workers, callers, guards };

struct access_rule {
	std::string_view function;
	audience         who;
};

// Whatever is not listed is for operators alone.
constexpr access_rule access_rules[] = {
	{"pause_mentor", audience::callers},
	{"reactivate_mentor", audience::callers},
	{"set_return_date", audience::callers},
	{"register_mentor", audience::callers},
	{"record_certification", audience::callers},
	{"renew_certification", audience::callers},
	{"suspend_certification", audience::callers},
	{"reinstate_certification", audience::callers},
	{"correct_certification", audience::callers},
	{"remove_mentor", audience::callers},
	{"restore_mentor", audience::callers},
	{"link_login", audience::callers},
	{"set_mentor_chapters", audience::callers},
	{"set_listed", audience::callers},
	{"assign_coordinator", audience::callers},
	{"end_assignment", audience::callers},
	{"grant_role", audience::callers},
	{"end_role", audience::callers},
	{"update_organisation", audience::callers},
	{"put_chapter", audience::callers},
	{"put_certification_type", audience::callers},
	{"resolve_undeliverable", audience::callers},
	{"explain_transition", audience::callers},
	{"mentor_timeline", audience::callers},
	{"mentor_status_on", audience::callers},
	{"claim_events", audience::workers},
	{"complete_event", audience::workers},
	{"fail_event", audience::workers},
	{"replay_events", audience::workers},
	{"require_visible", audience::callers},
	{"coordinator_roster", audience::callers},
	{"status_report", audience::callers},
	{"freeze_report", audience::callers},
	{"status_transitions", audience::callers},
	{"status_diagram", audience::callers},
	{"cron_launcher_running", audience::callers},
	{"engine_writes", audience::guards},
	{"refuse_write", audience::guards},
	{"check_direct_update", audience::guards},
};

constexpr audience audience_of(std::string_view function)
{
	for (const access_rule &r : access_rules)
		if (r.function == function)
			return r.who;
	return audience::operators;
}

statement engine_functions = {
	"SELECT p.proname::text, p.oid::regprocedure::text, p.proowner "
	"  FROM pg_proc p "
	"  JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' "
	"  JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid "
	" WHERE e.extname = 'peer_mentor' AND p.pronamespace = 'peer_mentor'::regnamespace ORDER BY 2",
	0,
	{}};

void grant(const row &function, const char *role, const char *option = "")
{
	const Oid member = get_role_oid(role, true);
	if (!OidIsValid(member))
		return;
	const rights before = act_as(function.oid(3));
	const char  *sql =
		psprintf("GRANT EXECUTE ON ROUTINE %s TO %s%s", to_cstring(function.text(2)), quote_identifier(role), option);
	if (SPI_execute(sql, false, 0) < 0)
		elog(ERROR, "could not execute \"%s\"", sql);
	act_as_before(before);
}

void grant_to_audience(const row &function, Oid owner)
{
	const audience who = audience_of(function.text(1));
	if (OidIsValid(owner))
		grant(function, GetUserNameFromId(owner, false), " WITH GRANT OPTION");
	if (who != audience::operators)
		grant(function, "service_role");
	if (who == audience::callers || who == audience::guards)
		grant(function, "authenticated");
	if (who == audience::guards)
		grant(function, "anon");
}

Oid require_owner_here()
{
	const Oid owner = find_storage_owner();
	if (!OidIsValid(owner))
		raise(error::storage_missing, "the storage of peer_mentor is missing in this database");
	require_operator(owner, "grant access to the engine of peer_mentor");
	return owner;
}

} // namespace

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_grant_access)
{
	SPI_connect();
	const Oid    owner = creating_extension ? InvalidOid : require_owner_here();
	const rights before = act_as(GetUserId());
	const rows   functions = engine_functions.run({});
	for (std::uint64_t i = 0; i < functions.count; ++i)
		grant_to_audience(functions[i], owner);
	act_as_before(before);
	SPI_finish();
	PG_RETURN_VOID();
}
